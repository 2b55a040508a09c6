"""Which metric and labels a StatsD series has in Prometheus.

One of the catalogue has its metric's name. Any other is named after itself, below the node under
which Graphite shows its kind, so that kinds never meet:

    shop.orders:1|c             statsd_counters_shop_orders_total
    shop.orders;country=ch:1|c  statsd_counters_shop_orders_total{country="ch"}
    my_shop.orders:1|c          statsd_counters_my_shop_orders_total{name="my_shop.orders"}

The label `name` has the whole name of a series which could not be told from its metric and labels
otherwise: so no two series ever become one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from celeryscope.metrics import Kind
from celeryscope.naming import Layout
from celeryscope.outputs.prometheus.names import MS_A_SECOND, Name
from celeryscope.outputs.prometheus.paths import Paths

Labels = tuple[tuple[str, str], ...]

_NAME = "name"
_RESERVED = {_NAME, "le", "quantile"}
_PLAIN_PATH = re.compile(r"[A-Za-z0-9]+(\.[A-Za-z0-9]+)*\Z")
_PLAIN_LABEL = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*\Z")
_ODD = re.compile(r"[^A-Za-z0-9_]")
# By such an ending Prometheus knows what a sample is to its metric.
_ROLE = re.compile(r"((^|[._])(total|created|bucket|sum|count|gsum|gcount|info))+\Z")
# Raw, these end a line or the parsing, or cannot be encoded.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Identity:
    """One series as Prometheus knows it, its labels in order."""

    name: Name
    labels: Labels

    @property
    def subject(self) -> Labels:
        """Return the labels but for the one that tells of which sort."""
        return tuple(label for label in self.labels if label[0] != self.name.detail)


class Reader:
    """Reads the names of the series of one set-up."""

    def __init__(self, prefix: str, layout: Layout) -> None:
        self._paths = Paths(prefix, layout)

    def read(self, kind: Kind, series: str) -> Identity:
        path, *texts = series.split(";")
        tags = [(key, value) for key, _, value in (text.partition("=") for text in texts)]
        nodes = tuple(path.split("."))
        if tags:
            match = self._paths.match_tagged(kind, nodes, dict(tags))
        else:
            match = self._paths.match(kind, nodes)
        if match is None:
            return _named_after_itself(kind, series, path, tags)
        name = match.name
        own = [(name.subject, match.subject), (name.detail, match.detail)]
        labels, exact = _labels(tag for tag in tags if tag[0] not in name.labels)
        labels.update((key, _text(value)) for key, value in own if key)
        return _identity(name, labels, None if exact else series)


def _named_after_itself(
    kind: Kind, series: str, path: str, tags: Iterable[tuple[str, str]]
) -> Identity:
    labels, exact = _labels(tags)
    exact = exact and bool(_PLAIN_PATH.match(path)) and not _ROLE.search(path)
    words = _ODD.sub("_", _ROLE.sub("", path)) or "value"
    timed = kind is Kind.TIMER
    name = Name(
        base=f"statsd_{kind.value}_{words}{'_seconds' if timed else ''}",
        kind=kind,
        help=f"StatsD {kind.value[:-1]} {_text(path)}",
        divisor=MS_A_SECOND if timed else 1.0,
    )
    return _identity(name, labels, None if exact else series)


def _identity(name: Name, labels: dict[str, str], series: str | None) -> Identity:
    if series is not None:
        labels[_NAME] = _text(series)
    return Identity(name, tuple(sorted(labels.items())))


def _labels(tags: Iterable[tuple[str, str]]) -> tuple[dict[str, str], bool]:
    """Return tags as labels, and whether the tags can be told from them."""
    labels: dict[str, str] = {}
    exact = True
    for key, value in tags:
        plain = bool(_PLAIN_LABEL.match(key)) and key not in _RESERVED
        label = key if plain else f"tag_{_ODD.sub('_', key)}"
        exact = exact and plain and value != "" and label not in labels
        labels[label] = _text(value)
    return labels, exact


def _text(value: str) -> str:
    return _UNPRINTABLE.sub(lambda one: f"\\x{ord(one[0]):02x}", value)
