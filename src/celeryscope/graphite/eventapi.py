"""What `/events` answers, and the one thing that it takes in."""

import re
from collections.abc import Callable

from starlette.responses import Response

from celeryscope.graphite import events
from celeryscope.graphite.answers import as_json
from celeryscope.graphite.errors import NotFoundError, shown
from celeryscope.graphite.request import Parameters
from celeryscope.graphite.times import parse_time
from celeryscope.store.protocol import EventLog

_NUMBER = re.compile(r"[0-9]{1,18}\Z")
_ANY_TAG = {"intersection": False, "union": True}


class EventApi:
    """Answers from a log of events."""

    def __init__(self, log: EventLog, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock

    def find(self, asked: Parameters) -> Response:
        """Answer the events of a range, both ends with it, that have all tags, or any of them."""
        now, zone = self._clock(), asked.zone()
        start, end = (
            parse_time(key, asked.one(key, default), now, zone)
            for key, default in (("from", "0"), ("until", "now"))
        )
        tags, any_tag = asked.one("tags", "").split(), asked.choice("set", "intersection", _ANY_TAG)
        found = events.found(self._log, start, end, tags, any_tag=any_tag)
        return as_json(list(map(events.entry, found)), asked)

    def get(self, asked: Parameters) -> Response:
        """Answer one event."""
        number = asked.address["number"]
        event = self._log.get(int(number)) if _NUMBER.match(number) else None
        if event is None:
            raise NotFoundError(f"there is no event {shown(number)}; see /events/get_data for all")
        return as_json(events.entry(event), asked)

    def add(self, asked: Parameters) -> Response:
        """Take an event in; once it is answered it is durable."""
        self._log.add(events.read(asked.body, self._clock()))
        return Response()
