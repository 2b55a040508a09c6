"""Series of which nothing is kept any more leave the names."""

from pathlib import Path

import pytest

from celeryscope.flush import Flush
from celeryscope.metrics import Kind
from celeryscope.sketch import Distribution
from celeryscope.store import dead, upkeep
from celeryscope.store.duckdb import DuckDBStore
from support.stores import START, opened, put, runs, total

SMALL = "10s:10m,1m:1h"
LATER = START + 2 * 3600


def fill(store: DuckDBStore) -> None:
    """Write one series of each kind that ends soon, and one that goes on."""
    timers = {"old.time": Distribution.of([1])}
    store.write(Flush(START, 10, {"old.count": 1, "jobs": 1}, {"old": 1}, {"old.set": 2}, timers))
    put(store, ("old.plain", START, 1))
    store.write(runs(LATER))


def sweep(store: DuckDBStore) -> None:
    store.maintain(LATER)
    while store.tidy(LATER):
        continue


def names(store: DuckDBStore) -> list[str]:
    return [".".join(node.path) for kind in Kind for node in store.find(kind, ["**"])]


def test_a_series_goes_when_nothing_of_it_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL, LATER) as store:
        fill(store)
        assert store.series_count == 6
        sweep(store)
        assert (names(store), store.series_count) == (["jobs"], 1)
        assert total(store, LATER - 3600, LATER + 10) == 1
    with opened(tmp_path, SMALL, LATER) as store:
        assert names(store) == ["jobs"]


def test_a_series_that_comes_back_is_another_one(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL, LATER) as store:
        fill(store)
        before = {n.series.id for kind in Kind for n in store.find(kind, ["**"]) if n.series}
        sweep(store)
    with opened(tmp_path, SMALL, LATER) as store:
        store.write(Flush(LATER, 10, {"old.count": 5, "new": 1}))
        put(store, ("old.plain", LATER, 1))
        after = [store.find(*where)[0].series for where in WHERE]
        assert all(one is not None and one.id not in before for one in after)
        assert [one.first_seen for one in after if one] == [LATER] * 3


WHERE = [(Kind.COUNTER, ["old", "count"]), (Kind.COUNTER, ["new"]), (Kind.PLAIN, ["old", "plain"])]


def test_a_branch_goes_with_its_last_series(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL, LATER) as store:
        store.write(Flush(START, 10, {"a.b.c": 1, "a.b": 1, "a.d": 1}))
        store.write(Flush(LATER, 10, {"a.b": 1}))
        sweep(store)
        [node] = store.find(Kind.COUNTER, ["a", "*"])
        assert (node.path, node.has_children) == (("a", "b"), False)


def test_a_series_that_is_written_while_the_dead_are_looked_for_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = dead.dead_series
    with opened(tmp_path, SMALL, LATER) as store:
        fill(store)

        def slow(*args: object) -> list[int]:
            found = find(*args)  # type: ignore[arg-type]
            store.write(Flush(LATER, 10, {"old.count": 3}))
            return found

        monkeypatch.setattr(upkeep, "dead_series", slow)
        sweep(store)
        assert set(names(store)) == {"jobs", "old", "old.count"}
        [node] = store.find(Kind.COUNTER, ["old", "count"])
        assert node.series is not None
        window = store.window(LATER, LATER + 10)
        assert store.scalars([node.series], window).total.tolist() == [[3]]


def test_tags_come_and_go_with_their_series(tmp_path: Path) -> None:
    with opened(tmp_path, SMALL, LATER) as store:
        put(store, ("disk;host=old", START, 1), ("disk;dc=1;host=new", LATER - 60, 1))
        store.write(Flush(START, 10, {"jobs;queue=mail": 1}, {}, {}, {}))
        assert store.tags.names() == ["dc", "host", "queue"]
    with opened(tmp_path, SMALL, LATER) as store:
        assert store.tags.values("host") == ["new", "old"]
        sweep(store)
        assert store.tags.names() == ["dc", "host"]
        assert [one.name for one in store.tags.having("dc", "1")] == ["disk;dc=1;host=new"]
        assert store.tags.find(Kind.COUNTER, ["**"]) == []
