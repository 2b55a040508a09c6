"""The runs that have started in this process and have not ended."""

from time import perf_counter
from typing import Generic, Optional, TypeVar

Kind = TypeVar("Kind")
# What runs, when it started, and the run of the same id that it started within.
_Run = tuple[Kind, float, Optional["_Run[Kind]"]]
_MAX_RUNS = 10_000


class Running(Generic[Kind]):
    """Start times by task id; the oldest are forgotten when ends do not come.

    An eager retry runs inside the run that asked for it, with the same id: ends come in reverse
    order of starts.
    """

    def __init__(self) -> None:
        self._runs: dict[str, _Run[Kind]] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._runs

    def start(self, task_id: str, kind: Kind) -> None:
        runs = self._runs
        if len(runs) >= _MAX_RUNS:
            del runs[next(iter(runs))]
        runs[task_id] = (kind, perf_counter(), runs.get(task_id))

    def end(self, task_id: str) -> tuple[Kind, float] | None:
        """Return the kind of the newest run of this id, and its seconds until now."""
        now = perf_counter()
        run = self._runs.pop(task_id, None)
        if run is None:
            return None
        kind, started, outer = run
        if outer is not None:
            self._runs[task_id] = outer
        return kind, now - started

    def forget(self) -> None:
        """Drop all runs: in a forked child, whose parent will end them."""
        self._runs.clear()
