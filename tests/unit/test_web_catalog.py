from hypothesis import given
from hypothesis import strategies as st

from celeryscope.flush import Flush
from celeryscope.naming import Layout, Paths
from celeryscope.sketch import Distribution
from celeryscope.web import catalog
from celeryscope.web.catalog import Choice
from support.fake_store import FakeStore

NAMES = (
    "shop.orders.tasks.charge",
    "shop.mail.tasks.digest",
    "shop.ping",
    "add",
    "my-app.do-it.now",
)
_SEGMENT = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


def _store(paths: Paths, *names: str) -> FakeStore:
    store = FakeStore()
    for name in names:
        path = paths.task(name)
        counters = {f"{path}.{leaf}": 1.0 for leaf in ("success", "failure", "exception.KeyError")}
        times = {f"{path}.runtime": Distribution.of([1.0])}
        store.write(Flush(100, 10, counters=counters, timers=times))
    return store


def test_tasks_are_found_by_name_with_all_their_series() -> None:
    for layout in Layout:
        store = _store(Paths("celery", layout), *NAMES)
        tasks = catalog.tasks(store, "celery", layout)
        assert [task.name for task in tasks] == sorted(NAMES)
        assert all(set(task.timers) == {"runtime"} for task in tasks)
        assert all(set(task.exceptions()) == {"KeyError"} for task in tasks)


@given(st.lists(st.lists(_SEGMENT, min_size=1, max_size=5).map(".".join), unique=True, max_size=6))
def test_any_plain_names_come_back_from_their_paths(names: list[str]) -> None:
    store = _store(Paths("a.b"), *names)
    assert [task.name for task in catalog.tasks(store, "a.b", Layout.LEVELS)] == sorted(names)


def test_other_series_are_no_tasks() -> None:
    store = _store(Paths(), "shop.orders.charge")
    others = ("celery.queue.mail.published", "celery.task.shop.success", "web.task.a.b.c.success")
    store.write(Flush(110, 10, counters=dict.fromkeys(others, 1.0)))
    store.write(Flush(120, 10, counters={"celery.task.a.b.c.unheard_of": 1.0}))
    tasks = catalog.tasks(store, "celery", Layout.LEVELS)
    assert [task.name for task in tasks] == ["shop.orders.charge"]


def test_without_a_prefix_the_other_families_are_told_apart() -> None:
    store = _store(Paths("", Layout.DOTTED), "proj.billing.charge")
    others = ("queue.mail.published", "worker.host.prerun", "celeryscope.client.failure")
    store.write(Flush(110, 10, counters=dict.fromkeys(others, 1.0)))
    tasks = catalog.tasks(store, "", Layout.DOTTED)
    assert [task.name for task in tasks] == ["proj.billing.charge"]


def test_a_task_named_exception_keeps_its_outcomes() -> None:
    store = _store(Paths("celery", Layout.DOTTED), "jobs.exception")
    (task,) = catalog.tasks(store, "celery", Layout.DOTTED)
    assert task.name == "jobs.exception"
    assert {"success", "failure", "exception.KeyError"} == set(task.counters)


def test_levels_and_words_choose() -> None:
    tasks = catalog.tasks(_store(Paths(), *NAMES), "celery", Layout.LEVELS)

    def names(*levels: str, text: str = "") -> list[str]:
        return [task.name for task in catalog.selected(tasks, levels, text)]

    assert names("", "", "") == sorted(NAMES)
    assert names("shop", "", "") == [
        "shop.mail.tasks.digest",
        "shop.orders.tasks.charge",
        "shop.ping",
    ]
    assert names("shop", "orders-tasks", "") == ["shop.orders.tasks.charge"]
    assert names("_", "_", "add") == ["add"]
    assert names("", "", "", text="SHOP  dig") == ["shop.mail.tasks.digest"]
    assert names("my-app", "", "", text="shop") == []


def test_each_select_offers_what_the_one_before_leaves() -> None:
    tasks = catalog.tasks(_store(Paths(), *NAMES), "celery", Layout.LEVELS)
    choices = catalog.choices(tasks, "shop", "mail-tasks")
    assert Choice("_", "(none)") in choices.apps
    assert Choice("shop", "shop") in choices.apps
    assert choices.modules == [
        Choice("_", "(none)"),
        Choice("mail-tasks", "mail.tasks"),
        Choice("orders-tasks", "orders.tasks"),
    ]
    assert choices.tasks == [Choice("digest", "digest")]


def test_a_name_splits_at_its_last_dot() -> None:
    tasks = catalog.tasks(_store(Paths(), "a.b.c", "add"), "celery", Layout.LEVELS)
    assert [(task.head, task.tail) for task in tasks] == [("a.b.", "c"), ("", "add")]


def test_the_oldest_interval_is_known() -> None:
    store = _store(Paths(), "a.b.c")
    assert catalog.first_seen(catalog.tasks(store, "celery", Layout.LEVELS)) == 100
    assert catalog.first_seen([]) is None
