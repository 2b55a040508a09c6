"""Task, queue and worker names as path nodes, and back.

A task name in the layout `levels` has exactly three nodes, so that Grafana's chained variables
and `*` (which never crosses a dot) reach every task:

    proj.billing.tasks.charge  ->  proj . billing-tasks . charge
    add                        ->  _    . _             . add
    proj.my-mod.charge         ->  proj . my--mod       . charge

Distinct names give distinct paths within a layout. A name that cannot be written that way as it
is (white space, letters beyond ASCII, empty nodes, too long) is written as near as can be, and
ends in `-` and eight hexadecimal digits of its SHA-256.
"""

import re
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

MISSING = "_"
_MAX_NAME = 200
_MAX_NODE = 64
_PLAIN_NODE = re.compile(r"[A-Za-z0-9_-]+\Z")
_ODD_CHARACTER = re.compile(r"[^A-Za-z0-9_-]")
_ODD_IN_TAG = re.compile(r"[^A-Za-z0-9_.@/-]")
_LOOKS_DIGESTED = re.compile(r"-[0-9a-f]{8}\Z")
_PREFIX = re.compile(r"([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)?\Z")


class Layout(str, Enum):
    """How the dots of a task's name become path nodes."""

    LEVELS = "levels"
    DOTTED = "dotted"


def node(text: str) -> str:
    """Return `text` as one valid path node; characters that a node cannot hold become `_`."""
    return _ODD_CHARACTER.sub(MISSING, text)[:_MAX_NODE] or MISSING


def levels(name: str) -> tuple[str, str, str]:
    """Return a task name's three nodes: first segment, the middle joined, last segment."""
    *head, last = name.split(".")
    first, *middle = head or [MISSING]
    if _fits_levels(head, last, name):
        return first, "-".join(part.replace("-", "--") for part in middle) or MISSING, last
    joined = "-".join(map(node, middle))[:_MAX_NODE] or MISSING
    return node(first), joined, f"{node(last)}-{_digest(name)}"


def dotted(name: str) -> tuple[str, ...]:
    """Return a task name's nodes as they are: one for each segment."""
    nodes = name.split(".")
    if _is_plain(nodes, name):
        return tuple(nodes)
    *head, last = (node(part) for part in name[:_MAX_NAME].split("."))
    return *head, f"{last}-{_digest(name)}"


def tag_value(text: str) -> str:
    """Return `text` as a tag's value; characters that no tag style can hold become `_`."""
    return _ODD_IN_TAG.sub(MISSING, text)[:_MAX_NAME] or MISSING


def task_tag_value(name: str) -> str:
    """Return a task name as a tag's value: as it is, or as near as can be with a digest."""
    value = tag_value(name)
    if value == name and not _LOOKS_DIGESTED.search(name):
        return name
    return f"{value}-{_digest(name)}"


def task_name(first: str, middle: str, last: str) -> str:
    """Return the task name behind three `levels` nodes; exact for names without a digest."""
    parts = [part for part in (first, _split_middle(middle)) if part != MISSING]
    return ".".join([*parts, last])


def valid_prefix(prefix: str) -> bool:
    """Tell whether `prefix` is empty or a dotted path of plain nodes."""
    return _PREFIX.match(prefix) is not None


@dataclass(frozen=True)
class Paths:
    """Builds the paths of one set-up's series: `<prefix>.<family>.<name nodes>`.

    With an empty prefix a task's path has no family node either, so that the layout `dotted`
    gives names as bare as the task's own.
    """

    prefix: str = "celery"
    layout: Layout = Layout.LEVELS

    def task(self, name: str) -> str:
        nodes = levels(name) if self.layout is Layout.LEVELS else dotted(name)
        return ".".join((self.prefix, "task", *nodes) if self.prefix else nodes)

    def queue(self, name: str) -> str:
        return self._under("queue", name)

    def worker(self, hostname: str) -> str:
        return self._under("worker", hostname)

    def beat(self, entry: str) -> str:
        return self._under("beat", entry)

    def _under(self, family: str, name: str) -> str:
        return ".".join((self.prefix, family, node(name)) if self.prefix else (family, node(name)))


def _is_plain(nodes: list[str], name: str) -> bool:
    return (
        len(name) <= _MAX_NAME
        and all(map(_PLAIN_NODE.match, nodes))
        and not _LOOKS_DIGESTED.search(name)
    )


def _fits_levels(head: list[str], last: str, name: str) -> bool:
    middle = head[1:]
    return (
        _is_plain([*head, last], name)
        and head[:1] != [MISSING]
        and middle != [MISSING]
        and not any(part.startswith("-") or part.endswith("-") for part in middle)
    )


def _split_middle(middle: str) -> str:
    def undo(run: re.Match[str]) -> str:
        dashes = len(run.group())
        return "." if dashes == 1 else "-" * (dashes // 2)

    return re.sub("-+", undo, middle)


def _digest(name: str) -> str:
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
