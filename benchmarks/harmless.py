"""What tasks notice of a collector that is out of order: time, the slowest of all, and memory."""

from statistics import median

from harness import Report, Row
from support.faults import FAULTS, outcome_of


def run() -> Report:
    """Run 20,000 tasks under each fault, each time in a new process."""
    outcomes = {fault: outcome_of(fault) for fault in FAULTS}
    base = median(outcomes["none"].us_per_task)
    faulty = {fault: one for fault, one in outcomes.items() if fault != "none"}
    rows = [Row("none", "us a task", outcomes["none"].us_per_task)]
    rows += [
        Row(f"+ {fault}", "us a task", [value - base for value in one.us_per_task])
        for fault, one in faulty.items()
    ]
    rows += [Row(f"{fault}, slowest", "ms", [one.slowest_ms]) for fault, one in outcomes.items()]
    rows += [Row(f"{fault}, grown", "KiB", [one.kib_grown]) for fault, one in outcomes.items()]
    return Report(
        rows,
        {
            "us_per_task": max(median(one.us_per_task) - base for one in faulty.values()),
            "slowest_ms": max(one.slowest_ms for one in faulty.values()),
            "kib_grown": max(one.kib_grown for one in faulty.values()),
        },
    )
