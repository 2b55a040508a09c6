"""Writing what is stored into files of one kind and step each, as Parquet or CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from celeryscope.metrics import Kind
from celeryscope.store.archive import Archive
from celeryscope.store.points import counting
from celeryscope.store.protocol import Series
from celeryscope.store.schema import BINS, POINTS, SCALARS, TIMERS

FORMATS = ("parquet", "csv")

_SCALARS = "SELECT series, ts, {columns} FROM {relation} WHERE {between} GROUP BY ALL"
_COUNTERS = "sum(total) AS count"
_VALUES = (
    "arg_max(last, last_at) AS last, min(coalesce(low, last)) AS low, "
    "max(coalesce(high, last)) AS high, "
    "sum(coalesce(total, last)) / sum(coalesce(samples, 1)) AS mean"
)
_TIMERS = (
    "SELECT t.*, histogram FROM (SELECT series, ts, sum(count) AS count, "
    "sum(samples)::BIGINT AS samples, sum(sum) AS sum, sum(sum_squares) AS sum_squares, "
    "min(min) AS min, max(max) AS max FROM {relation} WHERE {between} GROUP BY ALL) t LEFT JOIN "
    "(SELECT series, ts, string_agg(bucket || ':' || n, ' ' ORDER BY bucket) AS histogram FROM "
    "(SELECT series, ts, bucket, sum(n)::BIGINT AS n FROM {bins} WHERE {between} GROUP BY ALL) "
    "GROUP BY ALL) USING (series, ts)"
)


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written, and its rows."""

    path: Path
    rows: int


def export(
    cursor: duckdb.DuckDBPyConnection,
    archives: Sequence[Archive],
    series: Sequence[Series],
    span: tuple[float, float],
    folder: Path,
    format_: str,
) -> Iterator[Exported]:
    """Write all rows of some series that begin in [start, end), file by file; none is empty.

    A file has the columns `name`, `time` (Unix seconds) and its kind's values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    between = f"ts >= {span[0]} AND ts < {span[1]}"
    for kind in Kind:
        for archive in archives:
            chosen = [one for one in series if one.kind is kind and one.archive == archive.id]
            cursor.register("chosen", _names(chosen))
            for tier in archive.tiers if chosen else ():
                path = folder / f"{kind.value}-{archive.suffix(tier.step)}.{format_}"
                rows = _write(cursor, _query(kind, archive, tier.step, between), path, format_)
                if rows:
                    yield Exported(path, rows)
                else:
                    path.unlink()
            cursor.unregister("chosen")


def _names(series: Sequence[Series]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    return {
        "id": np.array([one.id for one in series], dtype=np.int32),
        "name": np.array([one.name for one in series], dtype=object),
    }


def _query(kind: Kind, archive: Archive, step: int, between: str) -> str:
    between += " AND series IN (FROM (SELECT id FROM chosen))"
    match kind:
        case Kind.TIMER:
            relation, bins = archive.relation(TIMERS, step), archive.relation(BINS, step)
            return _TIMERS.format(relation=relation, bins=bins, between=between)
        case Kind.PLAIN:
            relation = archive.relation(POINTS, step)
            rows = counting(f"SELECT * FROM {relation} WHERE {between}")  # noqa: S608 -- ours
            return f"SELECT series, ts, value FROM ({rows})"  # noqa: S608 -- ours
        case _:
            relation = archive.relation(SCALARS, step)
            columns = _COUNTERS if kind is Kind.COUNTER else _VALUES
            return _SCALARS.format(columns=columns, relation=relation, between=between)


def _write(cursor: duckdb.DuckDBPyConnection, query: str, path: Path, format_: str) -> int:
    target = str(path).replace("'", "''")
    options = "FORMAT parquet, COMPRESSION zstd" if format_ == "parquet" else "FORMAT csv, HEADER"
    [(rows,)] = cursor.execute(
        f"COPY (SELECT name, ts AS time, q.* EXCLUDE (series, ts) FROM ({query}) q "  # noqa: S608
        f"JOIN chosen ON chosen.id = q.series ORDER BY name, time) TO '{target}' ({options})"
    ).fetchall()
    return int(rows)
