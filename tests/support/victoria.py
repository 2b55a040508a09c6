"""A real VictoriaMetrics that takes Carbon's lines."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from support.processes import accepts, free_port, required, running, wait_until


@dataclass(frozen=True)
class VictoriaMetrics:
    """Where a VictoriaMetrics takes points and answers."""

    url: str
    graphite_port: int

    def export(self, selector: str) -> dict[str, list[tuple[int, float]]]:
        """Return all points that match by name and tags, as (Unix time, value)."""
        httpx.get(f"{self.url}/internal/force_flush").raise_for_status()
        answer = httpx.get(f"{self.url}/api/v1/export", params={"match[]": selector})
        assert answer.status_code == httpx.codes.OK, answer.text
        found = {}
        for line in answer.text.splitlines():
            series = json.loads(line)
            times = (milliseconds // 1000 for milliseconds in series["timestamps"])
            found[_name(series["metric"])] = list(zip(times, series["values"], strict=True))
        return found


def _name(metric: dict[str, str]) -> str:
    tags = (f";{tag}={value}" for tag, value in sorted(metric.items()) if tag != "__name__")
    return metric["__name__"] + "".join(tags)


@contextlib.contextmanager
def victoria_metrics(folder: Path) -> Iterator[VictoriaMetrics]:
    """Run one with its data in a folder; what it was sent can be read at once."""
    http, graphite = free_port(), free_port()
    command = [
        required("victoria-metrics", "victoria-metrics"),
        f"-storageDataPath={folder}/victoria",
        f"-httpListenAddr=127.0.0.1:{http}",
        f"-graphiteListenAddr=127.0.0.1:{graphite}",
        "-retentionPeriod=1",
        "-search.latencyOffset=0s",
        "-search.disableCache",
    ]
    with running(command, folder / "victoria.log") as process:
        wait_until(
            lambda: (accepts(http) and accepts(graphite)) or process.process.poll() is not None,
            what="victoria-metrics",
        )
        assert process.process.poll() is None, process.output()
        yield VictoriaMetrics(f"http://127.0.0.1:{http}", graphite)
