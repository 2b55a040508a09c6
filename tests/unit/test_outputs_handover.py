from collections.abc import Sequence
from threading import Event

from celeryscope.outputs.handover import HandOver
from support.processes import wait_until


class Hand:
    """Keeps what it is handed; it can be held up."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.free = Event()
        self.free.set()
        self.ended = False

    def take(self, things: Sequence[int]) -> None:
        self.free.wait()
        self.taken += things

    def end(self) -> None:
        self.ended = True


def test_everything_is_handed_on_in_its_order() -> None:
    hand = Hand()
    queue = HandOver("test", hand.take, 10_000)
    queue.start()
    assert sum(queue.put(range(n, n + 100)) for n in range(0, 5000, 100)) == 5000
    assert queue.stop() == 0
    assert hand.taken == list(range(5000))


def test_what_is_put_is_handed_on_without_a_stop() -> None:
    hand = Hand()
    queue = HandOver("test", hand.take, 10)
    queue.start()
    queue.put([1])
    wait_until(lambda: hand.taken == [1])
    queue.stop()


def test_what_finds_no_room_is_not_taken() -> None:
    hand = Hand()
    queue = HandOver("test", hand.take, 3)
    assert queue.put([1, 2]) == 2
    assert queue.put([3, 4]) == 1
    assert queue.put([5]) == 0
    assert len(queue) == 3
    queue.start()
    queue.stop()
    assert hand.taken == [1, 2, 3]


def test_the_end_comes_last() -> None:
    hand = Hand()
    queue = HandOver("test", hand.take, 3, end=hand.end)
    queue.put([1])
    queue.start()
    queue.stop()
    assert hand.ended


def test_a_stop_does_not_wait_for_ever() -> None:
    hand = Hand()
    hand.free.clear()
    queue = HandOver("test", hand.take, 3, patience=0.01)
    queue.put([1])
    queue.start()
    wait_until(lambda: not len(queue))
    queue.put([2, 3])
    assert queue.stop() == 2
    hand.free.set()
