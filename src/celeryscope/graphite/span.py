"""What a request asks to be drawn, and what the times in its targets are relative to."""

from dataclasses import dataclass
from datetime import UTC, tzinfo


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be drawn: from `start` up to, not including, `end`, in at most `points`.

    `now` (Unix seconds) and `zone` are what a target's own times, such as `midnight`, start from;
    without `now` it is the end. `xff` is the share of values that must be known for several to be
    merged into one.
    """

    start: int
    end: int
    points: int | None = None
    now: float | None = None
    zone: tzinfo = UTC
    xff: float = 0.0
