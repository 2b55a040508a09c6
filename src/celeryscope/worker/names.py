"""The names that tasks are counted under."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kombu.utils.imports import symbol_by_name

from celeryscope.worker.log import log

NamesHook = Callable[[str], str | None]
OTHER = "other"
_PATH = re.compile(r"\w+(\.\w+)*(:\w+|\.\w+)\Z")


@dataclass(frozen=True)
class ImportedHook:
    """A hook known by its path, imported when the first task needs a name."""

    path: str

    def __call__(self, task: str) -> str | None:
        hook: NamesHook = symbol_by_name(self.path)
        return hook(task)


def names_hook(value: object) -> NamesHook:
    """Return the hook that a setting names.

    Raises:
        ValueError: it is neither a callable nor written as the path of one.
    """
    if callable(value):
        return value
    if isinstance(value, str) and _PATH.match(value):
        return ImportedHook(value)
    raise ValueError(value)


class Names:
    """Maps or drops tasks by the user's hook, and gathers the names beyond a limit in `other`."""

    def __init__(self, hook: NamesHook | None, limit: int) -> None:
        self._hook = hook
        self._limit = limit
        self._known: set[str] = set()

    def of(self, task: str) -> str | None:
        """Return what a task is counted under, or None for one that is not counted."""
        name = self._mapped(self._hook, task) if self._hook else task
        if name is None or name in self._known:
            return name
        if len(self._known) >= self._limit:
            log.warning("celeryscope counts %r and others as 'other': too many names", name)
            return OTHER
        self._known.add(name)
        return name

    def _mapped(self, hook: NamesHook, task: str) -> str | None:
        try:
            return _checked(hook(task))
        except Exception:
            log.exception("celeryscope's names hook failed; %r keeps its own name", task)
            return task


def _checked(name: object) -> str | None:
    if name is None or isinstance(name, str):
        return name
    raise TypeError(f"{name!r} is not a name")
