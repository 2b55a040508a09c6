import pytest
from celery import Celery

import celeryscope
from celeryscope.testing import capture
from celeryscope.worker.names import Names, names_hook
from celeryscope.worker.settings import SettingError


@pytest.fixture
def app() -> Celery:
    app = Celery("names", broker="memory://", set_as_current=False)
    app.conf.task_ignore_result = True

    def nothing() -> None:
        """Do nothing, under several names."""

    for name in ("shop.pay", "shop.refund", "noise.tick"):
        app.task(name=name, shared=False)(nothing)
    return app


def without_noise(task: str) -> str | None:
    return None if task.startswith("noise.") else task.replace("shop.", "store.")


def test_a_hook_maps_names_and_drops_tasks(app: Celery) -> None:
    celeryscope.instrument(app, names=without_noise)
    with capture(app) as captured:
        app.tasks["shop.pay"].apply()
        app.tasks["noise.tick"].apply()
        app.tasks["noise.tick"].apply_async()
        app.tasks["shop.pay"].apply_async()

    assert captured.counters["celery.task.store._.pay.success"] == 1
    assert captured.counters["celery.task.store._.pay.published"] == 1
    assert [line for line in captured.lines if "tick" in line] == []


def test_a_hook_may_be_named_by_its_path() -> None:
    hook = names_hook("test_worker_names:without_noise")

    assert hook("shop.pay") == "store.pay"
    assert hook == names_hook("test_worker_names:without_noise")


@pytest.mark.parametrize("value", ["", "name", "a b:c", "a:b:c", ".a", 7])
def test_another_value_is_no_hook(app: Celery, value: object) -> None:
    with pytest.raises(SettingError, match="a callable"):
        celeryscope.instrument(app, names=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [KeyError("a fault"), 7, b"bytes"])
def test_a_hook_that_fails_leaves_the_task_its_name_and_says_so_once(
    answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    def hook(_: str) -> str:
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]

    names = Names(hook, limit=10)

    assert [names.of("shop.pay"), names.of("shop.refund")] == ["shop.pay", "shop.refund"]
    assert len(caplog.records) <= 1


def test_a_hook_that_cannot_be_imported_leaves_the_task_its_name() -> None:
    assert Names(names_hook("no.such.module:hook"), limit=10).of("shop.pay") == "shop.pay"


def test_names_beyond_the_limit_count_as_other_and_known_ones_as_before(app: Celery) -> None:
    celeryscope.instrument(app, max_names=2)
    with capture(app) as captured:
        for name in ("shop.pay", "noise.tick", "shop.refund", "shop.pay"):
            app.tasks[name].apply()

    assert captured.counters["celery.task.shop._.pay.success"] == 2
    assert captured.counters["celery.task.noise._.tick.success"] == 1
    assert captured.counters["celery.task._._.other.success"] == 1


def test_a_hook_that_makes_names_up_is_capped_too() -> None:
    names = Names(lambda task: f"{task}.{id(object())}", limit=1)
    known = names.of("a")

    assert {names.of(str(number)) for number in range(50)} <= {known, "other"}
