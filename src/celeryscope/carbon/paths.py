r"""Paths of plain series, as they come and as they are kept.

    a.b.c                 a path
    a.b;k=v;k2=v2         one with tags, as Graphite has them
    a.b{k="v",k2="v2"}    one with tags, as OpenMetrics has them

Kept is Graphite's form: the tags sorted, of two for one key the last. Letters and digits of all
scripts stay, and of the symbols those that a target can name without an escape and that no pattern
gives a meaning to; others become `_`. Empty nodes and tags without key or value are left out.
"""

import re
from collections.abc import Callable, Iterator

MAX_PATH = 500
"""How many bytes a path has at most, as it is kept."""

MAX_KNOWN = 100_000
# What is left out when a path is cleaned may make it shorter, but nothing sane by so much.
_MAX_RAW = 2 * MAX_PATH
_PLAIN = re.compile(r"[A-Za-z0-9_:%+-]+(?:\.[A-Za-z0-9_:%+-]+)*\Z")
_ODD = re.compile(r"[^\w.:%+#@$&<>/-]")
# A tag's value may not begin with "~", which compares by a pattern after "=".
_ODD_IN_VALUE = re.compile(r"\A~|[^\w.:%+#@$&<>/!^~=-]")
_DOTS = re.compile(r"\.{2,}")
_OPEN_METRICS = re.compile(r'(?P<path>[^{]*)\{(?P<tags>(?:[^="]+="(?:\\.|[^"\\])*",?)*)\}\Z')
_OPEN_METRICS_TAG = re.compile(r'([^="]+)="((?:\\.|[^"\\])*)",?')
_ESCAPED = re.compile(r"\\(.)")


class NewPathError(ValueError):
    """There are too many new paths for one more."""


class Paths(dict[bytes | str, str]):
    """Maps paths as they come to what is kept of them; remembers at most 100,000.

    Looking one up that nothing is left of, or that is too long, raises ValueError; one that `admit`
    says no to, NewPathError.
    """

    def __init__(self, admit: Callable[[str], bool]) -> None:
        super().__init__()
        self._admit = admit

    def __missing__(self, raw: bytes | str) -> str:
        path = cleaned(raw)
        if not self._admit(path):
            raise NewPathError
        if len(self) >= MAX_KNOWN:
            self.clear()
        self[raw] = path
        return path


def cleaned(raw: bytes | str) -> str:
    """Return a path as it is kept.

    Raises:
        ValueError: It is not UTF-8, nothing is left of it, or it is longer than 500 bytes.
    """
    if len(raw) > _MAX_RAW:
        raise ValueError("the path is too long")
    text = raw if isinstance(raw, str) else raw.decode()
    path = text if _PLAIN.match(text) else _clean(text)
    if not path or len(path.encode()) > MAX_PATH:
        raise ValueError("the path is empty or too long")
    return path


def _clean(text: str) -> str:
    name, tags = _split(text)
    path = _DOTS.sub(".", _ODD.sub("_", name)).strip(".")
    kept = {
        _ODD.sub("_", key): _ODD_IN_VALUE.sub("_", value) for key, value in tags if key and value
    }
    # Graphite takes the path itself for the tag `name`.
    kept.pop("name", None)
    return path and "".join([path, *sorted(f";{key}={value}" for key, value in kept.items())])


def _split(text: str) -> tuple[str, Iterator[tuple[str, str]]]:
    if match := _OPEN_METRICS.match(text):
        tags = _OPEN_METRICS_TAG.findall(match["tags"])
        return match["path"], ((key, _ESCAPED.sub(r"\1", value)) for key, value in tags)
    path, *segments = text.split(";")
    pairs = (segment.partition("=") for segment in segments)
    return path, ((key, value) for key, _, value in pairs)
