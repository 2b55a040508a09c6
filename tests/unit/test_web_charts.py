import numpy as np

from celeryscope.store.protocol import Window
from celeryscope.web import charts
from celeryscope.web.charts import Chart, Line

WINDOW = Window(start=600, step=10, points=4, tier=10)


def test_a_gap_is_null_and_numbers_are_short() -> None:
    chart = Chart("runtime", "Run time", "ms", (Line("p50", "p50", np.array([1 / 3, np.nan, 7])),))
    assert chart.data(2)["lines"] == [{"key": "p50", "label": "p50", "values": [0.33333, None]}]


def test_rates_take_the_unit_of_their_highest_sum() -> None:
    rates = np.array([[0.01, np.nan], [0.02, 0.0]])
    chart = charts.rates("throughput", "Throughput", ("a", "b"), ("a", "b"), rates)
    assert chart.unit == "/min"
    assert chart.lines[1].values.tolist() == [1.2, 0]


def test_a_summary_says_what_each_line_shows() -> None:
    lines = (
        Line("p50", "p50", np.array([100, np.nan, 300])),
        Line("p99", "p99", np.array([np.nan, np.nan, np.nan])),
    )
    assert Chart("runtime", "Run time", "ms", lines).summary == (
        "p50: 200 ms on average, from 100 ms to 300 ms. p99: no data."
    )


def test_the_drawing_has_only_charts_with_data_and_ends_with_the_last_interval() -> None:
    known = Chart("a", "A", "%", (Line("a", "a", np.array([1.0, 2, 3, 4])),))
    unknown = Chart("b", "B", "%", (Line("b", "b", np.full(4, np.nan)),))
    drawing = charts.drawing([known, unknown], WINDOW, 3, follows=True)
    assert drawing["times"] == [600, 610, 620]
    assert (drawing["start"], drawing["end"], drawing["step"]) == (600, 630, 10)
    assert list(drawing["charts"]) == ["a"]
