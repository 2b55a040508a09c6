"""Every query of every dashboard, asked of all that may answer it, after one real Celery run.

They are this server, graphite-web behind node statsd and carbon, and a Prometheus that scrapes
this server.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from math import isfinite

import pytest

from celeryscope.grafana.model import Edition
from celeryscope.graphite.target import Call, Expression, parse
from celeryscope.graphite.target import Path as MetricPath
from celeryscope.naming import Paths
from support.dashboard_app import QUEUES, UNKNOWN
from support.grafana import Board, Chosen, Option, Target, boards, options
from support.grafana_sources import Graphite, Prometheus, Values, every, panels, two
from support.panel_shapes import assert_shape, panels_of
from support.three_sources import Sources, three_sources

Choose = Callable[[Sequence[Option]], Chosen]
Answers = Mapping[str, dict[str, Values]]
"""What each target got, by its letter."""

EXACT, SKETCH = 1e-9, 0.01
SKETCHED = re.compile(r"upper_|mean_90|median")
SELECTOR = re.compile(r"\b([a-z]\w*)\{")

# Why no source has data of a series after this run; `*` is any nodes.
NOT_IN_THE_RUN = {
    "task.*.aborted": "no worker was shut down before its tasks had ended",
    "task.*.wait_clamped": "all processes had the same clock",
    "celeryscope.client.dropped": "no socket refused a datagram",
    "celeryscope.flush.dropped": "every flush was stored",
    "celeryscope.carbon.bad_lines.*": "nobody sent Carbon points",
    "celeryscope.carbon.dropped.*": "nobody sent Carbon points",
    "celeryscope.carbon.duration": "nobody sent Carbon points",
    "celeryscope.carbon.points": "nobody sent Carbon points",
    "celeryscope.carbon.queue": "nobody sent Carbon points",
    "celeryscope.carbon.too_old": "nobody sent Carbon points",
    "celeryscope.outputs.*.dropped": "there is no output but /metrics, which drops nothing",
    "celeryscope.outputs.*.queue": "there is no output but /metrics, for which nothing waits",
    "celeryscope.outputs.*.replayed": "there is no output but /metrics, which has no outages",
}
# What there is only on a machine that was too slow for a moment.
IF_SLOW = ("celeryscope.client.lost", "celeryscope.dropped.*", "celeryscope.flush.late")
# What the server tells of itself; node statsd has other names for what it knows of itself.
NOT_OF_NODE = (
    "celeryscope.backlog",
    "celeryscope.bad_lines.*",
    "celeryscope.client.loss",
    "celeryscope.flush.duration",
    "celeryscope.flush.lag",
    "celeryscope.flush.queue",
    "celeryscope.lines",
    "celeryscope.outputs.*.sent",
    "celeryscope.packets",
    "celeryscope.series",
)
# The rest of what was not in the run stands in /metrics as 0, from the server's start on.
NOT_SCRAPED = (
    "celeryscope_carbon_bad_lines_total",
    "celeryscope_carbon_dropped_total",
    "celeryscope_carbon_duration_seconds",
    "celeryscope_carbon_queue",
    "celeryscope_output_dropped_total",
    "celeryscope_output_queue",
    "celeryscope_output_replayed_total",
)
SCRAPED_IF_SLOW = ("celeryscope_dropped_total",)


def cases(edition: Edition) -> list[tuple[Board, Choose]]:
    """Return each dashboard with each way to choose; one where there is no choice."""
    return [
        (board, choose)
        for board in boards(edition)
        for choose in (every, two)
        if choose is every or any(one["multi"] for one in board.queries())
    ]


def named(case: object) -> str:
    return case.uid if isinstance(case, Board) else str(getattr(case, "__name__", case))


in_graphite = pytest.mark.parametrize(("board", "choose"), cases(Edition.GRAPHITE), ids=named)
in_prometheus = pytest.mark.parametrize(("board", "choose"), cases(Edition.PROMETHEUS), ids=named)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    with three_sources(tmp_path_factory.mktemp("sources")) as filled:
        yield filled


@in_graphite
def test_ours_and_graphite_web_answer_alike_in_both_modes(
    sources: Sources, board: Board, choose: Choose
) -> None:
    chosen = board.choices(offered_by(sources.ours, sources.graphite_web), choose)
    for title, targets in panels(board, chosen, sources.ours.span):
        texts = {target.ref_id: text for target, text in targets}
        ours, theirs = (draw(one, texts) for one in (sources.ours, sources.graphite_web))
        unsure = (*NOT_IN_THE_RUN, *IF_SLOW)
        assert letters(targets, unsure) <= ours.keys() <= letters(targets, NOT_IN_THE_RUN), title
        assert theirs.keys() == letters(targets, (*unsure, *NOT_OF_NODE)), title
        panel = panels_of(Edition.GRAPHITE)[board.uid, title]
        for letter, found in ours.items():
            for values in found.values():
                assert_shape(panel, values, texts[letter])
        for letter, found in theirs.items():
            assert_alike(ours[letter], found, texts[letter])


@in_prometheus
def test_prometheus_answers(sources: Sources, board: Board, choose: Choose) -> None:
    chosen = board.choices(offered_by(sources.prometheus), choose)
    for title, targets in panels(board, chosen, sources.prometheus.span):
        panel = panels_of(Edition.PROMETHEUS)[board.uid, title]
        for target, text in targets:
            found = with_data(sources.prometheus.target(text, instant=target.instant))
            assert may_be_missing(text) or bool(found) is is_scraped(text), text
            for values in found.values():
                assert_shape(panel, values, text)


def test_tasks_that_ran_or_were_published_are_offered(sources: Sources) -> None:
    board = next(one for one in boards(Edition.GRAPHITE) if "-task-" in one.uid)
    variable = board.variable("name")
    query = board.interpolated(variable["query"], {"prefix": "celery"})
    wanted = {Paths().task(name).removeprefix("celery.task.") for name in (*QUEUES, UNKNOWN)}
    for source in (sources.ours, sources.graphite_web):
        assert {one.value for one in options(variable, source.variable(query))} == wanted


def test_tasks_that_ran_are_offered_by_prometheus(sources: Sources) -> None:
    board = next(one for one in boards(Edition.PROMETHEUS) if "-task-" in one.uid)
    query = board.interpolated(board.variable("name")["query"], {"job": ["celeryscope"]})
    assert set(sources.prometheus.variable(query)) == set(QUEUES)


def test_what_has_no_data_is_asked_for() -> None:
    graphite = {
        path
        for board in boards(Edition.GRAPHITE)
        for one in board.targets()
        for path in series(one)
    }
    for key in (*NOT_IN_THE_RUN, *IF_SLOW, *NOT_OF_NODE):
        assert any(fnmatchcase(path, key) for path in graphite), key
    prometheus = " ".join(t.text for board in boards(Edition.PROMETHEUS) for t in board.targets())
    assert {*NOT_SCRAPED, *SCRAPED_IF_SLOW} <= set(SELECTOR.findall(prometheus))


def offered_by(*sources: Graphite | Prometheus) -> Callable[[str], list[str]]:
    """Return how to ask what a variable offers, which all have to agree on."""

    def ask(query: str) -> list[str]:
        first, *others = (one.variable(query) for one in sources)
        assert first, query
        assert all(set(one) == set(first) for one in others), query
        return first

    return ask


def draw(source: Graphite, asked: Mapping[str, str]) -> Answers:
    """Return what has data of a panel's targets, which is the same in both modes."""
    in_browser = source.panel(list(asked.items()))
    drawn = {}
    for letter, text in asked.items():
        assert in_browser[letter].keys() == source.target(text).keys(), text
        found = with_data(in_browser[letter])
        if found:
            drawn[letter] = found
    return drawn


