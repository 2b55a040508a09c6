import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread
from starlette.applications import Starlette

from celeryscope.flush import Flush
from celeryscope.graphite import pictures
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.pictures import palette
from celeryscope.graphite.pictures.lines import lines
from celeryscope.graphite.pictures.look import Look, read_look
from celeryscope.graphite.pictures.time_axis import time_marks
from celeryscope.graphite.pictures.value_axis import Range, value_marks, value_range
from celeryscope.graphite.request import Parameters
from celeryscope.graphite.routes import routes
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span
from support.asgi import Client, Fields
from support.fake_store import FakeStore

pytestmark = pytest.mark.filterwarnings("ignore:Glyph .* missing from:UserWarning")

START = 1_700_000_040
SPAN = Span(START, START + 600)
APP_CSS = Path(pictures.__file__).parents[2] / "web/static/app.css"
TEXT = st.text(max_size=60) | st.sampled_from(
    ["$x^2$", "\\frac{", "<script>alert(1)</script>", "]]>", "-->", "_x", "x" * 5000, "\x00\x1b"]
)
VALUES = st.lists(st.floats() | st.just(float("nan")), max_size=30)


def series(*values: float, name: str = "a", step: int = 60, **options: str | float) -> TimeSeries:
    return TimeSeries(name, START, step, np.array(values, dtype=float), options=options)


def picture(kind: str, *drawn: TimeSeries, **asked: str) -> bytes:
    parameters = Parameters({key: [value] for key, value in asked.items()})
    return pictures.painter(kind, parameters)(drawn, SPAN)


def texts(svg: bytes) -> list[str]:
    found = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()) for text in found]


def pixels(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(imread(io.BytesIO(png)), dtype=np.float32)


def colors_in(png: bytes) -> set[str]:
    rows = np.rint(pixels(png)[..., :3].reshape(-1, 3) * 255).astype(int)
    return {"#{:02x}{:02x}{:02x}".format(*row) for row in np.unique(rows, axis=0)}


@pytest.fixture(scope="module")
def client() -> Client:
    store = FakeStore()
    store.write(Flush(START, 10, gauges={"g": 1.0, "h": 2.0}))
    return Client(Starlette(routes=routes(store, lambda: START + 20)))


@pytest.mark.parametrize(
    ("kind", "media_type", "begin"),
    [("png", "image/png", b"\x89PNG\r\n\x1a\n"), ("svg", "image/svg+xml", b"<?xml")],
)
def test_render_answers_pictures_that_run_nothing(
    client: Client, kind: str, media_type: str, begin: bytes
) -> None:
    answer = client.get("/render", {"target": "stats.gauges.*", "format": kind, "from": "-1min"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.content.startswith(begin)


@pytest.mark.parametrize("size", [(10, 10), (29, 58), (330, 250), (1201, 77)])
def test_a_picture_is_as_large_as_asked(size: tuple[int, int]) -> None:
    width, height = size
    asked = {"width": str(width), "height": str(height)}
    assert pixels(picture("png", series(1, 2), **asked)).shape[:2] == (height, width)
    root = ET.fromstring(picture("svg", series(1, 2), **asked))
    assert root.attrib["width"] == f"{width * 0.75:g}pt"
    assert root.attrib["height"] == f"{height * 0.75:g}pt"


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_request_has_the_same_picture_from_every_thread(kind: str) -> None:
    drawn = [series(1, 2, float("nan"), 4), series(3, 3, 1, name="b", stacked=True)]
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: picture(kind, *drawn), range(8)))) == 1


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, VALUES, st.sampled_from(["none", "first", "all", "stacked"]))
def test_any_name_and_value_makes_a_well_formed_picture(
    name: str, title: str, values: list[float], area_mode: str
) -> None:
    drawn = [series(*values, name=name), series(1, 2, name=name, secondYAxis=True)]
    svg = picture("svg", *drawn, title=title, vtitle=title, areaMode=area_mode)
    assert not {"script", "a", "image"} & {tag.rpartition("}")[2] for tag in tags(svg)}


