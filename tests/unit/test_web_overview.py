import numpy as np
import pytest

from celeryscope.flush import Flush
from celeryscope.naming import Layout, Paths
from celeryscope.sketch import Distribution, Floats
from celeryscope.web import catalog
from celeryscope.web.catalog import Task
from celeryscope.web.overview import Overview, overview
from celeryscope.web.ranges import Span
from celeryscope.web.taskpage import task_page
from celeryscope.web.view import View
from support.fake_store import FakeStore

NOW = 1_700_000_400
HALF_HOUR = Span(NOW - 1800, NOW, follows=True)


class Scene:
    """A store with a minute's flushes of two tasks, and all run times as they were."""

    def __init__(self, minutes: int, slower: float = 1.0) -> None:
        self.store = FakeStore()
        self.times: list[float] = []
        random = np.random.default_rng(3)
        for number in range(minutes):
            start = NOW - 60 * (minutes - number)
            factor = slower if number >= minutes - 30 else 1.0
            self._write(
                start, random.lognormal(3, 1, 40) * factor, random.lognormal(6, 1, 8) * factor
            )

    def _write(self, start: int, quick: Floats, slow: Floats) -> None:
        paths = Paths()
        quick_path, slow_path = paths.task("shop.ping"), paths.task("shop.reports.build")
        self.times += [*quick, *slow]
        self.store.write(
            Flush(
                start,
                60,
                counters={
                    f"{quick_path}.success": 36,
                    f"{quick_path}.failure": 4,
                    f"{quick_path}.exception.KeyError": 3,
                    f"{quick_path}.exception.OSError": 1,
                    f"{slow_path}.success": 8,
                },
                timers={
                    f"{quick_path}.runtime": Distribution.of(quick),
                    f"{slow_path}.runtime": Distribution.of(slow),
                },
            )
        )

    @property
    def tasks(self) -> list[Task]:
        return catalog.tasks(self.store, "celery", Layout.LEVELS)

    def overview(self, span: Span = HALF_HOUR) -> Overview:
        return overview(self.store, self.tasks, View(), span)


def test_the_figures_answer_with_number_and_unit() -> None:
    figures = {figure.key: figure for figure in Scene(minutes=30).overview().figures}
    assert str(figures["throughput"].value) == "48.0 /min"
    assert str(figures["failed"].value) == "8.33 %"
    assert figures["throughput"].meaning == "highest 48.0 /min"
    assert not figures["throughput"].compared


def test_a_figure_without_data_is_not_drawn() -> None:
    page = Scene(minutes=30).overview()
    assert [figure.key for figure in page.figures] == ["throughput", "failed", "runtime"]
    assert [chart.key for chart in page.charts] == ["throughput", "failed", "runtime"]


def test_figures_compare_with_the_span_before() -> None:
    figures = {figure.key: figure for figure in Scene(minutes=60, slower=2).overview().figures}
    assert (figures["throughput"].meaning, figures["throughput"].tone) == ("unchanged", "calm")
    assert (figures["failed"].meaning, figures["failed"].tone) == ("unchanged", "calm")
    runtime = figures["runtime"]
    assert runtime.meaning.startswith("+")
    assert runtime.compared
    quicker = {figure.key: figure for figure in Scene(60, slower=0.1).overview().figures}
    assert quicker["runtime"].meaning.startswith("\u2212")
    assert quicker["runtime"].tone == "good"


def test_percentiles_are_true_for_all_tasks_together() -> None:
    scene = Scene(minutes=30)
    (figure,) = (one for one in scene.overview().figures if one.key == "runtime")
    exact = np.sort(scene.times)[round(0.95 * len(scene.times)) - 1]
    said = float(figure.value.number) * {"ms": 1, "s": 1000}[figure.value.unit]
    assert said == pytest.approx(exact, rel=0.012)


def test_the_rows_and_the_page_count_the_same_runs() -> None:
    page = Scene(minutes=30).overview()
    assert sum(row.runs for row in page.table.rows) == page.runs == 30 * 48


def test_a_span_without_flushes_has_no_charts_and_no_rows() -> None:
    page = Scene(minutes=30).overview(Span(NOW - 90_000, NOW - 80_000, follows=False))
    assert (page.figures, page.charts, page.table.rows) == ([], [], [])


def test_a_task_page_counts_failures_by_exception() -> None:
    scene = Scene(minutes=30)
    page = task_page(scene.store, scene.tasks[0], HALF_HOUR)
    rows = [(row.key, row.name, row.failures, row.share) for row in page.exceptions]
    assert rows == [("e0", "KeyError", 90, 0.75), ("e1", "OSError", 30, 0.25)]
    labels = [line.label for line in page.exception_chart.lines]
    assert labels == ["OSError", "KeyError"]
    assert "exceptions" in page.drawing["charts"]


def test_a_task_page_has_its_run_times_in_full() -> None:
    scene = Scene(minutes=30)
    page = task_page(scene.store, scene.tasks[1], HALF_HOUR)
    assert sum(runs for _, _, runs in page.heatmap.cells) == 30 * 8
    assert "exceptions" not in page.drawing["charts"]


def test_many_exception_classes_are_drawn_as_few_lines() -> None:
    store = FakeStore()
    path = Paths().task("a.b.c")
    counters = {f"{path}.exception.E{number}": float(10 - number) for number in range(8)}
    store.write(Flush(NOW - 60, 60, counters=counters))
    (task,) = catalog.tasks(store, "celery", Layout.LEVELS)
    page = task_page(store, task, Span(NOW - 300, NOW, follows=True))
    assert [row.name for row in page.exceptions] == [f"E{number}" for number in range(8)]
    assert [line.label for line in page.exception_chart.lines] == ["others", "E3", "E2", "E1", "E0"]
    assert np.nansum(page.exception_chart.lines[0].values) == 6 + 5 + 4 + 3