def with_data(found: Mapping[str, Values]) -> dict[str, Values]:
    """Return the series that have a value, with None for what is no number."""
    known = {
        name: [value if value is not None and isfinite(value) else None for value in values]
        for name, values in found.items()
    }
    return {name: values for name, values in known.items() if set(values) - {None}}


def assert_alike(ours: Mapping[str, Values], theirs: Mapping[str, Values], text: str) -> None:
    assert ours.keys() == theirs.keys(), text
    tolerance = SKETCH if SKETCHED.search(text) else EXACT
    for name, values in theirs.items():
        told = [value is None for value in ours[name]]
        assert told == [value is None for value in values], (text, name)
        expected = pytest.approx([value or 0 for value in values], rel=tolerance, abs=1e-9)
        assert [value or 0 for value in ours[name]] == expected, (text, name)


def letters(targets: Sequence[tuple[Target, str]], absent: Collection[str]) -> set[str]:
    """Return the letters of those targets that ask for more than what is absent."""
    return {target.ref_id for target, _ in targets if not all_absent(series(target), absent)}


def all_absent(asked: Collection[str], absent: Collection[str]) -> bool:
    return all(any(fnmatchcase(one, key) for key in absent) for one in asked)


def is_scraped(text: str) -> bool:
    """Tell whether an expression asks for what is in /metrics, or has a value without it."""
    return "vector(0)" in text or not all_absent(SELECTOR.findall(text), NOT_SCRAPED)


def may_be_missing(text: str) -> bool:
    return all_absent(SELECTOR.findall(text), SCRAPED_IF_SLOW)


def series(target: Target) -> list[str]:
    """Return the series that a target of Graphite asks for, without prefix and statistic."""
    text = target.text.replace("-$objective", "-100").replace("$target", "30000")
    found = []
    for path in paths(parse(text)):
        _, kind, *nodes = path.replace("$prefix.", "").split(".")
        found.append(".".join(nodes if kind == "gauges" else nodes[:-1]))
    return found


def paths(expression: Expression) -> Iterator[str]:
    if isinstance(expression, MetricPath):
        yield expression.text
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from paths(argument)
