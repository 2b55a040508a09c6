"""The log's form: with times on a terminal, with priorities where systemd's journal reads it."""

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

# Of syslog, as the journal has them: `journalctl --priority warning` finds warnings.
_PRIORITIES = {
    logging.CRITICAL: 2,
    logging.ERROR: 3,
    logging.WARNING: 4,
    logging.INFO: 6,
    logging.DEBUG: 7,
}
_INFO = 6
_WITH_TIMES = "%(asctime)s %(levelname)s %(message)s"


class JournalFormatter(logging.Formatter):
    """Writes each line with its priority in front; the journal has the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        mark = f"<{_PRIORITIES.get(record.levelno, _INFO)}>"
        return mark + super().format(record).replace("\n", f"\n{mark}")


def log_handler(stream: TextIO, environ: Mapping[str, str]) -> logging.Handler:
    """Return what writes the log to a stream, in the form that its reader wants."""
    handler = logging.StreamHandler(stream)
    reads = _is_journal(stream, environ)
    handler.setFormatter(JournalFormatter() if reads else logging.Formatter(_WITH_TIMES))
    return handler


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether the stream is the one that systemd connected to its journal."""
    with suppress(OSError, ValueError):  # a stream without a descriptor, as in tests
        status = os.fstat(stream.fileno())
        return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
    return False
