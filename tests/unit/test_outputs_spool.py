import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.outputs.spool import Parcel, Spool


def parcel(start: int, size: int = 10) -> Parcel:
    return Parcel(start, points=2, payload=b"x" * size)


def filled(limit: int, *starts: int) -> Spool:
    spool = Spool(limit)
    for start in starts:
        spool.put(parcel(start))
    return spool


def left(spool: Spool) -> list[int]:
    """Empty a spool; return the timestamps of what was in it."""
    spool.close()
    starts = []
    while taken := spool.take():
        starts.append(taken.start)
        spool.done()
    return starts


def test_parcels_are_taken_in_their_order() -> None:
    assert left(filled(100, 1, 2, 3)) == [1, 2, 3]


def test_the_oldest_are_dropped_and_counted_when_there_is_no_room() -> None:
    spool = filled(30, 1, 2, 3, 4, 5)
    assert len(spool) == 3
    assert spool.take_dropped() == 4
    assert spool.take_dropped() == 0
    assert left(spool) == [3, 4, 5]


def test_what_is_in_hand_takes_room_and_is_not_dropped() -> None:
    spool = filled(30, 1, 2, 3)
    assert spool.take() == parcel(1)
    spool.put(parcel(4))
    assert (len(spool), spool.take_dropped()) == (3, 2)
    spool.done()
    assert left(spool) == [3, 4]


def test_what_is_given_back_is_the_first_again_and_may_be_dropped() -> None:
    spool = filled(30, 1, 2, 3)
    spool.take()
    spool.give_back()
    assert spool.take() == parcel(1)
    spool.give_back()
    spool.put(parcel(4))
    assert spool.take_dropped() == 2
    assert left(spool) == [2, 3, 4]


def test_a_parcel_larger_than_the_room_for_all_is_dropped() -> None:
    spool = filled(30, 1)
    spool.put(parcel(2, size=31))
    assert spool.take_dropped() == 4
    assert left(spool) == []


@pytest.mark.parametrize("in_hand", [True, False])
def test_the_newest_is_the_one_that_came_last(*, in_hand: bool) -> None:
    spool = filled(30, 1)
    if in_hand:
        spool.take()
    assert spool.newest() == 1
    spool.put(parcel(2))
    assert spool.newest() == 2
    assert Spool(1).newest() is None


def test_all_that_is_left_is_dropped_in_the_end() -> None:
    spool = filled(100, 1, 2, 3)
    spool.take()
    assert spool.drop_all() == 3
    assert spool.take_dropped() == 6
    assert left(spool) == []


@given(st.lists(st.sampled_from(["put", "take", "done", "give_back"]), max_size=40))
def test_a_spool_neither_loses_nor_repeats_nor_reorders(steps: list[str]) -> None:
    spool, size, done, dropped = Spool(45), 0, [], 0
    held: Parcel | None = None
    for step in steps:
        if step == "put":
            size += 1
            spool.put(parcel(size))
        elif step == "take" and held is None and len(spool):
            held = spool.take()
        elif step == "done" and held is not None:
            done.append(held.start)
            spool.done()
            held = None
        elif step == "give_back":
            spool.give_back()
            held = None
        assert len(spool) <= 4
        dropped += spool.take_dropped()
    spool.give_back()
    dropped += spool.take_dropped()
    everything = done + left(spool)
    assert everything == sorted(set(everything))
    assert len(everything) + dropped / 2 == size
