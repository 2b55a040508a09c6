import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.store.tiers import Tier, format_duration, parse_duration, parse_retentions

DAY = 86_400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("10s", 10),
        ("5m", 300),
        ("36h", 129_600),
        ("2d", 2 * DAY),
        ("1w", 7 * DAY),
        ("2y", 730 * DAY),
        (" 10 s ", 10),
    ],
)
def test_a_duration_is_a_number_with_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "s", "0s", "-1s", "1.5m", "10S", "1s2m", "1 month"])
def test_anything_else_is_refused_with_the_text_and_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; allowed is a number with a unit") as e:
        parse_duration(text)
    assert repr(text) in str(e.value)


@given(st.integers(1, 10**10))
def test_a_formatted_duration_parses_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1s"), (90, "90s"), (60, "1m"), (DAY, "1d"), (7 * DAY, "1w"), (365 * DAY, "1y")],
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "tiers"),
    [
        ("10s:2d", (Tier(10, 2 * DAY),)),
        (
            "10s:2d,1m:30d,10m:2y",
            (Tier(10, 2 * DAY), Tier(60, 30 * DAY), Tier(600, 730 * DAY)),
        ),
        (" 10s : 2d , 1m : 30d ", (Tier(10, 2 * DAY), Tier(60, 30 * DAY))),
        ("1m:1m", (Tier(60, 60),)),
    ],
)
def test_retentions_are_tiers_from_the_finest_on(text: str, tiers: tuple[Tier, ...]) -> None:
    assert parse_retentions(text) == tiers


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10s:2d,15s:30d", "step 15s must be a larger multiple of the step before it, 10s"),
        ("1m:2d,10s:30d", "step 10s must be a larger multiple of the step before it, 1m"),
        ("10s:2d,10s:30d", "step 10s must be a larger multiple of the step before it, 10s"),
        ("10s:2d,1m:2d", "step 1m must be kept longer than the step before it, 10s"),
        ("10s:2d,1m:1d", "step 1m must be kept longer than the step before it, 10s"),
        ("10s:5m,10m:2y", "step 10s must be kept for at least one step of 10m"),
        ("10s:2d,1m:30d,10m:7d", "step 10m must be kept longer than the step before it, 1m"),
        ("10s:2d,", "'' is not STEP:RETENTION, as in 10s:2d"),
        ("", "'' is not STEP:RETENTION, as in 10s:2d"),
        ("10s", "'10s' is not STEP:RETENTION, as in 10s:2d"),
        ("10s:2x", "'2x' is not a duration"),
        ("ten:2d", "'ten' is not a duration"),
        ("10s:2d:1y", "'2d:1y' is not a duration"),
        ("1m:10s", "'1m:10s' keeps less than one step"),
        ("10s:2d,1h:1000y", "step 1h is kept too long; allowed is at most 60y"),
        ("100y:1000y", "step 100y is kept too long; allowed is at most 60y"),
    ],
)
def test_a_refusal_names_the_part_that_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as refusal:
        parse_retentions(text)
    assert str(refusal.value).startswith(reason)


@pytest.mark.parametrize(
    ("timestamp", "floor", "ceil"), [(0, 0, 0), (9.99, 0, 10), (10, 10, 10), (10.5, 10, 20)]
)
def test_a_timestamp_lies_between_the_starts_of_two_steps(
    timestamp: float, floor: int, ceil: int
) -> None:
    tier = Tier(10, 100)
    assert (tier.floor(timestamp), tier.ceil(timestamp)) == (floor, ceil)
