from hypothesis import given
from hypothesis import strategies as st

from celeryscope.store.protocol import Window
from celeryscope.store.tiers import Tier, parse_retentions
from celeryscope.store.windows import choose_window, covering

HOUR, DAY = 3600, 86_400
TIERS = parse_retentions("10s:2d,1m:30d,10m:2y")
FINE, MIDDLE, COARSE = TIERS
ALWAYS = dict.fromkeys((10, 60, 600), 0)
NOW = 1_800_000_000.0

spans = st.tuples(
    st.floats(1e9, 2e9), st.floats(0.001, 1e8) | st.integers(1, 10_000).map(lambda n: n * 10)
).map(lambda pair: (pair[0], pair[0] + pair[1]))
some_tiers = st.sampled_from([TIERS, TIERS[1:], TIERS[2:], (FINE, COARSE), (FINE,)])


@given(some_tiers, spans, st.integers(1, 2000))
def test_a_window_covers_its_span_in_at_most_the_points_asked_for(
    tiers: tuple[Tier, ...], span: tuple[float, float], points: int
) -> None:
    window = choose_window(tiers, *span, points)
    assert window.start <= span[0]
    assert window.end >= span[1]
    assert 1 <= window.points <= points


@given(some_tiers, spans, st.integers(2, 2000) | st.none())
def test_intervals_are_aligned_to_a_step_that_the_tier_can_give(
    tiers: tuple[Tier, ...], span: tuple[float, float], points: int | None
) -> None:
    window = choose_window(tiers, *span, points)
    assert window.start % window.step == 0
    assert window.step % window.tier == 0
    assert window.tier in {tier.step for tier in tiers}


@given(some_tiers, spans)
def test_one_point_spans_no_more_than_the_finest_tier_must(
    tiers: tuple[Tier, ...], span: tuple[float, float]
) -> None:
    window = choose_window(tiers, *span, 1)
    assert window.points == 1
    assert (window.start, window.end) == (tiers[0].floor(span[0]), tiers[0].ceil(span[1]))


@given(some_tiers, spans)
def test_no_window_is_wider_than_its_span_and_two_of_its_steps(
    tiers: tuple[Tier, ...], span: tuple[float, float]
) -> None:
    window = choose_window(tiers, *span, 300)
    assert window.end - window.start <= span[1] - span[0] + 2 * window.step


def test_without_points_the_finest_tier_gives_its_own_steps() -> None:
    assert choose_window(TIERS, 1005, 2001) == Window(1000, 10, 101, 10)


def test_the_coarsest_tier_that_still_resolves_is_read() -> None:
    assert choose_window(TIERS, 0, 6 * HOUR, 300) == Window(0, 120, 180, 60)
    assert choose_window(TIERS, 0, 300 * 60, 300) == Window(0, 60, 300, 60)
    assert choose_window(TIERS, 0, 300 * 59, 300) == Window(0, 60, 295, 10)
    assert choose_window(TIERS, 0, 10 * DAY, 300) == Window(0, 3000, 288, 600)


def test_an_unaligned_span_takes_a_wider_step_rather_than_one_more_point() -> None:
    assert choose_window((FINE,), 95, 295, 2) == Window(0, 200, 2, 10)


def test_an_empty_span_is_one_interval() -> None:
    assert choose_window(TIERS, 1000, 1000) == Window(1000, 10, 1, 10)
    assert choose_window(TIERS, 1000, 1000, 1) == Window(1000, 10, 1, 10)
    assert choose_window(TIERS, 1000, 990, 300) == Window(1000, 10, 1, 10)


def test_a_tier_covers_what_lies_within_its_retention() -> None:
    assert covering(TIERS, ALWAYS, NOW, NOW - DAY) == [FINE, MIDDLE, COARSE]
    assert covering(TIERS, ALWAYS, NOW, NOW - 2 * DAY) == [FINE, MIDDLE, COARSE]
    assert covering(TIERS, ALWAYS, NOW, NOW - 2 * DAY - 1) == [MIDDLE, COARSE]
    assert covering(TIERS, ALWAYS, NOW, NOW - 31 * DAY) == [COARSE]


def test_a_span_before_every_retention_is_read_from_the_tier_kept_longest() -> None:
    assert covering(TIERS, ALWAYS, NOW, 0) == [COARSE]


def test_a_tier_that_was_added_later_covers_only_what_it_holds() -> None:
    since = {10: int(NOW) - DAY, 60: int(NOW) - HOUR, 600: 0}
    assert covering(TIERS, since, NOW, NOW - 60) == [FINE, MIDDLE, COARSE]
    assert covering(TIERS, since, NOW, NOW - 2 * HOUR) == [FINE, COARSE]
    assert covering(TIERS, since, NOW, NOW - 2 * DAY) == [COARSE]


def test_before_the_oldest_data_every_tier_knows_as_much() -> None:
    since = dict.fromkeys(ALWAYS, int(NOW) - HOUR)
    assert covering(TIERS, since, NOW, NOW - DAY) == [FINE, MIDDLE, COARSE]
