"""Events are kept like all else: through restarts, in old files, and until they are too old."""

from dataclasses import replace
from pathlib import Path

import duckdb

from celeryscope.store.duckdb import FILE, DuckDBStore
from celeryscope.store.protocol import Event
from support.stores import START, opened, runs

RELEASE = Event(START, "release 42", ("deploy", "shop"), "by Ann")
RESTART = Event(START + 5, "restart", ("shop",))
ALERT = Event(START + 9, "alert")
ALL = (ALERT, RELEASE, RESTART)


def fill(store: DuckDBStore) -> None:
    for event in ALL:
        store.events.add(event)


def found(
    store: DuckDBStore, *tags: str, span: tuple[int, int] = (0, 2**40), any_tag: bool = False
) -> list[str]:
    start, end = span
    return [one.what for one in store.events.find(start, end, tags, any_tag=any_tag, limit=10)]


def test_events_are_found_by_range_and_tags_in_the_order_of_time(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        fill(store)
        assert found(store) == ["release 42", "restart", "alert"]
        assert found(store, span=(START, START + 5)) == ["release 42", "restart"]
        assert found(store, span=(START + 1, START + 4)) == []
        assert found(store, "shop") == ["release 42", "restart"]
        assert found(store, "shop", "deploy") == ["release 42"]
        assert found(store, "deploy", "alert", any_tag=True) == ["release 42"]
        assert found(store, "Shop") == []


def test_an_answer_has_at_most_as_many_events_as_asked_for_the_oldest_first(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        fill(store)
        (first,) = store.events.find(0, 2**40, (), any_tag=False, limit=1)
    assert first == replace(RELEASE, id=2)


def test_events_and_their_numbers_outlive_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        fill(store)
    with opened(tmp_path) as store:
        store.events.add(RELEASE)
        assert store.events.get(2) == replace(RELEASE, id=2)
        assert store.events.get(4) == replace(RELEASE, id=4)
        assert store.events.get(5) is None


def test_a_store_of_before_there_were_events_takes_them(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(runs(START))
    with duckdb.connect(str(tmp_path / FILE)) as file:
        file.execute("DROP TABLE events; DROP SEQUENCE event_ids")
    with opened(tmp_path) as store:
        fill(store)
        assert len(found(store)) == len(ALL)
        assert store.series_count == 1


def test_events_go_when_nothing_of_their_time_is_kept_any_more(tmp_path: Path) -> None:
    hour = 3600
    with opened(tmp_path, "10s:10m,1m:1h", START + 3 * hour) as store:
        fill(store)
        store.write(runs(START))
        store.events.add(replace(RELEASE, when=START + 2 * hour, what="later"))
        store.maintain(START + hour / 2)
        assert len(found(store)) == len(ALL) + 1
        store.maintain(START + 2 * hour)
        assert found(store) == ["later"]
