import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.flush import Flush
from celeryscope.web import ranges
from celeryscope.web.ranges import BadRangeError, Span
from support.fake_store import FakeStore

NOW = 1_700_000_400
_LONGEST_CHART = 371


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("6h", 21600), ("1y", 31_536_000)])
def test_ranges_are_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert ranges.seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "6", "h", "06h", "4m", "2y", "6H", "-6h", "6 h", "6h\n", "٦h"]
)
def test_other_ranges_are_refused(text: str) -> None:
    with pytest.raises(BadRangeError, match="from 5m to 1y"):
        ranges.seconds_of(text)


def test_every_preset_is_a_range_and_they_ascend() -> None:
    seconds = [ranges.seconds_of(text) for text in ranges.PRESETS]
    assert seconds == sorted(seconds)
    assert (seconds[0], seconds[-1]) == (300, 31_536_000)


@pytest.mark.parametrize(
    ("age", "preset"), [(0, "5m"), (300, "5m"), (301, "15m"), (7000, "3h"), (9e6, "6h")]
)
def test_the_usual_range_shows_all_there_is_up_to_six_hours(age: float, preset: str) -> None:
    assert ranges.fitting_preset(age) == preset


@given(st.floats(10, ranges.LONGEST), st.floats(0, 3600))
def test_a_window_covers_its_span_in_a_few_hundred_intervals(seconds: float, shift: float) -> None:
    span = Span(NOW + shift - seconds, NOW + shift, follows=True)
    window = span.window(FakeStore(step=1))
    assert window.points <= _LONGEST_CHART
    assert window.start <= span.start + window.step
    assert span.end <= window.end < span.end + window.step + 1


def test_intervals_are_never_shorter_than_the_flushes_that_fill_them() -> None:
    store = FakeStore(step=10)
    for number in range(30):
        store.write(Flush(NOW + number * 60, 60))
    window = Span(NOW, NOW + 1800, follows=False).window(store)
    assert window.step == 60
    assert store.covered(window).min() > 0


def test_the_span_before_ends_where_this_one_starts() -> None:
    assert Span(100, 160, follows=True).before() == Span(40, 100, follows=False)


@given(st.floats(300, ranges.LONGEST), st.floats(0, 3600))
def test_a_coarse_window_is_one_interval_that_ends_just_before(
    seconds: float, shift: float
) -> None:
    span = Span(NOW + shift - seconds, NOW + shift, follows=False)
    window = span.coarse_window(FakeStore(step=1))
    assert window.points == 1
    assert seconds - 1e-3 <= window.step <= seconds * 13 / 12
    assert span.end - seconds / 12 < window.end <= span.end
