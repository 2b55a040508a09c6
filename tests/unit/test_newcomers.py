"""The guard against names without end."""

from hypothesis import given
from hypothesis import strategies as st

from celeryscope.newcomers import Newcomers


def admitted(guard: Newcomers[str], first: int, end: int) -> int:
    return sum(guard.admit(f"n{i}") for i in range(first, end))


def test_as_many_as_may_be_known_come_in_at_the_start() -> None:
    assert admitted(Newcomers[str](a_minute=1, known=5), 0, 9) == 5


def test_known_series_come_in_however_little_is_left() -> None:
    guard = Newcomers[str](a_minute=0, known=3)
    admitted(guard, 0, 3)
    assert [admitted(guard, 0, 3) for _ in range(9)] == [3] * 9
    assert admitted(guard, 3, 4) == 0


def test_time_lets_more_in_but_never_more_than_a_minutes_worth() -> None:
    guard = Newcomers[str](a_minute=60, known=5)
    admitted(guard, 0, 5)
    guard.pass_time(10)
    assert admitted(guard, 5, 100) == 10
    guard.pass_time(3600)
    assert admitted(guard, 100, 1000) == 60


@given(st.lists(st.integers(0, 40)))
def test_the_last_series_are_remembered_and_no_more_than_twice_as_many(places: list[int]) -> None:
    guard = Newcomers[str](a_minute=1000, known=5)
    for i, place in enumerate(places):
        guard.pass_time(60)
        assert guard.admit(f"n{place}")
        assert len(guard._recent) + len(guard._older) <= 10
        last = list(dict.fromkeys(places[i::-1]))[:5]
        remembered = guard._recent | guard._older
        assert {f"n{one}" for one in last} <= remembered
