import pytest

from celeryscope.worker.wait import wait_ms

AT_100 = "1970-01-01T00:01:40"


def test_without_the_publishers_clock_there_is_no_wait() -> None:
    assert wait_ms({}, 100.0) is None
    assert wait_ms({"celeryscope_published": "99"}, 100.0) is None


def test_a_run_in_place_never_waited() -> None:
    assert wait_ms({"celeryscope_published": 99.0, "is_eager": True}, 100.0) is None


def test_waiting_begins_with_publishing() -> None:
    assert wait_ms({"celeryscope_published": 99.5, "eta": None}, 100.0) == 500.0


@pytest.mark.parametrize(
    "eta", [f"{AT_100}+00:00", f"{AT_100}Z", AT_100, "1970-01-01T02:01:40+02:00"]
)
def test_waiting_begins_with_a_later_eta(eta: str) -> None:
    assert wait_ms({"celeryscope_published": 90.0, "eta": eta}, 100.25) == 250.0


@pytest.mark.parametrize("eta", [AT_100, "soon"])
def test_an_earlier_eta_or_one_that_cannot_be_read_changes_nothing(eta: str) -> None:
    assert wait_ms({"celeryscope_published": 200.0, "eta": eta}, 200.5) == 500.0


def test_clocks_that_disagree_show_as_a_wait_below_zero() -> None:
    assert wait_ms({"celeryscope_published": 100.5}, 100.0) == -500.0
