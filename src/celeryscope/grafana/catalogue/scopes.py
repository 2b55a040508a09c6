"""Whose numbers a query is about: nodes of a path in Graphite, matchers of labels in Prometheus."""

from dataclasses import dataclass

from celeryscope.grafana.queries import SUBJECTS, graphite, is_open, label, prometheus
from celeryscope.metrics import CATALOGUE, Family, Kind
from celeryscope.outputs.prometheus.names import OPEN, SUBJECT_LABELS

_KINDS = {(metric.family, metric.leaf): metric.kind for metric in CATALOGUE}


@dataclass(frozen=True, slots=True)
class Scope:
    """One family's subjects: all, or those that a dashboard's variables choose."""

    family: Family
    nodes: str | None = None
    matchers: str = ""

    def path(self, leaf: str, statistic: str = "") -> str:
        return graphite(self.family, leaf, statistic, self.nodes, "$prefix")

    def selector(self, leaf: str, part: str = "") -> str:
        matchers = ",".join(filter(None, ('job=~"$job"', self.matchers)))
        return prometheus(self.family, leaf, part, matchers)

    def label(self, leaf: str) -> str:
        """Return the label by which series of a leaf differ: of which sort, or else whose."""
        return label(self.family, leaf) or SUBJECT_LABELS[self.family]

    def named(self, series: str, leaf: str) -> str:
        """Return Graphite's series under the names that tell them apart."""
        return f"aliasByNode({series}, {', '.join(map(str, self.positions(leaf)))})"

    def positions(self, leaf: str) -> tuple[int, ...]:
        """Return the nodes that tell series of a leaf apart, from the end: prefixes may vary."""
        nodes = leaf.split(".")
        after = 0 if _KINDS[self.family, leaf] is Kind.GAUGE else 1
        if is_open(leaf):
            return (nodes.index(OPEN) - len(nodes) - after,)
        end = -len(nodes) - after
        subject = SUBJECTS[self.family].split(".")
        return tuple(range(end - len(subject), end))


EVERY_TASK = Scope(Family.TASK)
CHOSEN_TASKS = Scope(Family.TASK, "$app.$module.$task", 'task=~"$app$module$task"')
ONE_TASK = Scope(Family.TASK, "$name", 'task="$name"')
EVERY_QUEUE = Scope(Family.QUEUE)
CHOSEN_QUEUES = Scope(Family.QUEUE, "$queue", 'queue=~"$queue"')
EVERY_WORKER = Scope(Family.WORKER)
CHOSEN_WORKERS = Scope(Family.WORKER, "$worker", 'worker=~"$worker"')
BEAT = Scope(Family.BEAT)
ITSELF = Scope(Family.SELF)