def tags(svg: bytes) -> set[str]:
    return {element.tag for element in ET.fromstring(svg).iter()}


def test_names_are_shown_as_they_are() -> None:
    names = ["$x^2$", "_hidden", "<b>&amp;</b>", "\\alpha"]
    svg = picture("svg", *(series(1, 2, name=name) for name in names), title="$\\frac{1}{2}$")
    assert {*names, "$\\frac{1}{2}$"} <= set(texts(svg))


def test_a_long_name_keeps_its_start_and_its_end() -> None:
    name = "stats.timers." + "node." * 100 + "mean_90"
    (shown,) = [text for text in texts(picture("svg", series(1, name=name))) if "stats" in text]
    assert re.fullmatch(r"stats\.timers\..*….*\.mean_90", shown)


def test_a_legend_of_more_than_ten_has_to_be_asked_for() -> None:
    many = [series(1, name=f"series {place}") for place in range(11)]
    assert "series 0" in texts(picture("svg", *many[:10], width="800"))
    assert "series 0" not in texts(picture("svg", *many, width="800"))
    assert "series 0" in texts(picture("svg", *many, width="800", hideLegend="false"))
    assert "series 0" not in texts(picture("svg", *many[:1], hideLegend="true"))


def test_a_legend_counts_those_it_has_no_room_for() -> None:
    many = [series(1, name="x" * 40) for _ in range(300)]
    assert "and 296 more" in texts(picture("svg", *many, hideLegend="false"))


def test_only_the_graph_has_no_text() -> None:
    asked = {"graphOnly": "true", "title": "t", "vtitle": "v", "width": "600"}
    assert texts(picture("svg", series(1, 2), **asked)) == []


def test_no_values_are_said_to_be_none() -> None:
    assert "no data" in texts(picture("svg"))
    assert "no data" in texts(picture("svg", series(float("nan"))))
    assert "no data" not in texts(picture("svg", series(0)))


def test_invisible_series_are_neither_drawn_nor_named() -> None:
    svg = picture("svg", series(1, 2, name="unseen", invisible=True), series(1, name="seen"))
    assert "unseen" not in texts(svg)
    assert "seen" in texts(svg)


def test_series_take_the_colors_asked_for() -> None:
    drawn = [series(1, 1, 1, lineWidth=8, color="00FF00"), series(2, 2, 2, lineWidth=8)]
    found = colors_in(picture("png", *drawn, colorList="red,blue", bgcolor="black"))
    assert {"#00ff00", "#ff0000", "#000000"} <= found
    assert "#0000ff" not in found


def test_text_and_colors_are_seen_on_the_background() -> None:
    assert palette.palette_on("#ffffff") == palette.LIGHT
    assert palette.palette_on("#101412") == palette.DARK
    transparent = pixels(picture("png", series(1, 2), bgcolor="transparent"))
    assert transparent[0, 0, 3] == 0


def test_the_colors_are_those_of_the_web_pages() -> None:
    style = APP_CSS.read_text()
    pairs = re.findall(r"light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", style)
    assert (palette.LIGHT.ink, palette.DARK.ink) in pairs
    assert (palette.LIGHT.soft, palette.DARK.soft) in pairs
    assert (palette.LIGHT.grid, palette.DARK.grid) in pairs
    both = zip(palette.LIGHT.series, palette.DARK.series, strict=True)
    assert set(list(both)[:4]) <= set(pairs)


def test_a_gap_is_a_gap_and_a_single_value_a_dot() -> None:
    (line,) = lines([series(1, float("nan"), 2, float("nan"), 3, 4)], Look())
    assert np.isnan(line.values).tolist() == [False, True, False, True, False, False]
    assert line.single.tolist() == [0, 2]


