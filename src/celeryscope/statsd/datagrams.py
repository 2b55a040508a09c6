"""A thread that receives datagrams and does nothing else."""

import logging
import socket
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import inf
from threading import Thread

from celeryscope.sockets.readers import reader_of
from celeryscope.sockets.recvmmsg import SLOT_BYTES
from celeryscope.statsd.backlog import MAX_DATAGRAMS, Backlog
from celeryscope.statsd.batch import Batch

_LOGGER = logging.getLogger(__name__)
# A receive that waits in vain this long ends, so that the thread sees that it is to stop.
_PATIENCE = struct.pack("@ll", 0, 100_000)
_RETRY_SECONDS = 0.1


class DatagramListener:
    """Receives a bound socket's datagrams from its start to its stop.

    After a call that brought all there was it waits `pause` seconds, so that the next one brings
    more: waking up for each datagram costs more than to receive it. While the backlog is full,
    senders whose transport makes them wait are left to wait.
    """

    thread_name = "statsd-datagrams"

    def __init__(
        self, bound: socket.socket, backlog: Backlog, name: Callable[[bytes], str], pause: float
    ) -> None:
        self._socket = bound
        self._backlog = backlog
        self._name = name
        self._pause = pause
        self._lossy = bound.family != socket.AF_UNIX
        self._cut = self._cut_told = 0
        self._failing = False
        self._stopping = False
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PATIENCE)
        self._reader = reader_of(bound)
        self._thread = Thread(target=self._receive, name=self.thread_name, daemon=True)

    @property
    def waiting(self) -> int:
        return self._backlog.waiting

    @property
    def is_receiving(self) -> bool:
        return self._thread.is_alive() and not self._failing

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._thread.join()
        self._drain()
        self.close()

    def close(self) -> None:
        self._socket.close()

    def take(self, until: float = inf) -> Batch:
        return Batch(*self._backlog.take(until), name=self._name, lossy=self._lossy)

    def oldest(self) -> float | None:
        return self._backlog.oldest()

    def take_drops(self) -> Mapping[str, int]:
        cut = self._cut - self._cut_told
        self._cut_told += cut
        return {"backlog": self._backlog.take_dropped(), "oversize": cut}

    def _receive(self) -> None:
        while not self._stopping:
            self._receive_while_they_come()

    def _receive_while_they_come(self) -> None:
        try:
            while not self._stopping:
                if self._backlog.is_full and not self._lossy:
                    time.sleep(_RETRY_SECONDS)
                elif self._read(wait=True) < self._reader.limit and self._pause:
                    time.sleep(self._pause)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            if not self._failing:
                _LOGGER.exception("receiving failed, and is tried again until it works")
            self._failing = True
            time.sleep(_RETRY_SECONDS)

    def _drain(self) -> None:
        read = 0
        with suppress(BlockingIOError):
            while read < MAX_DATAGRAMS:
                read += self._read(wait=False)

    def _read(self, *, wait: bool) -> int:
        datagrams, their_senders = self._reader.read(wait=wait)
        self._failing = False
        if self._lossy or not any(len(datagram) == SLOT_BYTES for datagram in datagrams):
            self._backlog.put(datagrams, their_senders)
        else:
            whole = [datagram for datagram in datagrams if len(datagram) < SLOT_BYTES]
            self._cut += len(datagrams) - len(whole)
            self._backlog.put(whole)
        return len(datagrams)
