"""Writes the generated parts of the docs between their markers; `--check` tells of drift.

<!-- generated: settings -->
...
<!-- end -->

A part may be of one thing, as `rules failure-burn`.
"""

import re
import sys
from collections.abc import Callable, Iterable
from enum import Enum
from inspect import getdoc
from itertools import groupby
from pathlib import Path

from celeryscope.commands import celeryscope
from celeryscope.grafana.alerts.alert import Alert, Query, duration, percent
from celeryscope.grafana.alerts.catalogue import ALERTS
from celeryscope.grafana.alerts.thresholds import (
    BURN_WINDOWS,
    IN_TIME,
    SUCCESS,
    THRESHOLDS,
)
from celeryscope.grafana.catalogue import DASHBOARDS
from celeryscope.grafana.model import Panel
from celeryscope.graphite.functions import FUNCTIONS
from celeryscope.metrics import CATALOGUE, Family, Metric
from celeryscope.outputs.prometheus.names import NAMES, TYPES
from celeryscope.settings import (
    Settings,
    is_switch,
    option_name,
    variable_name,
    written_default,
)
from celeryscope.worker.settings import OPTIONS
from celeryscope.worker.settings import Settings as WorkerSettings
from celeryscope.worker.settings import variable_name as environment_variable
from support.endings import DIFFERENCES, ENDINGS, EVERY_POOL, Ending

_DOCS = Path(__file__).parent
_WIDTH = 100
_PART = re.compile(r"(<!-- generated: (\w+) ?([\w-]*) -->\n).*?(<!-- end -->)", re.DOTALL)
_STAGES = ("published", "received", "prerun", "postrun")
_PATHS = {
    Family.TASK: "<prefix>.task.<app>.<module>.<task>.",
    Family.QUEUE: "<prefix>.queue.<queue>.",
    Family.WORKER: "<prefix>.worker.<hostname>.",
    Family.BEAT: "<prefix>.beat.<entry>.",
    Family.SELF: "celeryscope.",
}


def settings() -> str:
    """Return the table of settings."""
    rows = (
        (
            f"`{key}`",
            _option(key),
            f"`{variable_name(key)}`",
            f"`{written_default(key)}`" if written_default(key) else "",
            str(one.description),
        )
        for key, one in Settings.model_fields.items()
    )
    return _table(("key", "option", "environment", "default", "what it is"), rows)


def worker_settings() -> str:
    """Return the table of the worker library's settings."""
    rows = (
        (
            f"`{key}`",
            f"`app.conf.celeryscope_{key}`",
            f"`{environment_variable(key)}`",
            f"`{_written(getattr(WorkerSettings, key))}`",
            f"{option.help} Allowed is {option.allowed}.",
        )
        for key, option in OPTIONS.items()
    )
    return _table(("argument", "Celery setting", "environment", "default", "what it is"), rows)


def metrics() -> str:
    """Return one table of metrics a family."""
    parts = []
    for family, found in groupby(CATALOGUE, key=lambda metric: metric.family):
        rows = ((f"`{m.leaf}`", m.kind.value[:-1], m.unit, _help(m)) for m in found)
        table = _table(("metric", "kind", "unit", "what it says"), rows)
        parts.append(f"**{family.value}** `{_PATHS[family]}`\n\n{table}")
    return "\n".join(parts)


def prometheus() -> str:
    """Return the table of the catalogue's names in Prometheus."""
    rows = (
        (
            f"`{name.text}`",
            TYPES[name.kind],
            ", ".join(f"`{label}`" for label in name.labels),
            f"`{_PATHS[family]}{leaf}`",
        )
        for (family, leaf), name in NAMES.items()
    )
    return _table(("metric", "type", "labels", "path"), rows)


