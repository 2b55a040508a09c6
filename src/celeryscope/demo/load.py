"""Publishes the demo's tasks, at random moments and steady rates, until it is stopped."""

import time
from math import pi, sin

import numpy as np

from celeryscope.demo.shop import KINDS
from celeryscope.demo.tasks import app

_TICK = 0.1
_WAVE_SECONDS = 600
_WAVE_DEPTH = 0.3


def wave(now: float) -> float:
    """Return the load's level at a time: about 1, and some more or less within ten minutes."""
    return 1 + _WAVE_DEPTH * sin(2 * pi * now / _WAVE_SECONDS)


def main() -> None:
    celery = app()
    random = np.random.default_rng()
    while True:
        began = time.monotonic()
        for kind in KINDS:
            for _ in range(random.poisson(kind.per_second * _TICK * wave(time.time()))):
                celery.send_task(kind.name, queue=kind.queue, countdown=kind.countdown)
        time.sleep(max(_TICK - (time.monotonic() - began), 0.0))


if __name__ == "__main__":
    main()
