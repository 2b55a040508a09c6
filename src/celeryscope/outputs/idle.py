"""Which series are known but idle: their last values must not stand for ever in a back end."""

from collections.abc import Collection

LIFETIME = 86_400.0
LIMIT = 100_000


class IdleNames:
    """Names seen within `lifetime` seconds, at most `limit`: the longest idle go first."""

    def __init__(self, lifetime: float = LIFETIME, limit: int = LIMIT) -> None:
        self._lifetime = lifetime
        self._limit = limit
        self._seen: dict[str, float] = {}

    def besides(self, names: Collection[str], now: float) -> list[str]:
        """Note that `names` are in use now, and return the others that are known."""
        for name in names:
            self._seen.pop(name, None)
        idle = list(self._seen)
        self._seen.update(dict.fromkeys(names, now))
        self._forget(now)
        return [name for name in idle if name in self._seen]

    def _forget(self, now: float) -> None:
        excess = len(self._seen) - self._limit
        forgotten = [
            name
            for place, (name, seen) in enumerate(self._seen.items())
            if place < excess or now - seen >= self._lifetime
        ]
        for name in forgotten:
            del self._seen[name]
