import gc
import logging
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from celery import Celery, Task, signals
from celery.app.trace import build_tracer
from celery.exceptions import Ignore, Reject
from kombu.exceptions import OperationalError

import celeryscope
from celeryscope.worker import instrumentation, kinds
from celeryscope.worker.settings import SettingError
from support.udp import Receiver, receiver

ADD = "celery.task._._.add"
REQUEST = {
    "hostname": "celery@host",
    "delivery_info": {"exchange": "", "routing_key": "mail"},
}


@pytest.fixture
def heard() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


@pytest.fixture
def app() -> Celery:
    app = Celery("unit", broker="memory://", set_as_current=False)
    app.conf.task_ignore_result = True

    @app.task(name="add", shared=False)
    def add(a: int, b: int) -> int:
        return a + b

    @app.task(name="fail", shared=False)
    def fail() -> None:
        raise KeyError("no")

    @app.task(name="twice", shared=False, bind=True, max_retries=1)
    def twice(self: "Task[[], str]") -> str:
        if self.request.retries:
            return "done"
        raise self.retry(countdown=0)

    return app


@pytest.fixture
def instrumented(app: Celery, heard: Receiver) -> Celery:
    celeryscope.instrument(app, statsd=heard.address)
    return app


def run(app: Celery, name: str, **request: object) -> object:
    """Run a task as a worker's child does."""
    trace = build_tracer(name, app.tasks[name], app=app)
    return trace("id", [], {}, {"id": "id", **REQUEST, **request})


def tasks(heard: Receiver) -> dict[str, int]:
    return {
        name.removeprefix("celery.task._._."): count
        for name, count in heard.counts().items()
        if name.startswith("celery.task.")
    }


def test_one_datagram_starts_a_run_and_one_ends_it(instrumented: Celery, heard: Receiver) -> None:
    run(instrumented, "fail")

    started, ended = (datagram.decode().split("\n") for datagram in heard.datagrams())
    assert started == [
        "celery.task._._.fail.prerun:1|c",
        "celery.queue.mail.prerun:1|c",
        "celery.worker.celery_host.prerun:1|c",
    ]
    assert [line.partition(":")[0] for line in ended] == [
        "celery.task._._.fail.postrun",
        "celery.worker.celery_host.postrun",
        "celery.task._._.fail.runtime",
        "celery.task._._.fail.failure",
        "celery.task._._.fail.exception.KeyError",
    ]


def test_an_eager_run_counts_for_its_task_only(instrumented: Celery, heard: Receiver) -> None:
    assert instrumented.tasks["add"].apply((1, 2)).get() == 3

    assert heard.counts() == {f"{ADD}.{leaf}": 1 for leaf in ("prerun", "postrun", "success")}
    assert heard.times(f"{ADD}.wait") == []


def test_an_eager_retry_ends_both_of_its_runs(instrumented: Celery, heard: Receiver) -> None:
    assert instrumented.tasks["twice"].apply().get() == "done"

    counts = tasks(heard)
    assert counts["twice.prerun"] == counts["twice.postrun"] == 2
    assert counts["twice.retry"] == counts["twice.success"] == 1


def test_a_message_is_counted_and_its_run_knows_how_long_it_waited(
    instrumented: Celery, heard: Receiver
) -> None:
    published: list[dict[str, object]] = []

    def keep(headers: dict[str, object], **_: object) -> None:
        published.append(headers)

    signals.after_task_publish.connect(keep, weak=False, dispatch_uid="keep")
    try:
        instrumented.tasks["fail"].apply_async(
            queue="mail", headers={"celeryscope_published": "1970"}
        )
    finally:
        signals.after_task_publish.disconnect(dispatch_uid="keep")
    run(instrumented, "fail", **published[0])

    counts = heard.counts()
    assert counts["celery.task._._.fail.published"] == counts["celery.queue.mail.published"] == 1
    (wait,) = heard.times("celery.queue.mail.wait")
    assert heard.times("celery.task._._.fail.wait") == [wait]
    assert 0 <= wait < 10_000  # the header was overwritten: it is not some 50 years


