"""The rules that Grafana evaluates with Graphite's numbers, as a file that it is provisioned by.

    A, B, ...         the targets
    failedLong, ...   the last point of each of their series, a missing one as 0
    firing            the condition: series of equal labels are put together

It needs Grafana 9.1.2, before which `$` in expressions was taken for the environment's. Elsewhere
it still may be, so that texts name labels as `.Labels`.
"""

from collections.abc import Iterable, Mapping
from string import ascii_uppercase

from celeryscope.grafana.alerts.alert import Alert, Query, duration
from celeryscope.grafana.alerts.thresholds import MINUTE
from celeryscope.grafana.catalogue import DASHBOARDS
from celeryscope.grafana.layout import FOLDER, datasource_uid
from celeryscope.grafana.model import Edition

_EXPRESSIONS = "__expr__"
_GROUPS = {False: ("celery", MINUTE), True: ("celery-slow", 5 * MINUTE)}
_SUBJECT = "{{ .Labels.name }}"
_DASHBOARDS = {dashboard.key: dashboard for dashboard in DASHBOARDS}


def provisioning(alerts: Iterable[Alert]) -> dict[str, object]:
    """Return the file's content: one group for each pace of evaluation."""
    alerts = tuple(alerts)
    return {
        "apiVersion": 1,
        "groups": [
            {
                "orgId": 1,
                "name": name,
                "folder": FOLDER,
                "interval": duration(interval),
                "rules": [_rule(one) for one in alerts if one.slow is slow],
            }
            for slow, (name, interval) in _GROUPS.items()
        ],
    }


def uid(alert: Alert) -> str:
    """Return the name by which Grafana knows a rule: at most 40 characters."""
    return "".join(f"-{one.lower()}" if one.isupper() else one for one in alert.name)[1:]


def _rule(alert: Alert) -> dict[str, object]:
    key, panel = alert.panel
    dashboard = _DASHBOARDS[key]
    return {
        "uid": uid(alert),
        "title": alert.title,
        "condition": "firing",
        "data": [*_data(alert)],
        "noDataState": "Alerting" if alert.dead_man else "OK",
        "execErrState": "Alerting" if alert.dead_man else "Error",
        "for": duration(alert.hold),
        "annotations": {
            "summary": _text(alert, alert.summary),
            "description": _text(alert, alert.description),
            "runbook_url": alert.runbook_url,
        },
        "labels": {"severity": alert.severity.value, **alert.labels},
        "dashboardUid": dashboard.uid(Edition.GRAPHITE),
        "panelId": dashboard.panel_id(panel),
    }


def _data(alert: Alert) -> Iterable[Mapping[str, object]]:
    letters = dict(zip(ascii_uppercase, alert.queries, strict=False))
    yield from (_target(letter, query) for letter, query in letters.items())
    for letter, query in letters.items():
        settings = {"mode": "replaceNN", "replaceWithValue": 0}
        yield _expression(
            query.name, type="reduce", expression=letter, reducer="last", settings=settings
        )
    yield _expression("firing", type="math", expression=alert.condition)


def _target(letter: str, query: Query) -> dict[str, object]:
    return {
        "refId": letter,
        "relativeTimeRange": {"from": query.ago + query.seconds, "to": query.ago},
        "datasourceUid": datasource_uid(Edition.GRAPHITE),
        "model": {
            "refId": letter,
            "target": query.target,
            "textEditor": True,
            "intervalMs": 1000,
            "maxDataPoints": query.points,
        },
    }


def _expression(name: str, **model: object) -> dict[str, object]:
    return {
        "refId": name,
        "relativeTimeRange": {"from": 0, "to": 0},
        "datasourceUid": _EXPRESSIONS,
        "model": {
            "refId": name,
            "datasource": {"type": _EXPRESSIONS, "uid": _EXPRESSIONS},
            **model,
        },
    }


def _text(alert: Alert, text: str) -> str:
    return text.replace("{subject}", _SUBJECT) if alert.subject else text
