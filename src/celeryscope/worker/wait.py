"""How long a run waited, from the moment it could have started."""

from collections.abc import Mapping
from datetime import datetime, timezone

PUBLISHED = "celeryscope_published"
"""The message header with the publisher's clock: Unix time in seconds, a float."""


def wait_ms(request: Mapping[str, object], now: float) -> float | None:
    """Return ms from publishing, or from the task's eta if that is later, until `now`.

    Both are wall clocks, of two hosts perhaps: below zero when they disagree. None without our
    header, and for a run that was called in place.
    """
    published = request.get(PUBLISHED)
    if not isinstance(published, float) or request.get("is_eager"):
        return None
    eta = request.get("eta")
    ready = max(published, _seconds(eta)) if isinstance(eta, str) else published
    return (now - ready) * 1000


def _seconds(eta: str) -> float:
    try:
        # Python 3.10 does not read the Z that publishers in other languages write.
        moment = datetime.fromisoformat(eta.replace("Z", "+00:00"))
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()
