"""The data folder belongs to one process at a time."""

import signal
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from textwrap import dedent

import pytest

from celeryscope.store.duckdb import FILE
from celeryscope.store.folder import DataFolder
from celeryscope.store.protocol import StoreError
from support.processes import Running, running, wait_until
from support.stores import START, opened, total

# Writes without end, and says on its standard output how many flushes were acknowledged.
HOLDER = dedent(
    """
    import sys
    from itertools import count
    from pathlib import Path
    from celeryscope.flush import Flush
    from celeryscope.store.duckdb import DuckDBStore
    from celeryscope.store.tiers import parse_retentions

    folder, start = Path(sys.argv[1]), int(sys.argv[2])
    store = DuckDBStore.open(folder, parse_retentions("10s:2d,1m:30d"), lambda: start, "http://one")
    for i in count():
        store.write(Flush(start + 10 * i, 10, {"jobs": 1}))
        print(i + 1, flush=True)
        store.maintain(start + 10 * i + 10)
    """
)


def held(path: Path) -> AbstractContextManager[Running]:
    return running([sys.executable, "-c", HOLDER, path / "data", str(START)], path / "log")


def acknowledged(holder: Running) -> int:
    lines = holder.output().split("\n")[:-1]
    assert all(line.isdigit() for line in lines), holder.output()
    return len(lines)


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with held(tmp_path) as holder:
        wait_until(lambda: acknowledged(holder) > 0, what="the first flush")
        with pytest.raises(StoreError, match="is held by") as refusal, opened(tmp_path / "data"):
            pass
        message = str(refusal.value)
        assert f"process {holder.process.pid} (http://one)" in message
        assert str(tmp_path / "data") in message
        assert "\n" not in message


def test_all_that_was_acknowledged_is_there_after_the_holder_was_killed(tmp_path: Path) -> None:
    with held(tmp_path) as holder:
        wait_until(lambda: acknowledged(holder) > 25, what="twenty-five flushes")
        assert holder.kill() == -signal.SIGKILL
    told = acknowledged(holder)
    with opened(tmp_path / "data", "10s:2d,1m:30d") as store:
        # One more may have been stored whose acknowledgement was not written any more.
        assert total(store, START, START + 86_400) in (told, told + 1)


def test_a_folder_is_free_again_once_it_is_released(tmp_path: Path) -> None:
    first = DataFolder.take(tmp_path / "new" / "data", "first")
    with pytest.raises(StoreError, match=r"is held by process \d+ \(first\); allowed is a folder"):
        DataFolder.take(first.path, "second")
    first.release()
    second = DataFolder.take(first.path, "")
    with pytest.raises(StoreError, match=r"is held by process \d+; allowed is a folder"):
        DataFolder.take(first.path, "third")
    second.release()


def test_what_a_killed_holder_left_in_the_lock_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("process 1 (a very long address of a server that is gone)")
    folder = DataFolder.take(tmp_path, "")
    with pytest.raises(StoreError, match=r"is held by process \d+;"):
        DataFolder.take(tmp_path, "")
    folder.release()


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/celeryscope"])
def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / place
    with pytest.raises(StoreError, match=r"cannot be written \(.+\); allowed is a folder") as told:
        DataFolder.take(path, "")
    assert f"data = {str(path)!r}" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_store_that_is_closed_leaves_its_folder_to_others(tmp_path: Path) -> None:
    for _ in range(2):
        with opened(tmp_path):
            assert (tmp_path / FILE).exists()
