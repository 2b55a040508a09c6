r"""What a connection sends, cut into lines or messages however it arrives in parts.

    line     text "\n"           at most 16 KiB
    message  length payload      length: 4 bytes, big-endian; at most 1 MiB

Whatever else comes is counted: a line that is too long, or a length that no message has.
"""

import struct
from collections.abc import Iterator
from typing import Protocol

from celeryscope.carbon.decode import Decoder
from celeryscope.carbon.points import joined
from celeryscope.carbon.refusals import Reason, Refusals
from celeryscope.carbon.unpickle import MAX_MESSAGE
from celeryscope.sockets.lines import LineCutter
from celeryscope.store.protocol import Points

MAX_LINE = 16_384
_LENGTH = struct.Struct("!I")


class Stream(Protocol):
    """Reads the points of one connection."""

    @property
    def held(self) -> int:
        """How many bytes wait for what completes them."""

    @property
    def broken(self) -> bool:
        """Whether nothing that comes after this can be read."""

    def feed(self, part: bytes) -> Points:
        """Return the points that a part completes."""

    def end(self) -> Points:
        """Return the points that the end of the stream completes."""


class LineStream:
    """Cuts a stream into lines; too long ones are refused, and those after them read."""

    broken = False

    def __init__(self, decoder: Decoder, refusals: Refusals, sender: str) -> None:
        self._decoder = decoder
        self._sender = sender
        self._lines = LineCutter(MAX_LINE, lambda line: refusals.add(line, Reason.LONG, sender))

    @property
    def held(self) -> int:
        return self._lines.held

    def feed(self, part: bytes) -> Points:
        return self._decoder.lines(self._lines.cut(part), self._sender)

    def end(self) -> Points:
        return self._decoder.lines(self._lines.end(), self._sender)


class MessageStream:
    """Cuts a stream into messages; a length that none has, as lines would spell one, breaks it."""

    def __init__(self, decoder: Decoder, refusals: Refusals, sender: str) -> None:
        self._decoder = decoder
        self._refusals = refusals
        self._sender = sender
        self._unread = bytearray()
        self.broken = False

    @property
    def held(self) -> int:
        return len(self._unread)

    def feed(self, part: bytes) -> Points:
        self._unread += part
        return joined([self._decoder.message(one, self._sender) for one in self._messages()])

    def end(self) -> Points:
        return joined([])

    def _messages(self) -> Iterator[bytes]:
        at = 0
        while not self.broken and len(self._unread) >= at + _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._unread, at)
            start, end = at + _LENGTH.size, at + _LENGTH.size + length
            if length > MAX_MESSAGE:
                self._refusals.add(bytes(self._unread[at:]), Reason.LONG, self._sender)
                self.broken = True
            elif end > len(self._unread):
                break
            else:
                yield bytes(self._unread[start:end])
                at = end
        del self._unread[:at]
