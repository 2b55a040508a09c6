"""A stream of bytes cut into lines."""

from collections.abc import Callable


class LineCutter:
    """Cuts a stream into whole lines, however it arrives in parts.

    Those longer than `max_line` are left out; `left_out` is called with each, or with its start.
    """

    def __init__(self, max_line: int, left_out: Callable[[bytes], None]) -> None:
        self._max_line = max_line
        self._left_out = left_out
        self._tail = b""
        self._skips = False

    @property
    def held(self) -> int:
        """How many bytes wait for the end of their line."""
        return len(self._tail)

    def cut(self, part: bytes) -> bytes:
        """Return the lines that a part completes, joined by newlines."""
        if self._skips:
            _, newline, part = part.partition(b"\n")
            self._skips = not newline
        lines, _, self._tail = (self._tail + part).rpartition(b"\n")
        short = self._short_ones(lines) if self._has_long(lines) else lines
        if len(self._tail) > self._max_line:
            self._left_out(self._tail)
            self._tail = b""
            self._skips = True
        return short

    def end(self) -> bytes:
        """Return the last line if the stream ended without a newline."""
        tail, self._tail = self._tail, b""
        return tail

    def _has_long(self, lines: bytes) -> bool:
        start = 0
        while len(lines) - start > self._max_line:
            newline = lines.rfind(b"\n", start, start + self._max_line + 1)
            if newline < 0:
                return True
            start = newline + 1
        return False

    def _short_ones(self, lines: bytes) -> bytes:
        every = lines.split(b"\n")
        for line in every:
            if len(line) > self._max_line:
                self._left_out(line)
        return b"\n".join([line for line in every if len(line) <= self._max_line])
