import pytest

from celeryscope.worker.cuts import Cut
from celeryscope.worker.datagrams import (
    Places,
    Vitals,
    beat_datagram,
    published_datagram,
    run_datagrams,
    unknown_datagram,
    vitals_datagram,
)
from celeryscope.worker.styles import Place

TASK, QUEUE, WORKER = Place("t.task"), Place("q.queue"), Place("w.worker")
PLACES = Places(TASK, QUEUE, WORKER)
RUN = run_datagrams(PLACES)
EAGER = run_datagrams(Places(TASK))


def test_a_start_counts_for_task_queue_and_worker() -> None:
    assert RUN.start(None) == b"t.task.prerun:1|c\nq.queue.prerun:1|c\nw.worker.prerun:1|c"


def test_a_start_after_a_wait_tells_it_with_microseconds() -> None:
    waits = b"\nt.task.wait:12.346|ms\nq.queue.wait:12.346|ms"
    assert RUN.start(12.3456) == RUN.start(None) + waits


def test_a_start_before_its_publishing_tells_no_wait_and_that_clocks_disagree() -> None:
    waits = b"\nt.task.wait:0|ms\nq.queue.wait:0|ms\nt.task.wait_clamped:1|c"
    assert RUN.start(-0.001) == RUN.start(None) + waits


@pytest.mark.parametrize("wait", [None, 12.0, -12.0])
def test_a_redelivered_start_counts_as_such_and_tells_no_wait(wait: float | None) -> None:
    again = run_datagrams(PLACES, redelivered=True)
    assert again.start(wait) == RUN.start(None) + b"\nt.task.redelivered:1|c"


@pytest.mark.parametrize(
    ("state", "leaf"),
    [
        ("SUCCESS", b"success"),
        ("RETRY", b"retry"),
        ("IGNORED", b"ignored"),
        ("REJECTED", b"rejected"),
    ],
)
def test_an_end_tells_the_run_time_and_the_outcome(state: str, leaf: bytes) -> None:
    common = b"t.task.postrun:1|c\nw.worker.postrun:1|c\nt.task.runtime:0.001|ms"
    assert RUN.end(state, None, 0.0012) == common + b"\nt.task." + leaf + b":1|c"


@pytest.mark.parametrize(
    ("cut", "outcome"),
    [
        (Cut.ENDED, b""),
        (Cut.ABORTED, b"\nt.task.aborted:1|c"),
        (
            Cut.TIMED_OUT,
            b"\nt.task.failure:1|c\nt.task.timeout:1|c\nt.task.exception.TimeLimitExceeded:1|c",
        ),
    ],
)
def test_a_run_cut_short_in_the_workers_own_process_tells_its_run_time(
    cut: Cut, outcome: bytes
) -> None:
    assert EAGER.cut(cut, 7) == b"t.task.postrun:1|c\nt.task.runtime:7.000|ms" + outcome


def test_a_process_of_the_pool_that_is_going_leaves_the_rest_to_the_main_process() -> None:
    assert RUN.cut(Cut.LEFT, 7) == b"t.task.postrun:1|c\nw.worker.postrun:1|c"


def test_the_main_process_tells_a_runs_fate_of_its_task_alone() -> None:
    lines = RUN.fate(("failure", "lost"), "Lost|Error", 7).split(b"\n")
    assert lines == [
        b"t.task.failure:1|c",
        b"t.task.lost:1|c",
        b"t.task.exception.Lost_Error:1|c",
        b"t.task.runtime:7.000|ms",
    ]
    assert RUN.fate(("revoked",)) == b"t.task.revoked:1|c"


@pytest.mark.parametrize(
    ("error", "node"),
    [(KeyError("a|b:c\n"), b"KeyError"), (type("Érror", (Exception,), {})(), b"_rror")],
)
def test_a_failure_counts_by_the_class_of_its_exception(error: Exception, node: bytes) -> None:
    lines = EAGER.end("FAILURE", error, 7).split(b"\n")
    assert lines[2:] == [b"t.task.failure:1|c", b"t.task.exception." + node + b":1|c"]


def test_an_eager_run_has_no_queue_and_no_worker() -> None:
    assert EAGER.start(None) == b"t.task.prerun:1|c"


def test_a_message_counts_for_its_task_and_its_queue() -> None:
    assert published_datagram(TASK, QUEUE) == b"t.task.published:1|c\nq.queue.published:1|c"
    assert published_datagram(TASK, None) == b"t.task.published:1|c"


def test_a_message_without_a_task_counts_for_its_queue_and_the_worker() -> None:
    assert unknown_datagram(QUEUE, WORKER) == b"q.queue.unknown:1|c\nw.worker.unknown:1|c"
    assert unknown_datagram(None, WORKER) == b"w.worker.unknown:1|c"


def test_a_worker_tells_its_gauges_together() -> None:
    gauges = b"w.worker.online:1|g\nw.worker.pool_size:8|g\nw.worker.busy:3|g"
    assert vitals_datagram(WORKER, Vitals(1, 8, 3)) == gauges


def test_beat_tells_how_late_an_entry_was_if_it_knows() -> None:
    entry = Place("b.entry")
    assert beat_datagram(entry, 1.5) == b"b.entry.sent:1|c\nb.entry.lateness:1.500|ms"
    assert beat_datagram(entry, None) == b"b.entry.sent:1|c"