def test_values_are_drawn_from_one_to_the_next_as_the_line_mode_says() -> None:
    gap = series(1, float("nan"), 2)
    (stairs,) = lines([gap], Look(line_mode="staircase"))
    assert (stairs.times - START).tolist() == [0, 60, 60, 120, 120, 180]
    np.testing.assert_equal(stairs.values, [1, 1, np.nan, np.nan, 2, 2])
    (connected,) = lines([gap], Look(line_mode="connected"))
    assert (connected.times - START).tolist() == [0, 120]
    assert connected.values.tolist() == [1, 2]


def test_stacked_areas_lie_on_top_of_one_another() -> None:
    low, high = lines([series(1, 2), series(10, float("nan"))], Look(area_mode="stacked"))
    np.testing.assert_equal((low.base, low.values), ([0, 0], [1, 2]))
    np.testing.assert_equal((high.base, high.values), ([1, 2], [11, np.nan]))


def test_an_area_between_two_series_starts_at_the_lower_one() -> None:
    lower, upper = series(1, 2, stacked=True, invisible=True), series(5, 6, stacked=True)
    _unseen, area = lines([lower, upper], Look())
    np.testing.assert_equal((area.base, area.values), ([1, 2], [5, 6]))


def test_only_the_first_series_is_an_area_if_asked() -> None:
    first, second = lines([series(1), series(2)], Look(area_mode="first"))
    assert first.base is not None
    assert second.base is None


def test_no_more_values_are_drawn_than_the_picture_is_wide() -> None:
    (line,) = lines([series(*range(1000))], Look(width=100))
    assert line.values.size <= 100


def test_many_series_share_the_values_that_a_picture_has() -> None:
    drawn = lines([series(*range(4000))] * 500, Look(width=4000))
    assert sum(line.values.size for line in drawn) <= 200_000


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (4, ["22:14:00\n14 Nov 2023", "22:14:01", "22:14:02", "22:14:03", "22:14:04"]),
        (7200, ["22:30\n14 Nov 2023", "23:00", "23:30", "00:00\n15 Nov 2023"]),
        (4 * 86_400, ["15 Nov\n2023", "16 Nov", "17 Nov", "18 Nov"]),
        (90 * 86_400, ["Dec\n2023", "Jan\n2024", "Feb"]),
    ],
)
def test_times_are_marked_where_clock_and_calendar_are_round(
    seconds: int, labels: list[str]
) -> None:
    assert [mark.label for mark in time_marks(START, START + seconds, UTC, 5)] == labels


def test_times_are_those_of_the_zone() -> None:
    in_tokyo = time_marks(START, START + 7200, ZoneInfo("Asia/Tokyo"), 5)
    assert in_tokyo[0].label == "07:30\n15 Nov 2023"


def test_an_hour_that_clocks_go_back_to_is_marked_both_times() -> None:
    berlin, ends = ZoneInfo("Europe/Berlin"), 1_698_541_200  # 2023-10-29 03:00, then 02:00
    marks = time_marks(ends - 3600, ends + 3600, berlin, 4)
    shown = [mark.label.partition("\n")[0] for mark in marks]
    assert shown == ["02:00", "02:30", "02:00", "02:30", "03:00"]


@given(
    st.integers(0, 7_000_000_000),
    st.integers(1, 250_000_000),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.integers(2, 40),
)
def test_marks_are_few_in_order_and_within_the_range(
    start: int, length: int, zone: str, most: int
) -> None:
    times = [mark.time for mark in time_marks(start, start + length, ZoneInfo(zone), most)]
    assert times == sorted(set(times))
    assert all(start <= time <= start + length for time in times)
    assert len(times) <= most + 2


