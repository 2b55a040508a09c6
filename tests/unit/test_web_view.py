from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeryscope.web.view import SORTS, BadQueryError, View

_TEXT = st.text(max_size=50).map(str.strip)


def _parsed(query: str) -> View:
    return View.of(dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True)))


@given(
    st.builds(
        View,
        range=st.sampled_from(["", "5m", "6h", "45d", "1y"]),
        zoom=st.none() | st.integers(0, 4_000_000_000).map(lambda start: (start, start + 600)),
        app=_TEXT,
        module=_TEXT,
        task=_TEXT,
        q=_TEXT,
        sort=st.sampled_from(SORTS) | st.sampled_from(SORTS).map("-{}".format),
        rows=st.sampled_from(["", "all"]),
    )
)
def test_a_view_comes_back_from_its_query(view: View) -> None:
    assert _parsed(view.query()) == view


def test_what_is_as_usual_is_not_in_the_query() -> None:
    assert View().query() == ""
    assert View(range="6h").query(app="shop") == "?range=6h&app=shop"


def test_empty_and_unknown_keys_change_nothing() -> None:
    assert _parsed("?app=&utm_source=mail&range=") == View()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("range=6x", "range=6x is not valid: use a number and m, h, d, w or y, from 5m to 1y."),
        (
            "sort=name",
            "sort=name is not valid: use task, rate, runs, failed, p50, p95, p99, total.",
        ),
        ("sort=--runs", "sort=-runs is not valid"),
        ("rows=7", "rows=7 is not valid: use all."),
        ("from=1", "until= is not valid: use whole Unix seconds; `from` and `until` go together."),
        ("from=1&until=x", "until=x is not valid"),
        ("from=-5&until=100", "from=-5 is not valid"),
        ("from=9&until=10", "until=10 is not valid: use a time from 10 seconds to 366 days after"),
        ("from=0&until=99999999", "until=99999999 is not valid"),
        ("from=0&until=" + "9" * 400, "until=999"),
        ("q=" + "x" * 201, "at most 200 characters"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(query: str, message: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        _parsed(query)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_click_on_a_column_sorts_by_it_and_the_next_turns_it_round() -> None:
    assert View(sort="-runs").sorted_by("failed") == "?sort=-failed"
    assert View(sort="-failed").sorted_by("failed") == "?sort=failed"
    assert View(sort="failed").sorted_by("failed") == "?sort=-failed"
    assert View(sort="-runs").sorted_by("task") == "?sort=task"
    assert View(sort="task").sorted_by("task") == "?sort=-task"


def test_a_zoom_is_fixed_and_a_range_follows_the_clock() -> None:
    assert View(range="5m").span(1000, "6h").start == 700
    assert View().span(1000, "15m").start == 100
    assert View().span(1000, "15m").follows
    zoomed = View(range="5m", zoom=(10, 60)).span(1000, "6h")
    assert (zoomed.start, zoomed.end, zoomed.follows) == (10, 60, False)
