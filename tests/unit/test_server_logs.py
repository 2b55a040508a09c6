"""The log's form, by who reads it."""

import io
import logging
import os
import re
from pathlib import Path

from celeryscope.server.logs import log_handler


def record(level: int, text: str) -> logging.LogRecord:
    return logging.LogRecord("celeryscope", level, "server.py", 1, text, None, None)


def journal_of(path: Path) -> dict[str, str]:
    status = path.stat()
    return {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}


def test_the_journal_gets_each_line_with_its_priority_and_no_time(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with path.open("w") as stream:
        handler = log_handler(stream, journal_of(path))
        handler.emit(record(logging.WARNING, "the disk is full"))
        handler.emit(record(logging.ERROR, "it failed\nhere"))
        handler.emit(record(logging.INFO, "it works"))
    assert path.read_text() == "<4>the disk is full\n<3>it failed\n<3>here\n<6>it works\n"


def test_a_stream_that_leads_elsewhere_has_times(tmp_path: Path) -> None:
    path, other = tmp_path / "log", tmp_path / "journal"
    other.touch()
    with path.open("w") as stream:
        log_handler(stream, journal_of(other)).emit(record(logging.INFO, "it works"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:,]+ INFO it works\n", path.read_text())


def test_a_stream_without_a_descriptor_has_times() -> None:
    stream = io.StringIO()
    log_handler(stream, os.environ).emit(record(logging.INFO, "it works"))
    assert stream.getvalue().endswith(" INFO it works\n")
