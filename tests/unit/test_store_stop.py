from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from celeryscope.store.duckdb import DuckDBStore
from celeryscope.store.reader import Reader
from celeryscope.store.stop import Stop
from support.processes import wait_until
from support.stores import START, opened, put, runs, series, total

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


class EndedError(Exception):
    """What a test stops reads with."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    with opened(tmp_path) as store:
        for place in range(6):
            store.write(runs(START + 10 * place, 3, [1.0, 2.0]))
        put(store, ("servers.a", START, 7.0))
        yield store


def test_reads_end_before_they_begin_once_they_are_stopped(store: DuckDBStore) -> None:
    stop = Stop()
    ended = store.ended_by(stop)
    window = store.window(START, START + 60)
    counters = series(store)
    assert ended.find(counters[0].kind, ["*"])
    stop.stop(EndedError())
    for read in (
        lambda: ended.covered(window),
        lambda: ended.scalars(counters, window),
        lambda: ended.find(counters[0].kind, ["*"]),
    ):
        with pytest.raises(EndedError):
            read()
    assert total(store, START, START + 60) == 18


def test_a_query_under_way_ends_and_neither_writers_nor_other_readers_notice(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, begun = Stop(), Event()
    raised: list[EndedError] = []

    def endless(reader: Reader) -> None:
        begun.set()
        reader._cursor.execute(ENDLESS).fetchnumpy()

    monkeypatch.setattr(Reader, "covered", endless)
    window = store.window(START, START + 60)

    def read() -> None:
        try:
            store.ended_by(stop).covered(window)
        except EndedError as error:
            raised.append(error)

    reader = Thread(target=read)
    reader.start()
    assert begun.wait(10)
    store.write(runs(START + 60, 4))

    def ended() -> bool:
        stop.stop(EndedError())
        return not reader.is_alive()

    wait_until(ended, what="the read's end")
    assert len(raised) == 1
    store.write(runs(START + 70, 5))
    monkeypatch.undo()
    assert total(store, START, START + 80) == 18 + 4 + 5


def test_whoever_joins_late_is_stopped_at_once() -> None:
    stop = Stop()
    told: list[str] = []
    with stop.interrupting(lambda: told.append("now")):
        stop.stop(EndedError())
    assert told == ["now"]
    with pytest.raises(EndedError), stop.interrupting(lambda: told.append("late")):
        told.append("never")
    assert told == ["now"]
