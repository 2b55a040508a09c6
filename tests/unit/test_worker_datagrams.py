import pytest

from celeryscope.worker.datagrams import Places, published_datagram, run_datagrams
from celeryscope.worker.styles import Place

TASK, QUEUE = Place("t.task"), Place("q.queue")
RUN = run_datagrams(Places(TASK, QUEUE, Place("w.worker")))
EAGER = run_datagrams(Places(TASK))


def test_a_start_counts_for_task_queue_and_worker() -> None:
    assert RUN.start(None) == b"t.task.prerun:1|c\nq.queue.prerun:1|c\nw.worker.prerun:1|c"


def test_a_start_after_a_wait_tells_it_with_microseconds() -> None:
    waits = b"\nt.task.wait:12.346|ms\nq.queue.wait:12.346|ms"
    assert RUN.start(12.3456) == RUN.start(None) + waits


@pytest.mark.parametrize(
    ("state", "last"),
    [("SUCCESS", b"\nt.task.success:1|c"), ("RETRY", b"\nt.task.retry:1|c")],
)
def test_an_end_tells_the_run_time_and_the_outcome(state: str, last: bytes) -> None:
    common = b"t.task.postrun:1|c\nt.task.runtime:0.001|ms\nw.worker.postrun:1|c"
    assert RUN.end(state, None, 0.0012) == common + last


@pytest.mark.parametrize("state", ["IGNORED", "REJECTED", None])
def test_an_end_without_outcome_still_counts_as_an_end(state: str | None) -> None:
    assert EAGER.end(state, None, 7) == b"t.task.postrun:1|c\nt.task.runtime:7.000|ms"


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
