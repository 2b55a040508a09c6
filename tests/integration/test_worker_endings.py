"""The table of endings, row by row, in every Celery, on every broker, in every pool."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from support.brokers import rabbitmq_server
from support.endings import Ending
from support.endings_stage import Played, Setting, difference, play
from support.processes import redis_server

SETTINGS = [
    *(Setting(version, "redis", "prefork") for version in ("5.3", "5.4", "5.5", "5.6", "newest")),
    *(Setting("newest", "redis", pool) for pool in ("threads", "solo", "gevent", "eventlet")),
    *(Setting("newest", broker, "prefork") for broker in ("rabbitmq", "filesystem")),
]
ROWS = [
    pytest.param(setting, ending, id=f"{setting}-{ending.name}")
    for setting in SETTINGS
    for ending in setting.endings
]

Play = Callable[[Setting], Played]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="module")
def broker(redis: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Offer each broker's URL; RabbitMQ takes a while and is started when it is asked for."""
    with ExitStack() as stack:

        @cache
        def url(name: str) -> str:
            if name == "rabbitmq":
                folder = tmp_path_factory.mktemp("rabbitmq")
                return stack.enter_context(rabbitmq_server(folder))
            return {"redis": redis, "filesystem": "filesystem://"}[name]

        yield url


@pytest.fixture(scope="module")
def played(
    redis: str, broker: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Play:
    """Make a setting's endings happen, all in one go, when its first row is asked for."""

    @cache
    def once(setting: Setting) -> Played:
        database = str(SETTINGS.index(setting))
        results = redis.removesuffix("0") + database
        url = results if setting.broker == "redis" else broker(setting.broker)
        return play(setting, url, results, tmp_path_factory.mktemp(str(setting)))

    return once


@pytest.mark.parametrize(("setting", "ending"), ROWS)
def test_an_ending_counts_as_the_table_says(played: Play, setting: Setting, ending: Ending) -> None:
    assert difference(ending, played(setting).endings[ending.name]) == {}


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_queues_and_workers_count_all_runs_but_eager_ones(played: Play, setting: Setting) -> None:
    shown = played(setting)
    queued = shown.total("task", "prerun") - shown.endings["eager"].counts["prerun"]
    assert shown.total("queue", "prerun") == shown.total("worker", "prerun") == queued


@pytest.mark.parametrize("family", ["queue", "worker"])
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_what_no_task_can_count_its_queue_and_worker_do(
    played: Play, setting: Setting, family: str
) -> None:
    expected: Counter[str] = Counter()
    for ending in setting.endings:
        expected.update(ending.elsewhere)
    assert {leaf: played(setting).total(family, leaf) for leaf in expected} == expected


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_celerys_own_tasks_are_left_out(played: Play, setting: Setting) -> None:
    assert [name for name in played(setting).counters if "backend_cleanup" in name] == []
