"""What a request asks to be drawn, and what the times in its targets are relative to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be drawn: from `start` up to, not including, `end`, in at most `points`.

    `now` (Unix seconds) and `zone` are what a target's own times, such as `midnight`, start from;
    without `now` it is the end. `xff` is the share of values that must be known for several to be
    merged into one, `templates` what the variables of templates stand for.
    """

    start: int
    end: int
    points: int | None = None
    now: float | None = None
    zone: tzinfo = UTC
    xff: float = 0.0
    templates: Mapping[str, str] = field(default_factory=dict)
