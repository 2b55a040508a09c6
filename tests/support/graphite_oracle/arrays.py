"""What both sides answer from: series of two steps, with gaps, negatives, constants, nothing."""

import numpy as np

from celeryscope.graphite.series import TimeSeries
from celeryscope.sketch import Floats

START = 1_700_042_400  # on a multiple of 50,400: every step that up to eight points merge into
HOURS_BEFORE, HOURS_AFTER = 3, 2
STEPS = {"ten": 10, "minute": 60}
NODES = [f"{host}.{leaf}" for host in ("web1", "web2", "db") for leaf in ("used", "total", "idle")]


def arrays() -> dict[str, TimeSeries]:
    """Return the series by name: `ten.web1.used`, `minute.shape.gaps`, `ten.tagged.disk;host=a`."""
    random = np.random.default_rng(5)
    held = {}
    for root, step in STEPS.items():
        points = (HOURS_BEFORE + HOURS_AFTER) * 3600 // step
        shapes = _shapes(random, points)
        values = dict(zip(NODES, _walks(random, points), strict=True))
        values |= {f"shape.{name}": shape for name, shape in shapes.items()}
        values |= {
            f"tagged.{name};dc={dc};host={host}": random.normal(5, 2, points).round(3)
            for name, dc, host in [("disk", 1, "a"), ("disk", 1, "b"), ("cpu", 2, "a")]
        }
        for name, one in values.items():
            path = f"{root}.{name}"
            held[path] = TimeSeries(path, START - HOURS_BEFORE * 3600, step, one, tags=_tags(path))
    return held


def _walks(random: np.random.Generator, points: int) -> list[Floats]:
    walks = []
    for place in range(len(NODES)):
        walk = (np.abs(np.cumsum(random.normal(0, 1, points))) + 10 * place).round(4)
        if place % 2:
            walk[random.random(points) < 0.1 * place] = np.nan
        walks.append(walk)
    return walks


def _shapes(random: np.random.Generator, points: int) -> dict[str, Floats]:
    place = np.arange(points)
    noise = random.normal(0, 10, points).round(2)
    return {
        "constant": np.full(points, 3.0),
        "counter": np.cumsum(random.integers(0, 5, points) + 0.0) % 500,
        "empty": np.full(points, np.nan),
        "gaps": np.where(random.random(points) < 0.4, np.nan, np.abs(noise)),
        "negative": noise,
        "periodic": np.where(place % 3, np.nan, place + 1.0),
        "steps": np.floor(place / 7) % 5,
        "sparse": np.where(random.random(points) < 0.97, np.nan, 1.0),
        "zero": np.zeros(points),
    }


def _tags(path: str) -> dict[str, str]:
    name, *pairs = path.split(";")
    return {"name": name} | dict(pair.split("=") for pair in pairs)
