import pytest
from celery import Celery
from kombu import Exchange, Queue

from celeryscope.worker.queues import queue_name


@pytest.fixture
def app() -> Celery:
    app = Celery(set_as_current=False)
    app.conf.task_queues = [
        Queue("mail", Exchange("shop", "topic"), routing_key="shop.mail"),
        Queue("orders", Exchange("shop", "topic"), routing_key="shop.orders"),
    ]
    return app


def test_on_the_default_exchange_the_routing_key_is_the_queue(app: Celery) -> None:
    assert queue_name(app, "", "anything") == "anything"
    assert queue_name(app, None, "anything") == "anything"


@pytest.mark.parametrize("exchange", ["shop", Exchange("shop")])
def test_a_known_binding_gives_the_queue(app: Celery, exchange: object) -> None:
    assert queue_name(app, exchange, "shop.mail") == "mail"


def test_an_unknown_binding_gives_the_routing_key(app: Celery) -> None:
    assert queue_name(app, "shop", "shop.returns") == "shop.returns"
    assert queue_name(app, "elsewhere", "shop.mail") == "shop.mail"
