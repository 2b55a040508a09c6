"""How a line says what it speaks about: in its path, or in tags as other collectors read them.

dotted      celery.task._._.add.prerun:1|c
dogstatsd   celery.task.prerun:1|c|#task:add,queue:mail
influx      celery.task.prerun,task=add,queue=mail:1|c
graphite    celery.task.prerun;task=add;queue=mail:1|c
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from celeryscope.naming import Layout, Paths, tag_value, task_tag_value

Tag = tuple[str, str]


class Style(str, Enum):
    """Where a line's names of task, queue and worker stand."""

    DOTTED = "dotted"
    DOGSTATSD = "dogstatsd"
    INFLUX = "influx"
    GRAPHITE = "graphite"


@dataclass(frozen=True)
class Place:
    """One task, queue, worker or schedule entry, as a line names it."""

    path: str
    style: Style = Style.DOTTED
    tags: tuple[Tag, ...] = ()

    def line(self, leaf: str, value: str, detail: str | None = None) -> str:
        """Write a metric's line; `detail` tells which of the leaf's kind: a node, or a tag."""
        if self.style is Style.DOTTED:
            return f"{self.path}.{leaf}.{detail}:{value}" if detail else _line(self, leaf, value)
        tags = (*self.tags, (leaf, detail)) if detail else self.tags
        if self.style is Style.DOGSTATSD:
            return _line(self, leaf, f"{value}|#{_joined(tags, ':', ',')}")
        separator = "," if self.style is Style.INFLUX else ";"
        return _line(self, f"{leaf}{separator}{_joined(tags, '=', separator)}", value)


@dataclass(frozen=True)
class PlaceNames:
    """Names the places of one set-up; with tags, a task's place tells its queue and worker, too."""

    prefix: str = "celery"
    layout: Layout = Layout.LEVELS
    style: Style = Style.DOTTED

    def task(self, name: str, queue: str | None = None, worker: str | None = None) -> Place:
        if self.style is Style.DOTTED:
            return Place(self._paths.task(name))
        known = {"queue": queue, "worker": worker}
        around = [(key, tag_value(value)) for key, value in known.items() if value]
        return self._tagged("task", ("task", task_tag_value(name)), *around)

    def queue(self, name: str) -> Place:
        if self.style is Style.DOTTED:
            return Place(self._paths.queue(name))
        return self._tagged("queue", ("queue", tag_value(name)))

    def worker(self, hostname: str) -> Place:
        if self.style is Style.DOTTED:
            return Place(self._paths.worker(hostname))
        return self._tagged("worker", ("worker", tag_value(hostname)))

    def beat(self, entry: str) -> Place:
        if self.style is Style.DOTTED:
            return Place(self._paths.beat(entry))
        return self._tagged("beat", ("entry", tag_value(entry)))

    @property
    def _paths(self) -> Paths:
        return Paths(self.prefix, self.layout)

    def _tagged(self, family: str, *tags: Tag) -> Place:
        return Place(f"{self.prefix}.{family}" if self.prefix else family, self.style, tags)


def _line(place: Place, leaf: str, value: str) -> str:
    return f"{place.path}.{leaf}:{value}"


def _joined(tags: Sequence[Tag], equals: str, separator: str) -> str:
    return separator.join(f"{key}{equals}{value}" for key, value in tags)
