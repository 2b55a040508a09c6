"""promtool's verdict on rules: what fires once Prometheus has scraped a history."""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from celeryscope.flush import Flush
from celeryscope.outputs.prometheus.exposition import Prometheus
from support.alert_scenarios import Firing
from support.processes import required

TARGET = {"job": "celeryscope", "instance": "watch:8888"}
_SUBJECTS = ("task", "queue", "worker", "counter")
_NOTHING = "_"


def promtool(*arguments: str) -> str:
    """Run promtool; return what it complains of, "" if it is content."""
    command = [required("promtool", "prometheus"), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    return done.stdout + done.stderr if done.returncode else ""


def verdict(rules: Path, folder: Path, flushes: Iterable[Flush | None], firing: Firing) -> str:
    """Return how what fires in the end differs from `firing`, "" if it does not.

    One flush is scraped a minute; None stands for a minute in which the server did not answer.
    """
    scrapes = list(_scrapes(flushes))
    test = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": _input(scrapes),
                "promql_expr_test": [_expectation(len(scrapes) - 1, firing)],
            }
        ],
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(test, width=100_000))
    return promtool("test", "rules", str(path))


def _scrapes(flushes: Iterable[Flush | None]) -> Iterable[dict[str, float]]:
    """Yield each scrape's samples by the series' text; of a server that is away `up` alone."""
    output = Prometheus()
    for flush in flushes:
        if flush is None:
            output = Prometheus()
            yield {_series("up", TARGET): 0.0}
            continue
        output.put(flush)
        yield {_series("up", TARGET): 1.0} | {
            _series(sample.name, {**sample.labels, **TARGET}): sample.value
            for metric in output.collect()
            for sample in metric.samples
        }


def _input(scrapes: Sequence[dict[str, float]]) -> list[dict[str, str]]:
    """Return all series as promtool takes them; one that leaves is marked as stale."""
    names = dict.fromkeys(name for scrape in scrapes for name in scrape)
    return [{"series": name, "values": _values(name, scrapes)} for name in names]


def _values(name: str, scrapes: Sequence[dict[str, float]]) -> str:
    texts, before = [], _NOTHING
    for scrape in scrapes:
        gone = _NOTHING if before in (_NOTHING, "stale") else "stale"
        before = f"{scrape[name]:g}" if name in scrape else gone
        texts.append(before)
    return " ".join(texts)


def _expectation(minute: int, firing: Firing) -> dict[str, object]:
    subjects = ", ".join(("alertname", *_SUBJECTS))
    return {
        "expr": f'group by ({subjects}) (ALERTS{{alertstate="firing"}})',
        "eval_time": f"{minute}m",
        "exp_samples": [
            {"labels": _labels(alert, subject), "value": 1} for alert, subject in sorted(firing)
        ],
    }


def _labels(alert: str, subject: str) -> str:
    label, _, value = subject.partition("=")
    return _series("", {"alertname": alert} | ({label: value} if value else {}))


def _series(name: str, labels: dict[str, str]) -> str:
    pairs = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{pairs}}}"
