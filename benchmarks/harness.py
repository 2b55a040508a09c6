"""Runs benchmarks: modules of this folder that have a `run`, each a table and a line of results.

scripts/bench [NAME...]

worker_cost     median        min        max
none             18.20      17.90      19.60 us
celeryscope      33.10      32.40      36.00 us
RESULT worker_cost us_per_task=14.9 ratio_to_article=0.47
"""

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured several times, in one unit."""

    name: str
    unit: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.values)


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark found: its table, and the keys of its RESULT line."""

    rows: Sequence[Row]
    result: Mapping[str, float]

    def text(self, name: str) -> str:
        width = max(len(name), *(len(row.name) for row in self.rows))
        lines = [f"{name:<{width}}  {'median':>10} {'min':>10} {'max':>10}"]
        lines += [
            f"{row.name:<{width}}  {row.median:>10.2f} {min(row.values):>10.2f} "
            f"{max(row.values):>10.2f} {row.unit}"
            for row in self.rows
        ]
        keys = " ".join(f"{key}={value:.4g}" for key, value in self.result.items())
        return "\n".join([*lines, f"RESULT {name} {keys}"])


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if path != Path(__file__))


def main(wanted: Sequence[str]) -> int:
    known = names()
    if unknown := sorted(set(wanted) - set(known)):
        print(f"bench: no {' or '.join(unknown)}; there is {', '.join(known)}", file=sys.stderr)
        return 2
    for name in wanted or known:
        report: Report = importlib.import_module(name).run()
        print(report.text(name), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
