"""The messages that a worker's main process has taken, and which of them it saw end."""

from typing import TYPE_CHECKING
from weakref import WeakSet, WeakValueDictionary

if TYPE_CHECKING:
    # Imported before logging is set up, it would never log at the level of debugging.
    from celery.worker.request import Request


class Taken:
    """Requests by task id; they are kept as long as Celery keeps them, not a moment longer.

    A message that is delivered again is another request with the same id and the same number of
    retries, so that an end is remembered by the request itself.
    """

    def __init__(self) -> None:
        self._requests: WeakValueDictionary[str, Request] = WeakValueDictionary()
        self._ended: WeakSet[Request] = WeakSet()

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, request: "Request") -> None:
        self._requests[request.id] = request

    def find(self, task_id: str) -> "Request | None":
        return self._requests.get(task_id)

    def end(self, request: "Request") -> bool:
        """Remember that a request has ended; tell whether this was news."""
        if request in self._ended:
            return False
        self._ended.add(request)
        return True