def commands() -> str:
    """Return the help of every command."""
    parts = []
    for name, command in sorted(celeryscope.commands.items()):
        context = command.make_context(
            f"celeryscope {name}", [], resilient_parsing=True, terminal_width=_WIDTH
        )
        parts.append(f"```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def functions() -> str:
    """Return the table of the target language's functions, with their other names."""
    rows = (
        (
            f"`{declared.describe(name)['function']}`",
            ", ".join(f"`{alias}`" for alias in declared.aliases),
            declared.group,
            (getdoc(declared.code) or "").partition("\n")[0],
        )
        for name, declared in sorted(FUNCTIONS.items())
        if name == declared.name
    )
    return _table(("function", "also", "group", "what it does"), rows)


def endings() -> str:
    """Return the table of endings: the one that the integration test goes through."""
    head = ("a task that ...", *_STAGES, "`runtime`", "ends as", "note")
    rows = (
        (
            f"{ending.how} {_where(ending)}".strip(),
            *(_often(ending, leaf) for leaf in _STAGES),
            str(ending.runtimes),
            ", ".join(_outcomes(ending)),
            ending.note,
        )
        for ending in ENDINGS
    )
    return _table(head, rows)


def differences() -> str:
    """Return the table of what Celery's own events tell differently."""
    how = {ending.name: ending.how for ending in ENDINGS}
    rows = (
        (
            how[one.ending],
            f"`{one.leaf}`",
            ", ".join(f"`{event}`" for event in sorted(one.events)) or "none",
            one.why,
        )
        for one in DIFFERENCES
    )
    return _table(("a task that ...", "counts", "events of its end", "why"), rows)


def alerts() -> str:
    """Return the table of alerts, each with the page that says what to do."""
    rows = (
        (
            f"`{alert.name}`",
            alert.severity.value,
            _hold(alert),
            _plain(alert.description, alert),
            f"[{alert.runbook}]({alert.runbook}.md)",
        )
        for alert in ALERTS
    )
    return _table(("alert", "severity", "held", "fires when", "what to do"), rows)


def thresholds() -> str:
    """Return the table of the numbers that alerts compare with."""
    rows = (
        (f"`{name}`", f"{one.value:g} {one.unit}".strip(), one.help)
        for name, one in THRESHOLDS.items()
    )
    return _table(("threshold", "is", "what it is"), rows)


def burn_windows() -> str:
    """Return the table of the windows over which budgets burn."""
    rows = (
        (
            duration(pair.long),
            duration(pair.short),
            f"{pair.burn:g}",
            percent(pair.share(SUCCESS.value)),
            str(pair.least_runs(IN_TIME.value)),
            pair.severity.value,
        )
        for pair in BURN_WINDOWS
    )
    head = ("long window", "short window", "burn", "bad runs", "least runs (wait)", "severity")
    return _table(head, rows)


def rules(runbook: str) -> str:
    """Return the rules that lead to one runbook, in both languages."""
    return "\n".join(_rule(alert) for alert in ALERTS if alert.runbook == runbook)


def _rule(alert: Alert) -> str:
    head = f"**{alert.name}** ({alert.severity.value}, {_hold(alert)})"
    targets = "".join(f"{one.name} = {one.target}  # {_window(one)}\n" for one in alert.queries)
    return (
        f"{head}\n\nGraphite, as Grafana puts it together:\n\n"
        f"```text\n{targets}{alert.condition}\n```\n\n"
        f"Prometheus:\n\n```promql\n{alert.expression}\n```\n"
    )


def _window(query: Query) -> str:
    ago = f", {duration(query.ago)} ago" if query.ago else ""
    return f"over {duration(query.seconds)}{ago}"


def _hold(alert: Alert) -> str:
    return f"for {duration(alert.hold)}" if alert.hold else "at once"


def _plain(text: str, alert: Alert) -> str:
    said = text.replace("{subject}", f"a {alert.subject}")
    return said[0].upper() + said[1:] if text.startswith("{") else said


def _often(ending: Ending, leaf: str) -> str:
    often = str(ending.counts.get(leaf, 0))
    return f"0 or {often}" if leaf in ending.perhaps else often


def _outcomes(ending: Ending) -> Iterable[str]:
    for leaf, count in ending.counts.items():
        if leaf not in _STAGES:
            yield f"{count} `{leaf}`" if count > 1 else f"`{leaf}`"
    for leaf in ending.elsewhere:
        yield f"`{leaf}` of the queue and the worker"


def _where(ending: Ending) -> str:
    return "" if ending.pools == EVERY_POOL else f"({', '.join(sorted(ending.pools))})"


def dashboards() -> str:
    """Return each dashboard's question and its table of panels."""
    titles = {one.key: one.title for one in DASHBOARDS}
    parts = []
    for one in DASHBOARDS:
        rows = (
            (panel.title, _answers(panel), panel.unit.name.lower(), titles[panel.link.to])
            for panel in one.panels
        )
        table = _table(("panel", "what it answers", "unit", "leads to"), rows)
        parts.append(f"### {one.title}\n\n{one.question}\n\n{table}")
    return "\n".join(parts)


def _answers(panel: Panel) -> str:
    notes = (f"*{edition.label}:* {note}" for edition, note in panel.notes.items())
    return " ".join((panel.question, *notes))


_PARTS: dict[str, Callable[..., str]] = {
    "settings": settings,
    "worker_settings": worker_settings,
    "metrics": metrics,
    "prometheus": prometheus,
    "commands": commands,
    "functions": functions,
    "endings": endings,
    "differences": differences,
    "dashboards": dashboards,
    "alerts": alerts,
    "thresholds": thresholds,
    "burn_windows": burn_windows,
    "rules": rules,
}


def generated(text: str) -> str:
    """Return a page with its generated parts made anew."""

    def made(part: re.Match[str]) -> str:
        before, name, thing, end = part.groups()
        return f"{before}{_PARTS[name](*filter(None, [thing]))}{end}"

    return _PART.sub(made, text)


def main() -> None:
    """Write the pages, or with `--check` exit with 1 if one has drifted."""
    check = sys.argv[1:] == ["--check"]
    drifted = [
        page for page in sorted(_DOCS.rglob("*.md")) if generated(_read(page)) != _read(page)
    ]
    for page in drifted:
        if not check:
            page.write_text(generated(_read(page)), encoding="utf-8")
    if check and drifted:
        sys.exit(f"run scripts/docs: {', '.join(map(_name, drifted))} has drifted")


def _name(page: Path) -> str:
    return str(page.relative_to(_DOCS))


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _help(metric: Metric) -> str:
    return f"**Data loss.** {metric.help}" if metric.loss else metric.help


def _option(key: str) -> str:
    if is_switch(key):
        return f"`{option_name(key)}`, `{option_name(f'no_{key}')}`"
    return f"`{option_name(key)}`"


def _written(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
