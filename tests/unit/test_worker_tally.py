import pytest

from celeryscope.worker.datagrams import Places, run_datagrams
from celeryscope.worker.kinds import RunKind
from celeryscope.worker.styles import Place
from celeryscope.worker.tally import Tally


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tally(clock: Clock) -> Tally:
    return Tally(clock)


def kind(name: str, sent: list[bytes]) -> RunKind:
    return RunKind(run_datagrams(Places(Place(name))), sent.append)


def test_the_first_is_sent_at_once_and_those_of_a_second_together(
    tally: Tally, clock: Clock
) -> None:
    sent: list[bytes] = []
    one, other = kind("one", sent), kind("other", sent)
    for message in (one, one, other, one):
        tally.add(message)
    clock.now += 1.0
    tally.add(other)

    assert sent == [b"one.received:1|c", b"one.received:2|c\nother.received:2|c"]


def test_flushing_sends_what_waits_and_nothing_when_nothing_does(tally: Tally) -> None:
    sent: list[bytes] = []
    for _ in range(3):
        tally.add(kind("one", sent))
    tally.flush()
    tally.flush()

    assert sent == [b"one.received:1|c", b"one.received:1|c\none.received:1|c"]


def test_each_server_gets_what_is_its_own(tally: Tally) -> None:
    here: list[bytes] = []
    there: list[bytes] = []
    tally.flush()
    tally.add(kind("one", here))
    tally.add(kind("other", there))
    tally.flush()

    assert (here, there) == ([b"one.received:1|c"], [b"other.received:1|c"])


def test_a_forked_child_forgets_what_its_parent_will_send(tally: Tally) -> None:
    sent: list[bytes] = []
    tally.flush()
    tally.add(kind("one", sent))
    tally.forget()
    tally.flush()

    assert sent == []
