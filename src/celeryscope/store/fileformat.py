"""Which version of the tables a file has, and whether it can be used."""

import duckdb

from celeryscope.store import schema
from celeryscope.store.protocol import StoreError

FORMAT = 2
_UPGRADED = 1
"""The format before, to which the catalog only adds."""


def prepare(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the file a store of ours, if it is new.

    Raises:
        StoreError: Another version of this program wrote it.
    """
    cursor.execute(schema.CATALOG)
    [*rows] = cursor.execute("SELECT version FROM format").fetchall()
    if not rows:
        cursor.execute("INSERT INTO format VALUES (?)", [FORMAT])
    elif rows[0][0] == _UPGRADED:
        cursor.execute("UPDATE format SET version = ?", [FORMAT])
    elif rows[0][0] != FORMAT:
        raise StoreError(
            f"the store has format {rows[0][0]}, this celeryscope reads {FORMAT}; "
            "use the celeryscope that wrote it, or another data folder"
        )