@pytest.mark.parametrize(
    ("over", "system", "labels"),
    [
        (Range(0, 2400), "si", ["0.0", "0.5k", "1.0k", "1.5k", "2.0k"]),
        (Range(0, 2400), "none", ["0", "500", "1000", "1500", "2000"]),
        (Range(0, 3 * 2**20), "binary", ["0", "1Mi", "2Mi", "3Mi"]),
        (Range(-1, 1), "si", ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (Range(1.0, 1.00004), "si", ["1.00000", "1.00001", "1.00002", "1.00003", "1.00004"]),
    ],
)
def test_values_are_marked_where_they_are_round(
    over: Range, system: str, labels: list[str]
) -> None:
    assert [label for _value, label in value_marks(over, 5, system)] == labels


@given(VALUES, st.integers(2, 100))
def test_an_axis_reaches_over_all_values_and_has_few_marks(values: list[float], most: int) -> None:
    drawn = np.array([value for value in values if abs(value) < 1e100])
    over = value_range([drawn])
    assert over.low < over.high
    assert ((over.low <= drawn) & (drawn <= over.high)).all()
    assert len(value_marks(over, most, "si")) <= most + 2


def test_an_axis_starts_where_it_is_told_to() -> None:
    assert value_range([np.array([5.0, 6.0])], 0, 100) == Range(0, 100)
    assert value_range([np.array([1.0, 6.0])]).low == 0


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"width": "9"}, "width is 9; allowed are 10 to 4,000 pixels"),
        ({"height": "4001"}, "height is 4001; allowed are 10 to 4,000 pixels"),
        ({"width": "1e3"}, "width is '1e3'; allowed is a whole number"),
        ({"bgcolor": "url(x)"}, "bgcolor is 'url(x)'; allowed is RRGGBB, RRGGBBAA or a name"),
        ({"fgcolor": "0.5"}, "fgcolor is '0.5'; allowed is RRGGBB, RRGGBBAA or a name"),
        ({"colorList": "red,,blue"}, "colorList is ''; allowed is RRGGBB, RRGGBBAA or a name"),
        ({"colorList": "red," * 200}, "colorList has 201 colors; allowed are 100"),
        ({"areaMode": "x"}, "areaMode is 'x'; allowed is none or first or all or stacked"),
        ({"areaAlpha": "2"}, "areaAlpha is '2'; allowed is a number from 0 to 1"),
        ({"lineMode": "x"}, "lineMode is 'x'; allowed is slope or staircase or connected"),
        ({"lineWidth": "nan"}, "lineWidth is 'nan'; allowed is a number from 0 to 100"),
        ({"yMin": "x"}, "yMin is 'x'; allowed is a number from -1e+100 to 1e+100"),
        ({"yMin": "2", "yMax": "1"}, "yMin is 2 and yMax 1; allowed is yMin below yMax"),
        ({"yUnitSystem": "x"}, "yUnitSystem is 'x'; allowed is si or binary or none"),
        ({"hideGrid": "x"}, "hideGrid is 'x'; allowed is 1 or true"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(
    asked: Fields, why: str, client: Client
) -> None:
    answer = client.get("/render", {"format": "svg", **asked})
    assert answer.status_code == 400
    assert answer.text.startswith(why)


def test_options_that_are_not_given_have_their_defaults() -> None:
    assert read_look(Parameters({"width": [""]})) == Look()


def test_a_series_with_a_color_that_there_is_not_is_refused(client: Client) -> None:
    asked = {"target": "color(constantLine(1),'C0')", "format": "png"}
    answer = client.get("/render", asked)
    assert answer.status_code == 400
    assert answer.text.startswith("color is 'C0'; allowed is RRGGBB, RRGGBBAA or a name")


def test_a_picture_has_a_limit_of_series() -> None:
    with pytest.raises(RequestError, match="there are 501 series to draw; allowed are 500"):
        picture("png", *[series(1)] * 501)


def test_without_the_extra_a_picture_is_refused_with_what_to_install(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "find_spec", lambda _name: None)
    answer = client.get("/render", {"target": "a", "format": "png"})
    assert answer.status_code == 501
    assert "pip install 'celeryscope[pictures]'" in answer.text
