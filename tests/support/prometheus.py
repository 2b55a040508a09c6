"""Prometheus and promtool, as Debian packages them; and what a text exposition says."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

from support.processes import Running, accepts, free_port, required, running, wait_until

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
_SCRAPE = """
global:
  scrape_interval: 200ms
scrape_configs:
  - job_name: celeryscope
    static_configs:
      - targets: ["{target}"]
"""

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class PrometheusUnderTest:
    """A started Prometheus that scrapes one target."""

    url: str
    running: Running

    def query(self, promql: str) -> dict[Labels, float]:
        """Return each series' value now by its labels, but for those of the scrape itself."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": promql})
        assert answer.status_code == httpx.codes.OK, answer.text
        return {
            frozenset(
                (key, value)
                for key, value in one["metric"].items()
                if key not in ("instance", "job")
            ): float(one["value"][1])
            for one in answer.json()["data"]["result"]
        }

    def value(self, promql: str) -> float | None:
        """Return the value of at most one series."""
        found = self.query(promql)
        assert len(found) <= 1, found
        return next(iter(found.values()), None)

    def wait_for_scrape(self) -> None:
        """Wait until a scrape that began after now has succeeded."""
        now = time.time()
        wait_until(
            lambda: (self.value("timestamp(up == 1)") or 0) > now,
            what=f"a scrape: {self.running.output()}",
        )


@contextlib.contextmanager
def prometheus(folder: Path, target: str) -> Iterator[PrometheusUnderTest]:
    """Run a real Prometheus that scrapes `target`, a HOST:PORT, five times a second."""
    port = free_port()
    config = folder / "prometheus.yml"
    config.write_text(_SCRAPE.format(target=target))
    command = [required("prometheus", "prometheus"), f"--config.file={config}"]
    command += [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, folder / "prometheus.log") as process:
        wait_until(lambda: accepts(port) or process.process.poll() is not None, what="prometheus")
        assert process.process.poll() is None, process.output()
        yield PrometheusUnderTest(f"http://127.0.0.1:{port}", process)


def exposition(url: str, accept: str = "") -> tuple[bytes, str]:
    """Return what a server's `/metrics` says, and its type."""
    answer = httpx.get(f"{url}/metrics", headers={"accept": accept})
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.content, answer.headers["content-type"]


def total(url: str, metric: str) -> float | None:
    """Return the sum of a metric's series, as a server's own exposition has it."""
    found = [value for (name, _), value in samples(*exposition(url)).items() if name == metric]
    return sum(found) if found else None


def promtool_complaints(body: bytes) -> str:
    """Return what `promtool check metrics` finds wrong."""
    command = [required("promtool", "prometheus"), "check", "metrics"]
    done = subprocess.run(command, input=body, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode()


def samples(body: bytes, content_type: str = "text/plain") -> dict[tuple[str, Labels], float]:
    """Return each sample of an exposition; one that stands there twice fails."""
    parse = openmetrics if "openmetrics" in content_type else parser
    found = [
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in parse.text_string_to_metric_families(body.decode())
        for sample in family.samples
    ]
    assert len(dict(found)) == len(found), "a sample stands there twice"
    return dict(found)
