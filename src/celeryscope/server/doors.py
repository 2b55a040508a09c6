"""Carbon's doors with the thread that stores what comes by them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from celeryscope.address import Address
from celeryscope.carbon.guard import Guard
from celeryscope.carbon.receiver import Receiver
from celeryscope.carbon.refusals import BadLine
from celeryscope.carbon.writer import PointWriter
from celeryscope.server.bindings import unusable
from celeryscope.settings import Settings
from celeryscope.store.duckdb import DuckDBStore


class CarbonDoors:
    """Receives points as carbon-cache does, by lines and by pickles."""

    def __init__(self, settings: Settings, store: DuckDBStore, clock: Callable[[], float]) -> None:
        """Bind the addresses that the settings name.

        Raises:
            StartError: An address is taken or not ours.
        """
        self._writer = PointWriter(store)
        guard = Guard(settings.max_new_series, settings.max_series, store.knows)
        self._receiver = Receiver(self._writer, clock, guard.admit)
        self.addresses: list[str] = []
        with ExitStack() as undo:
            undo.callback(self._receiver.close)
            self._open("carbon_line", settings.carbon_line, self._receiver.listen_for_lines)
            self._open("carbon_pickle", settings.carbon_pickle, self._receiver.listen_for_pickles)
            undo.pop_all()

    def _open(
        self, key: str, address: Address | None, listen: Callable[[Address], Address]
    ) -> None:
        if address is None:
            return
        try:
            self.addresses.append(f"{key.replace('_', ' ')} {listen(address)}")
        except OSError as error:
            raise unusable(key, address, error) from error

    def start(self) -> None:
        self._writer.start()
        self._receiver.start()

    def stop(self) -> None:
        """Take what has arrived, and store it."""
        self._receiver.stop()
        self._writer.stop()

    def close(self) -> None:
        """Free the addresses of doors that were not started."""
        self._receiver.close()

    def counters(self) -> Mapping[str, int]:
        return {**self._receiver.counters(), **self._writer.counters()}

    def gauges(self) -> Mapping[str, float]:
        return {
            "carbon.queue": float(self._writer.waiting),
            "carbon.duration": self._writer.last_duration_ms,
        }

    def bad_lines(self) -> Sequence[BadLine]:
        return self._receiver.bad_lines()
