"""Every query of the Graphite edition, as Grafana asks it, has an answer of the right shape."""

import time
from collections.abc import Callable, Iterator, Sequence

import httpx
import pytest

from celeryscope.grafana.model import Edition
from support.grafana import Board, Chosen, Option, Span, boards, options
from support.grafana_sources import Graphite, every, last, panels, two
from support.panel_shapes import assert_shape, panels_of
from support.sample import STEP, TASKS
from support.server import celeryscope_server
from support.stores import opened
from support.whole_sample import MINUTES, QUEUES, WORKERS, flushes

RETENTIONS = "1m:1d"
PANELS = panels_of(Edition.GRAPHITE)
BOARDS = {board.uid: board for board in boards(Edition.GRAPHITE)}

every_board = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))


@pytest.fixture(scope="module")
def graphite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graphite]:
    folder = tmp_path_factory.mktemp("server")
    now = time.time()
    with opened(folder / "data", RETENTIONS, now) as store:
        for flush in flushes(now):
            store.write(flush)
    end = int(now) // STEP * STEP
    flags = ["--retentions", RETENTIONS, "--flush-interval", "1m"]
    with celeryscope_server(folder, flags) as server, httpx.Client(base_url=server.url) as client:
        yield Graphite(client, Span(end - MINUTES * STEP, end, points=30))


@every_board
@pytest.mark.parametrize("choose", [every, two, last])
def test_every_target_has_an_answer_in_both_modes(
    graphite: Graphite, board: Board, choose: Callable[[Sequence[Option]], Chosen]
) -> None:
    chosen = board.choices(graphite.variable, choose)
    for title, targets in panels(board, chosen, graphite.span):
        panel = PANELS[board.uid, title]
        asked = [(target.ref_id, text) for target, text in targets]
        assert "$" not in str(asked)
        in_browser = graphite.panel(asked)
        for letter, text in asked:
            drawn, alone = in_browser[letter], graphite.target(text)
            assert drawn.keys() == alone.keys(), text
            assert drawn, text
            for values in drawn.values():
                assert_shape(panel, values, text)


def test_levels_are_chosen_one_after_the_other(graphite: Graphite) -> None:
    board = BOARDS["celeryscope-tasks-graphite"]
    app, module, task = (board.variable(name)["query"] for name in ("app", "module", "task"))
    assert_found(graphite, board, app, {}, {name.partition(".")[0] for name in names()} | {"_"})
    assert_found(graphite, board, module, {"app": ["shop"]}, {"orders-tasks", "mail-tasks"})
    chosen: dict[str, Chosen] = {"app": ["shop", "media"], "module": ["mail-tasks", "video"]}
    assert_found(graphite, board, task, chosen, {"send_receipt", "digest", "transcode"})


def names() -> set[str]:
    return {work.name for work in TASKS if "." in work.name}


def assert_found(
    graphite: Graphite, board: Board, query: str, chosen: dict[str, Chosen], wanted: set[str]
) -> None:
    text = board.interpolated(query, {"prefix": "celery", **chosen})
    assert set(graphite.variable(text)) == wanted


def test_a_series_of_the_overview_is_a_value_of_the_variable_that_its_link_sets(
    graphite: Graphite,
) -> None:
    for board in BOARDS.values():
        chosen = board.choices(graphite.variable, every)
        for title, targets in panels(board, chosen, graphite.span):
            link = PANELS[board.uid, title].link
            if link.sets:
                found = offered(graphite, BOARDS[f"celeryscope-{link.to}-graphite"], link.sets)
                for _, text in targets:
                    assert set(graphite.target(text)) <= found, text


def offered(graphite: Graphite, board: Board, name: str) -> set[str]:
    """Return all values of a variable."""
    seen: dict[str, list[str]] = {}

    def ask(query: str) -> list[str]:
        seen[query] = graphite.variable(query)
        return seen[query]

    chosen = board.choices(ask, every)
    variable = board.variable(name)
    found = seen[board.interpolated(variable["query"], chosen)]
    return {one.value for one in options(variable, found)}


def test_totals_and_ratios_are_those_of_the_sample(graphite: Graphite) -> None:
    board = BOARDS["celeryscope-tasks-graphite"]
    chosen = board.choices(graphite.variable, every)
    texts = {target.panel: board.interpolated(target.text, chosen) for target in board.targets()}
    counted = {"prerun": 0.0, "success": 0.0, "failure": 0.0}
    for flush in flushes(graphite.span.end):
        for leaf in counted:
            counted[leaf] += sum(
                count
                for name, count in flush.counters.items()
                if ".task." in name and name.endswith(f".{leaf}")
            )
    (runs,) = graphite.target(texts["Runs"]).values()
    (failed,) = graphite.target(texts["Failed"]).values()
    assert set(runs) == {counted["prerun"]}
    ended = counted["success"] + counted["failure"]
    assert failed[-1] == pytest.approx(counted["failure"] / ended)


def test_a_backlog_grows_by_what_is_published_and_not_started(graphite: Graphite) -> None:
    board = BOARDS["celeryscope-queues-graphite"]
    chosen = board.choices(graphite.variable, every)
    texts = {target.panel: board.interpolated(target.text, chosen) for target in board.targets()}
    (waiting,) = graphite.target(texts["Published and not started"]).values()
    grown = sum(
        flush.counters[f"celery.queue.{queue}.published"]
        - flush.counters[f"celery.queue.{queue}.prerun"]
        for flush in flushes(graphite.span.end)
        for queue in QUEUES
    )
    assert waiting[-1] == pytest.approx(grown)
    assert len(graphite.target(texts["Slots busy by worker"])) == len(WORKERS)
