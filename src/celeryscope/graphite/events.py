"""Events: what clients say that happened, such as a deployment."""

from collections.abc import Mapping, Sequence

import orjson

from celeryscope.graphite.errors import RequestError, shown
from celeryscope.graphite.times import LATEST
from celeryscope.store.protocol import Event, EventLog

MAX_FOUND = 10_000
"""How many events one answer may hold."""

_MAX_WHAT = 1_000
_MAX_DATA = 65_536
_MAX_TAGS = 100
_MAX_TAG = 255

Entry = dict[str, object]


def read(body: bytes, now: float) -> Event:
    """Read the event that a JSON object describes; without `when` it happened at `now`.

    Raises:
        RequestError: It describes none.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(
            f"the body is no JSON ({error}); allowed is an object such as "
            '{"what": "release 42", "tags": ["deploy"]}'
        ) from None
    if not isinstance(content, dict):
        raise RequestError(f"the body is {shown(content)}; allowed is an object with what")
    what = _text(content, "what", _MAX_WHAT)
    if not what.strip():
        raise RequestError("what is missing; allowed is text that says what happened")
    data = _text(content, "data", _MAX_DATA)
    return Event(_when(content.get("when", now)), what, _tags(content.get("tags")), data)


def found(
    log: EventLog, start: int, end: int, tags: Sequence[str], *, any_tag: bool = False
) -> list[Event]:
    """Return the events from `start` to `end`, both with it, that have all tags, or any.

    Raises:
        RequestError: They are more than one answer may hold.
    """
    events = log.find(start, end, tags, any_tag=any_tag, limit=MAX_FOUND + 1)
    if len(events) > MAX_FOUND:
        raise RequestError(f"more than {MAX_FOUND:,} events match; narrow the range or the tags")
    return events


def entry(event: Event) -> Entry:
    return {
        "when": event.when,
        "what": event.what,
        "data": event.data,
        "tags": event.tags,
        "id": event.id,
    }


def _text(content: Mapping[str, object], key: str, longest: int) -> str:
    value = content.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise RequestError(
            f"{key} is {shown(value)}; allowed is text of at most {longest:,} characters"
        )
    return value


def _tags(value: object) -> tuple[str, ...]:
    """Split text at white space, and each text of a list, too."""
    texts = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise RequestError(
            f"tags is {shown(value)}; allowed is text with spaces between tags, or a list of texts"
        )
    tags = tuple(" ".join(texts).split())
    if len(tags) > _MAX_TAGS or any(len(tag) > _MAX_TAG for tag in tags):
        raise RequestError(
            f"tags is {shown(value)}; allowed are {_MAX_TAGS} of at most {_MAX_TAG} characters"
        )
    return tags


def _when(value: object) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LATEST:
        return int(value)
    raise RequestError(
        f"when is {shown(value)}; allowed is a Unix time in seconds, such as 1700000000"
    )
