"""A stream of bytes cut into lines."""

MAX_LINE = 65_536


class LineCutter:
    """Cuts a stream into whole lines, however it arrives in parts; too long ones are left out."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max_line = max_line
        self._tail = b""
        self._skips = False
        self._dropped = 0

    def cut(self, part: bytes) -> bytes:
        """Return the lines that a part completes, joined by newlines."""
        if self._skips:
            _, newline, part = part.partition(b"\n")
            if not newline:
                return b""
            self._skips = False
        lines, newline, self._tail = (self._tail + part).rpartition(b"\n")
        if len(self._tail) > self._max_line:
            self._tail = b""
            self._skips = True
            self._dropped += 1
        return self._short_ones(lines) if len(lines) > self._max_line else lines

    def end(self) -> bytes:
        """Return the last line if the stream ended without a newline."""
        tail, self._tail = self._tail, b""
        return tail

    def take_dropped(self) -> int:
        """Return how many lines were left out since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def _short_ones(self, lines: bytes) -> bytes:
        every = lines.split(b"\n")
        short = [line for line in every if len(line) <= self._max_line]
        self._dropped += len(every) - len(short)
        return b"\n".join(short)
