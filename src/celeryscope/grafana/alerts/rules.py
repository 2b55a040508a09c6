"""The rules that Prometheus evaluates: what it works out ahead, then the alerts."""

from collections.abc import Iterable, Sequence

from celeryscope.grafana.alerts.alert import Alert, Recording, duration

_SLOW_INTERVAL = "2m"


def rules(recordings: Sequence[Recording], alerts: Iterable[Alert]) -> dict[str, object]:
    """Return the file's content; windows of days are worked out in a slower group."""
    return {
        "groups": [
            {
                "name": "celery-recordings",
                "rules": [_recording(one) for one in recordings if not one.slow],
            },
            {
                "name": "celery-recordings-slow",
                "interval": _SLOW_INTERVAL,
                "rules": [_recording(one) for one in recordings if one.slow],
            },
            {"name": "celery-alerts", "rules": list(map(_alert, alerts))},
        ]
    }


def _recording(recording: Recording) -> dict[str, object]:
    rule: dict[str, object] = {"record": recording.name, "expr": recording.expression}
    return rule | ({"labels": recording.labels} if recording.labels else {})


def _alert(alert: Alert) -> dict[str, object]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": duration(alert.hold),
        "labels": {"severity": alert.severity.value, **alert.labels},
        "annotations": {
            "summary": _text(alert, alert.summary),
            "description": _text(alert, alert.description),
            "runbook_url": alert.runbook_url,
        },
    }


def _text(alert: Alert, text: str) -> str:
    return text.replace("{subject}", f"{{{{ $labels.{alert.subject} }}}}")
