"""A whole server that hands on to a real carbon-cache, which is killed and comes back."""

import time
from itertools import pairwise
from pathlib import Path

import whisper

from support.carbon import CarbonCache, carbon_cache
from support.processes import wait_until
from support.recording_carbon import recording_carbon
from support.server import ServerUnderTest, celeryscope_server

COUNT = "stats.counters.work.count"
QUEUE = "stats.gauges.celeryscope.outputs.*.queue"
# What Carbon has read and not written yet, and the flush that was on its way.
IN_FLIGHT = 2


def kept(cache: CarbonCache) -> dict[int, float]:
    """Return what Carbon's file has, by its seconds."""
    path = cache.storage / "whisper" / Path(*COUNT.split(".")).with_suffix(".wsp")
    if not path.exists():
        return {}
    (start, end, step), values = whisper.fetch(str(path), 0)
    found = dict(zip(range(start, end, step), values, strict=True))
    return {at: value for at, value in found.items() if value is not None}


def stored(server: ServerUnderTest, target: str) -> dict[int, float]:
    [points] = server.render(target, **{"from": int(time.time()) - 120}).values()
    return {at: value for value, at in points if value is not None}


def test_a_carbon_that_is_killed_misses_what_it_had_in_memory_and_no_more(tmp_path: Path) -> None:
    cache = carbon_cache(tmp_path / "graphite")
    flags = ["--carbon", f"127.0.0.1:{cache.line_port}"]
    flags += ["--flush-interval", "1s", "--retentions", "1s:1h"]
    with celeryscope_server(tmp_path, flags) as server:

        def kept_beyond(last: float, seconds: int) -> bool:
            server.send(b"work:1|c")
            return len([at for at in kept(cache) if at > last]) >= seconds

        def waiting() -> bool:
            server.send(b"work:1|c")
            return list(stored(server, QUEUE).values())[-1] >= IN_FLIGHT + 1

        with cache.running() as carbon:
            wait_until(lambda: kept_beyond(0, 2), what="seconds in Carbon")
            carbon.kill()
        killed = time.time()
        wait_until(waiting, what="flushes that wait for Carbon")
        with cache.running():
            back = time.time()
            wait_until(lambda: kept_beyond(back, 2), what="seconds after the outage")
            theirs = kept(cache)
        ours = stored(server, COUNT)
    first, last = min(theirs), max(theirs)
    missing = [at for at in ours if first <= at <= last and at not in theirs]
    assert all(killed - IN_FLIGHT - 1 <= at <= killed for at in missing)
    assert {at: ours[at] for at in theirs} == theirs
    assert all(after - before == 1 for before, after in pairwise(ours))


def test_carbon_has_what_came_before_a_restart_in_the_same_interval(tmp_path: Path) -> None:
    with recording_carbon() as carbon:
        flags = ["--carbon", carbon.address, "--flush-interval", "1m", "--retentions", "1m:1d"]
        for sent in (3, 4):
            with celeryscope_server(tmp_path, flags) as server:
                server.send(*[b"work:1|c"] * sent)
        # As Carbon does: of two points for one time the last counts.
        kept = {one.timestamp: one.value for one in carbon.points() if one.path == COUNT}
    assert sum(kept.values()) == 7
