"""Many datagrams by one call of Linux, and so by one hand-over of Python's lock.

Every call to the kernel lets go of the lock, and while another thread computes it takes up to 5 ms
to get it back: a thread that receives one datagram a call would get 200 a second.
"""

import ctypes
import mmap
import os
import socket
import sys
from collections.abc import Callable

# What a datagram that fills its slot had beyond it is lost; none of UDP is so long.
SLOT_BYTES = 65_536
_MESSAGES = 1024
# Slots that begin a power of two apart would share a few lines of the processor's cache.
_STRIDE = SLOT_BYTES + 64
_WAIT_FOR_ONE = 0x10000
_UINT = ctypes.sizeof(ctypes.c_uint)

Recvmmsg = Callable[[int, int, int, int, None], int]


class _Slice(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("slices", ctypes.c_void_p),
        ("slice_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """The kernel's `struct mmsghdr`."""

    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


def system_recvmmsg() -> Recvmmsg | None:
    """Return the system's `recvmmsg`, or None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).recvmmsg
    except AttributeError:
        return None
    pointer, uint = ctypes.c_void_p, ctypes.c_uint
    function.argtypes = (ctypes.c_int, pointer, uint, ctypes.c_int, pointer)
    function.restype = ctypes.c_int
    called: Recvmmsg = function
    return called


class BulkReader:
    """Reads up to 1024 datagrams of a socket at once, with their senders' addresses.

    Its slots take 64 MiB of address space, and memory only where a datagram ever came to lie.
    """

    limit = _MESSAGES

    def __init__(self, source: socket.socket, sender_width: int, recvmmsg: Recvmmsg) -> None:
        self._socket = source
        self._width = sender_width
        self._recvmmsg = recvmmsg
        self._slots = mmap.mmap(-1, _MESSAGES * _STRIDE)
        names = (ctypes.c_char * (_MESSAGES * sender_width))()
        self._names = memoryview(names)
        self._slices = (_Slice * _MESSAGES)()
        self._messages = (_Message * _MESSAGES)()
        self._starts = range(0, _MESSAGES * _STRIDE, _STRIDE)
        self._point(ctypes.addressof(names))
        fields = memoryview(self._messages).cast("B").cast("I")
        self._lengths = fields[_Message.length.offset // _UINT :: ctypes.sizeof(_Message) // _UINT]

    def read(self, *, wait: bool) -> tuple[list[bytes], bytes]:
        """Return what is there, or if `wait` what comes first; and its senders.

        Raises:
            BlockingIOError: Nothing is there, or came within the socket's time-out.
            OSError: Receiving failed.
        """
        flags = _WAIT_FOR_ONE if wait else socket.MSG_DONTWAIT
        messages = ctypes.addressof(self._messages)
        count = self._recvmmsg(self._socket.fileno(), messages, _MESSAGES, flags, None)
        if count < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        slots = self._slots
        lengths = self._lengths[:count].tolist()
        datagrams = [
            slots[start : start + length]
            for start, length in zip(self._starts, lengths, strict=False)
        ]
        return datagrams, bytes(self._names[: self._width * count])

    def _point(self, names: int) -> None:
        base = ctypes.addressof(ctypes.c_char.from_buffer(self._slots))
        slices = ctypes.addressof(self._slices)
        for i, (one, message) in enumerate(zip(self._slices, self._messages, strict=True)):
            one.base, one.length = base + i * _STRIDE, SLOT_BYTES
            header = message.header
            header.slices, header.slice_count = slices + i * ctypes.sizeof(_Slice), 1
            if self._width:
                header.name, header.name_length = names + i * self._width, self._width
