import pytest
from celery import Celery
from kombu import Exchange, Queue

from celeryscope.worker.queues import queue_name


@pytest.fixture
def app() -> Celery:
    topic, direct = Exchange("topic", "topic"), Exchange("direct", "direct")
    app = Celery(set_as_current=False)
    app.conf.task_queues = [
        Queue("orders", direct, routing_key="shop.orders"),
        Queue("returns", direct, routing_key="shop.returns"),
        Queue("mail", topic, routing_key="mail.#"),
        Queue("lists", topic, routing_key="lists.*.daily"),
        Queue("all", Exchange("fanout", "fanout"), routing_key=""),
    ]
    return app


@pytest.mark.parametrize("exchange", ["", None])
def test_on_the_default_exchange_the_routing_key_is_the_queue(
    app: Celery, exchange: str | None
) -> None:
    assert queue_name(app, exchange, "anything") == "anything"


@pytest.mark.parametrize(
    ("exchange", "routing_key", "queue"),
    [
        ("direct", "shop.orders", "orders"),
        ("direct", "shop.returns", "returns"),
        ("topic", "mail", "mail"),
        ("topic", "mail.welcome.de", "mail"),
        ("topic", "lists.news.daily", "lists"),
        ("fanout", "anything", "all"),
    ],
)
def test_a_known_binding_gives_the_queue(
    app: Celery, exchange: str, routing_key: str, queue: str
) -> None:
    assert queue_name(app, exchange, routing_key) == queue


@pytest.mark.parametrize(
    ("exchange", "routing_key"),
    [
        ("direct", "shop.mail"),
        ("elsewhere", "shop.orders"),
        ("topic", "mails"),
        ("topic", "lists.daily"),
        ("topic", "lists.news.weekly"),
        ("topic", "lists.news.daily.de"),
    ],
)
def test_an_unknown_binding_gives_the_routing_key(
    app: Celery, exchange: str, routing_key: str
) -> None:
    assert queue_name(app, exchange, routing_key) == routing_key
