"""A series' name: cleaned, its tags sorted and behind it, whichever dialect they came in.

name;k=v;k2=v2       Graphite
name,k=v,k2=v2       Influx
name, #k:v,k2:v2     DogStatsD and node: behind the sample
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from string import ascii_letters, digits

MAX_NAME = 500
_SPACE = re.compile(rb"\s+")
_KEPT = f"{ascii_letters}{digits}_-.;=".encode()
_DROPPED = re.compile(rb"[^%b]" % re.escape(_KEPT))
_ANY_SPACE = re.compile(r"\s+")
_DOTS = re.compile(r"\.{2,}")

Clean = Callable[[bytes], str]
"""Makes a part of a name fit to be written."""


@lru_cache(maxsize=4096)
def series_name(name: bytes, tags: bytes, clean: Clean) -> str | None:
    """Return `name;k=v;...` for a name that may have tags in it, and tags as `k:v,k2:v2`.

    Empty path nodes, empty tags and tags that are there already are left out. It is None if nothing
    is left of the name, or if it is longer than 500 bytes with its tags.
    """
    path, inner = _split(name)
    whole = clean_path = _DOTS.sub(".", clean(path)).strip(".")
    if inner or tags:
        every = {clean(tag) for tag in (*inner, *_dogstatsd(tags))}
        whole = ";".join([clean_path, *sorted(tag for tag in every if tag and tag[0] != "=")])
    return whole if clean_path and len(whole.encode()) <= MAX_NAME else None


def sanitise(text: bytes) -> str:
    """Return a name or a tag as node statsd writes it."""
    if not text.translate(None, _KEPT):
        return text.decode("ascii")
    return _DROPPED.sub(b"", _SPACE.sub(b"_", text).replace(b"/", b"-")).decode("ascii")


def made_printable(text: bytes) -> str:
    """Return a name or a tag without what would break a line: white space, control characters."""
    return "".join(filter(str.isprintable, _ANY_SPACE.sub("_", text.decode(errors="ignore"))))


def _split(name: bytes) -> tuple[bytes, list[bytes]]:
    path, *tags = name.split(b";" if b";" in name else b",")
    if b";" not in name and not all(b"=" in tag for tag in tags):
        return name, []
    return path, tags


def _dogstatsd(tags: bytes) -> Iterator[bytes]:
    for tag in tags.split(b","):
        yield tag.replace(b";", b"_").replace(b":", b"=", 1)
