"""Which tasks there are, from the names of the series in the store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from celeryscope import naming
from celeryscope.metrics import CATALOGUE, Family, Kind
from celeryscope.naming import Layout
from celeryscope.store.protocol import Series, Store

_EXCEPTION = "exception"
_COUNTERS = {m.leaf for m in CATALOGUE if m.family is Family.TASK and m.kind is Kind.COUNTER}
_TIMERS = {m.leaf for m in CATALOGUE if m.family is Family.TASK and m.kind is Kind.TIMER}
_OTHER_FAMILIES = {family.value for family in Family} - {Family.TASK.value}
_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One task's series by leaf; a class of exceptions has the leaf `exception.<Class>`."""

    name: str
    levels: tuple[str, str, str]
    counters: dict[str, Series] = field(default_factory=dict)
    timers: dict[str, Series] = field(default_factory=dict)

    @property
    def head(self) -> str:
        """The name up to and with its last dot."""
        return self.name[: self.name.rfind(".") + 1]

    @property
    def tail(self) -> str:
        return self.name[len(self.head) :]

    @property
    def module(self) -> str:
        """The name's middle, as the task's own dots have it."""
        return ".".join(self.name.split(".")[1:-1])

    def exceptions(self) -> dict[str, Series]:
        """Return the counters of failures by exception class."""
        start = f"{_EXCEPTION}."
        found = self.counters.items()
        return {leaf[len(start) :]: series for leaf, series in found if leaf.startswith(start)}


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a level's select: its value in the URL and what it says."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The entries of the three selects, each within what the one before it chose."""

    apps: list[Choice]
    modules: list[Choice]
    tasks: list[Choice]


def tasks(store: Store, prefix: str, layout: Layout) -> list[Task]:
    """Return every task that the store has series of, ordered by name."""
    root = (*prefix.split("."), Family.TASK.value) if prefix else ()
    found: dict[tuple[str, ...], Task] = {}
    for kind in (Kind.COUNTER, Kind.TIMER):
        for node in store.find(kind, [*root, "**"]):
            if node.series is None or (not root and node.path[0] in _OTHER_FAMILIES):
                continue
            nodes, leaf = _split(node.path[len(root) :], kind)
            if leaf and (len(nodes) == _LEVELS if layout is Layout.LEVELS else nodes):
                if nodes not in found:
                    found[nodes] = _task(nodes, layout)
                task = found[nodes]
                (task.timers if kind is Kind.TIMER else task.counters)[leaf] = node.series
    return sorted(found.values(), key=lambda task: task.name)


def selected(tasks: Iterable[Task], levels: Sequence[str], text: str) -> list[Task]:
    """Return the tasks with these levels ("" is any) whose names hold every word of `text`."""
    words = text.lower().split()
    return [
        task
        for task in tasks
        if _within(task, levels) and all(word in task.name.lower() for word in words)
    ]


def counters(tasks: Iterable[Task], leaf: str) -> list[Series]:
    return [task.counters[leaf] for task in tasks if leaf in task.counters]


def timers(tasks: Iterable[Task], leaf: str) -> list[Series]:
    return [task.timers[leaf] for task in tasks if leaf in task.timers]


def choices(tasks: Sequence[Task], app: str, module: str) -> Choices:
    """Return what each level's select offers."""
    in_app = [task for task in tasks if _within(task, [app])]
    in_module = [task for task in in_app if _within(task, [app, module])]
    return Choices(
        apps=_distinct((task.levels[0], task.levels[0]) for task in tasks),
        modules=_distinct((task.levels[1], task.module) for task in in_app),
        tasks=_distinct((task.levels[2], task.levels[2]) for task in in_module),
    )


def first_seen(tasks: Iterable[Task]) -> int | None:
    """Return the Unix time of the oldest interval of any task; None without tasks."""
    return min((s.first_seen for task in tasks for s in task.counters.values()), default=None)


def _split(path: tuple[str, ...], kind: Kind) -> tuple[tuple[str, ...], str]:
    """Return a task's nodes and the leaf; an unknown leaf is empty."""
    *nodes, leaf = path
    if leaf in (_TIMERS if kind is Kind.TIMER else _COUNTERS):
        return tuple(nodes), leaf
    if kind is Kind.COUNTER and nodes[-1:] == [_EXCEPTION]:
        return tuple(nodes[:-1]), f"{_EXCEPTION}.{leaf}"
    return (), ""


def _task(nodes: tuple[str, ...], layout: Layout) -> Task:
    if layout is Layout.LEVELS:
        first, middle, last = nodes
        return Task(naming.task_name(first, middle, last), (first, middle, last))
    name = ".".join(nodes)
    return Task(name, naming.levels(name))


def _within(task: Task, levels: Sequence[str]) -> bool:
    return all(wanted in ("", level) for level, wanted in zip(task.levels, levels, strict=False))


def _distinct(pairs: Iterable[tuple[str, str]]) -> list[Choice]:
    unnamed = {naming.MISSING, ""}
    return [
        Choice(value, "(none)" if label in unnamed else label)
        for value, label in sorted(dict(pairs).items())
    ]
