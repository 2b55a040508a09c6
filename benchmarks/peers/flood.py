"""Sends StatsD datagrams as fast as the kernel takes them, or at a steady pace.

python flood.py PORT COUNT LINES [RATE]

COUNT datagrams of LINES lines each go from one socket to 127.0.0.1, 64 a call to the kernel; with
RATE so many a second.
"""

import ctypes
import itertools
import socket
import sys
import time

SERIES = 500
_CALL = 64
_DISTINCT = 32 * _CALL


class _Slice(ctypes.Structure):
    _fields_ = (("base", ctypes.c_char_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("slices", ctypes.POINTER(_Slice)),
        ("slice_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


def datagrams(count: int, lines: int) -> list[bytes]:
    """Return datagrams of as many counters as timers."""
    endless = itertools.cycle(
        line
        for i in range(SERIES)
        for line in (
            b"celery.task.shop.orders.task_%d.success:1|c" % i,
            b"celery.task.shop.orders.task_%d.runtime:%d.125|ms" % (i, 37 * i % 1000),
        )
    )
    return [b"\n".join(itertools.islice(endless, lines)) for _ in range(count)]


def messages(texts: list[bytes]) -> "ctypes.Array[_Message]":
    slices = (_Slice * len(texts))(*(_Slice(text, len(text)) for text in texts))
    array = (_Message * len(texts))()
    for message, one in zip(array, slices, strict=True):
        message.header.slices, message.header.slice_count = ctypes.pointer(one), 1
    return array


def flood(port: int, count: int, lines: int, rate: float) -> None:
    send = ctypes.CDLL(None, use_errno=True).sendmmsg
    calls = [messages(part) for part in _parted(datagrams(_DISTINCT, lines))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        began, sent = time.perf_counter(), 0
        for call in itertools.cycle(calls):
            if sent >= count:
                break
            if rate:
                time.sleep(max(began + sent / rate - time.perf_counter(), 0))
            taken = send(client.fileno(), call, min(_CALL, count - sent), 0)
            if taken < 0:
                raise OSError(ctypes.get_errno(), "sendmmsg")
            sent += taken


def _parted(texts: list[bytes]) -> list[list[bytes]]:
    return [texts[i : i + _CALL] for i in range(0, len(texts), _CALL)]


if __name__ == "__main__":
    port, count, lines, *rate = sys.argv[1:]
    flood(int(port), int(count), int(lines), float(*rate))