def test_a_message_that_was_not_handed_over_is_not_counted(
    instrumented: Celery, heard: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr("kombu.messaging.Producer.publish", refuse)
    with pytest.raises(OperationalError):
        instrumented.tasks["fail"].apply_async()

    assert heard.counts() == {}


def test_calling_it_again_changes_nothing(instrumented: Celery, heard: Receiver) -> None:
    celeryscope.instrument(instrumented, statsd=heard.address)
    run(instrumented, "fail")
    celeryscope.instrument(instrumented, statsd=heard.address)
    run(instrumented, "fail")

    assert tasks(heard)["fail.prerun"] == tasks(heard)["fail.failure"] == 2


def test_calling_it_again_replaces_the_arguments(instrumented: Celery, heard: Receiver) -> None:
    run(instrumented, "fail")
    celeryscope.instrument(instrumented, statsd=heard.address, prefix="", layout="dotted")
    run(instrumented, "fail")

    counts = heard.counts()
    assert counts["celery.task._._.fail.prerun"] == counts["fail.prerun"] == 1


def test_two_apps_count_what_is_theirs(instrumented: Celery, heard: Receiver) -> None:
    other = Celery("other", broker="memory://", set_as_current=False)
    other.conf.task_ignore_result = True

    @other.task(name="add", shared=False)
    def add() -> None:
        pass

    @other.task(name="alone", shared=False)
    def alone() -> None:
        pass

    celeryscope.instrument(other, statsd=heard.address, prefix="other")
    run(instrumented, "fail")
    run(other, "add")
    alone.apply_async()
    instrumented.tasks["fail"].apply_async()

    counts = heard.counts()
    assert counts["celery.task._._.fail.prerun"] == counts["other.task._._.add.prerun"] == 1
    assert counts["celery.task._._.fail.published"] == 1
    assert counts["other.task._._.alone.published"] == 1
    assert counts.total() == 2 * 7 + 1 + 2 * 2 - 2


@pytest.mark.usefixtures("instrumented")
def test_an_app_that_was_not_instrumented_is_left_alone(heard: Receiver) -> None:
    stranger = Celery("stranger", set_as_current=False)
    stranger.conf.task_ignore_result = True

    @stranger.task(name="add", shared=False)
    def add() -> None:
        pass

    run(stranger, "add")

    assert heard.datagrams() == []


@pytest.mark.parametrize("wanted", [False, True])
def test_celerys_own_tasks_count_only_when_asked_for(
    app: Celery,
    heard: Receiver,
    wanted: bool,  # noqa: FBT001
) -> None:
    celeryscope.instrument(app, statsd=heard.address, builtin_tasks=wanted)
    run(app, "celery.backend_cleanup")

    assert bool(heard.datagrams()) is wanted


@pytest.mark.parametrize(("error", "leaf"), [(Ignore(), "ignored"), (Reject(), "rejected")])
def test_an_ignored_or_rejected_run_has_that_outcome(
    instrumented: Celery, heard: Receiver, error: Exception, leaf: str
) -> None:
    @instrumented.task(name="odd", shared=False)
    def odd() -> None:
        raise error

    run(instrumented, "odd")

    assert tasks(heard) == {"odd.prerun": 1, "odd.postrun": 1, f"odd.{leaf}": 1}


def test_a_run_that_leaves_the_process_was_aborted(instrumented: Celery, heard: Receiver) -> None:
    @instrumented.task(name="leave", shared=False)
    def leave() -> None:
        sys.exit(1)

    with pytest.raises(SystemExit):
        run(instrumented, "leave")

    assert tasks(heard) == {"leave.prerun": 1, "leave.postrun": 1, "leave.aborted": 1}
    assert len(heard.times("celery.task._._.leave.runtime")) == 1


def test_a_run_that_leaves_a_process_of_a_pool_waits_for_the_main_process_to_say_why(
    instrumented: Celery, heard: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instrumentation._PROCESS, "_worker_pid", os.getppid())

    @instrumented.task(name="leave", shared=False)
    def leave() -> None:
        sys.exit(1)

    with pytest.raises(SystemExit):
        run(instrumented, "leave")

    assert tasks(heard) == {"leave.prerun": 1, "leave.postrun": 1}
    assert heard.times("celery.task._._.leave.runtime") == []


@pytest.mark.parametrize(
    "broken",
    ["instrumentation.wait_ms", "meter.Meter.name", "sender.Sender.send", "running.Running.end"],
)
def test_a_fault_of_ours_never_reaches_a_task(
    instrumented: Celery, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(f"celeryscope.worker.{broken}", fault)

    assert instrumented.tasks["add"].apply((1, 2)).get() == 3
    assert instrumented.tasks["add"].apply_async((1, 2)).id


def test_headers_that_cannot_be_written_do_not_stop_a_message() -> None:
    responses = signals.before_task_publish.send("add", headers=None)

    assert all(response is None for _, response in responses)


def test_ten_thousand_runs_leave_no_memory_behind(instrumented: Celery) -> None:
    def many(count: int) -> int:
        for number in range(count):
            run_id = str(number)
            trace(run_id, [1, 2], {}, {"id": run_id, **REQUEST})
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    trace = build_tracer("add", instrumented.tasks["add"], app=instrumented)
    tracemalloc.start()
    try:
        before = many(1_000)
        after = many(10_000)
    finally:
        tracemalloc.stop()

    assert after - before < 20_000


def test_a_bad_argument_is_refused_at_once(app: Celery) -> None:
    with pytest.raises(SettingError, match="HOST:PORT"):
        celeryscope.instrument(app, statsd="nowhere")


def test_a_bad_conf_is_refused_at_once_when_it_is_known(app: Celery) -> None:
    app.conf.celeryscope_layout = "flat"
    assert app.conf.celeryscope_layout == "flat"

    with pytest.raises(SettingError, match=r"'flat' in app\.conf\.celeryscope_layout"):
        celeryscope.instrument(app)


def test_instrumenting_does_not_load_the_apps_configuration() -> None:
    app = Celery("lazy", set_as_current=False)
    app.config_from_object("no.such.module")

    celeryscope.instrument(app)

    # Other tests' tasks are looked for in all apps, and this one's cannot be read.
    instrumentation._PROCESS.kinds.remove(app)


def conf_attribute(app: Celery, address: str) -> None:
    app.conf.celeryscope_statsd = address


def conf_update(app: Celery, address: str) -> None:
    app.conf.update(celeryscope_statsd=address)


def conf_namespace(app: Celery, address: str) -> None:
    settings = type("settings", (), {"CELERY_CELERYSCOPE_STATSD": address})
    app.config_from_object(settings, namespace="CELERY")


@pytest.mark.parametrize("configure", [conf_attribute, conf_update, conf_namespace])
def test_an_app_may_be_configured_after_it_was_instrumented(
    heard: Receiver, configure: Callable[[Celery, str], None]
) -> None:
    app = Celery("late", set_as_current=False)

    @app.task(name="add", shared=False, ignore_result=True)
    def add() -> None:
        pass

    celeryscope.instrument(app)
    configure(app, heard.address)
    add.apply()

    assert heard.counts()[f"{ADD}.success"] == 1


def test_a_bad_conf_that_came_later_is_said_once_and_tasks_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Celery("late", set_as_current=False)

    @app.task(name="add", shared=False, ignore_result=True)
    def add() -> int:
        return 3

    celeryscope.instrument(app)
    app.conf.celeryscope_statsd = "nowhere"
    signals.worker_init.send(type("Worker", (), {"app": app})())

    assert [add.apply().get(), add.apply().get()] == [3, 3]
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "'nowhere' in app.conf.celeryscope_statsd" in caplog.text
    assert record.name == "celeryscope"


def test_the_environment_speaks_last(
    app: Celery, heard: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERYSCOPE_STATSD", heard.address)
    monkeypatch.setenv("CELERYSCOPE_PREFIX", "environ")
    celeryscope.instrument(app, prefix="argument")
    run(app, "fail")

    assert heard.counts()["argument.task._._.fail.failure"] == 1


def test_names_without_end_do_not_fill_the_process(
    instrumented: Celery, heard: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "_MAX_KINDS", 10)
    for number in range(35):
        run(instrumented, "fail", delivery_info={"exchange": "", "routing_key": f"q{number}"})

    assert tasks(heard)["fail.failure"] == 35
    assert len(instrumentation._PROCESS.kinds._runs) <= 10


def test_importing_the_package_does_not_import_celery() -> None:
    program = "import sys, celeryscope; sys.exit('celery' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_celery_still_decides_what_it_logs_when_its_worker_starts() -> None:
    # Its request module asks for the logger's level once, as it is imported.
    program = """
import sys, celery, celeryscope
celeryscope.instrument(celery.Celery())
sys.exit('celery.worker.request' in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
