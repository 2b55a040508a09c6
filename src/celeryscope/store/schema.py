"""The tables of the DuckDB store and the SQL that merges their rows.

An archive keeps some of the series; each of its tiers, of step S, has five tables. Several rows
may stand for one series and time (a restart within an interval, a late flush): every reader
merges, so that is harmless.

    flushes_S   ts, seconds                      the server listened for so long
    scalars_S   series, ts, total, last, last_at, low, high, samples
    timers_S    series, ts, count, samples, sum, sum_squares, min, max
    bins_S      series, ts, bucket, n            a timer's log-bucket histogram
    points_S    series, ts, value, samples, written    plain series; the row last written counts

Of the whole store there is one table `events`, of what clients say that happened.
The tables of archive A but the first, which has number 0, are called flushes_S_A and so on.
A counter's row has only `total`; a gauge's or set's row has only `last` and `last_at`, the end of
its flush, until it is rolled up.
"""

from dataclasses import dataclass

CATALOG = """
CREATE TABLE IF NOT EXISTS format (version INTEGER);
CREATE TABLE IF NOT EXISTS series (
    id INTEGER, kind VARCHAR, name VARCHAR, first_seen BIGINT
);
ALTER TABLE series ADD COLUMN IF NOT EXISTS archive INTEGER DEFAULT 0;
ALTER TABLE series ADD COLUMN IF NOT EXISTS method VARCHAR;
ALTER TABLE series ADD COLUMN IF NOT EXISTS known DOUBLE;
CREATE TABLE IF NOT EXISTS archives (id INTEGER, name VARCHAR);
CREATE TABLE IF NOT EXISTS retentions (archive INTEGER, step INTEGER, seconds BIGINT);
CREATE TABLE IF NOT EXISTS numbers (next_series INTEGER);
CREATE TABLE IF NOT EXISTS tiers (step INTEGER, held_since BIGINT, held_until BIGINT);
ALTER TABLE tiers ADD COLUMN IF NOT EXISTS archive INTEGER DEFAULT 0;
CREATE SEQUENCE IF NOT EXISTS writes;
CREATE TABLE IF NOT EXISTS ordered (relation VARCHAR, until BIGINT, series INTEGER);
CREATE SEQUENCE IF NOT EXISTS event_ids;
CREATE TABLE IF NOT EXISTS events (
    id BIGINT, ts BIGINT, what VARCHAR, tags VARCHAR[], data VARCHAR
);
"""

TIER = """
CREATE TABLE IF NOT EXISTS flushes_{tier} (ts BIGINT, seconds DOUBLE);
CREATE TABLE IF NOT EXISTS scalars_{tier} (
    series INTEGER, ts BIGINT,
    total DOUBLE, last DOUBLE, last_at DOUBLE, low DOUBLE, high DOUBLE, samples BIGINT
);
CREATE TABLE IF NOT EXISTS timers_{tier} (
    series INTEGER, ts BIGINT, count DOUBLE, samples BIGINT,
    sum DOUBLE, sum_squares DOUBLE, min DOUBLE, max DOUBLE
);
CREATE TABLE IF NOT EXISTS bins_{tier} (series INTEGER, ts BIGINT, bucket SMALLINT, n BIGINT);
CREATE TABLE IF NOT EXISTS points_{tier} (
    series INTEGER, ts BIGINT, value DOUBLE, samples DOUBLE, written BIGINT
);
"""

DROP_TIER = """
DROP TABLE flushes_{tier};
DROP TABLE scalars_{tier};
DROP TABLE timers_{tier};
DROP TABLE bins_{tier};
DROP TABLE IF EXISTS points_{tier};
"""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of rows: its key columns beside `ts`, and how its other columns merge."""

    name: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    merged: tuple[str, ...]

    @property
    def all_columns(self) -> str:
        return ", ".join((*self.keys, "ts", *self.columns))


FLUSHES = Table("flushes", (), ("seconds",), ("sum(seconds)",))
SCALARS = Table(
    "scalars",
    ("series",),
    ("total", "last", "last_at", "low", "high", "samples"),
    (
        "sum(coalesce(total, last))",
        "arg_max(last, last_at)",
        "max(last_at)",
        "min(coalesce(low, last))",
        "max(coalesce(high, last))",
        "sum(coalesce(samples, 1))::BIGINT",
    ),
)
TIMERS = Table(
    "timers",
    ("series",),
    ("count", "samples", "sum", "sum_squares", "min", "max"),
    (
        "sum(count)",
        "sum(samples)::BIGINT",
        "sum(sum)",
        "sum(sum_squares)",
        "min(min)",
        "max(max)",
    ),
)
BINS = Table("bins", ("series", "bucket"), ("n",), ("sum(n)::BIGINT",))
POINTS = Table("points", ("series",), ("value", "samples", "written"), ())
MERGED = (FLUSHES, SCALARS, TIMERS, BINS)
"""Tables whose rows merge whatever their series."""
TABLES = (*MERGED, POINTS)


def suffix(step: int, archive: int) -> str:
    """Return what ends the names of a tier's tables."""
    return f"{step}_{archive}" if archive else str(step)


def merge(table: Table, source: str, target: str, step: int, condition: str = "true") -> str:
    """Return the statement that merges rows of the table `source` in [?, ?) into steps."""
    columns = ", ".join((*table.keys, f"ts // {step} * {step}", *table.merged))
    groups = ", ".join(map(str, range(1, len(table.keys) + 2)))
    return (
        f"INSERT INTO {target} ({table.all_columns}) "  # noqa: S608 -- names are ours
        f"SELECT {columns} FROM {source} WHERE ts >= ? AND ts < ? AND {condition} GROUP BY {groups}"
    )
