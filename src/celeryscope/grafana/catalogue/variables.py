"""The dashboards' variables, in the order in which they depend on each other.

In Graphite a task's name is three nodes, so three variables are three nodes of a path. In
Prometheus it is one label: there each variable is a part of it with the dot that follows, and All
matches any such part, or none.
"""

from celeryscope.grafana.model import Source, Variable
from celeryscope.grafana.queries import PREFIX, graphite, prometheus
from celeryscope.metrics import Family

DATASOURCE = "datasource"

_APP_HELP = "The first node of the tasks' names."
_MODULE_HELP = "What stands between the first and the last node of the tasks' names."
_TASKS_HELP = "The last node of the tasks' names."
_TASK_HELP = "The task that all panels are about."
_QUEUE_HELP = "The queues that the upper panels are about."
_WORKER_HELP = "The workers that the middle panels are about."


def _data(
    name: str, label: str, description: str, query: str, regex: str = "", every: str = ""
) -> Variable:
    return Variable(name, label, description, Source.DATA, query, regex, every)


def _below(family: Family, leaf: str, statistic: str, subject: str) -> str:
    """Return the path of all that bears a name at the end of `subject`, and not what it counts."""
    path = graphite(family, leaf, statistic, subject, "$prefix")
    return path[: path.index(subject) + len(subject)]


def _tasks(subject: str) -> str:
    return _below(Family.TASK, "prerun", "count", subject)


def _values(family: Family, leaf: str, label: str, matchers: str, part: str = "") -> str:
    return f"label_values({prometheus(family, leaf, part, matchers)}, {label})"


def _started(matchers: str) -> str:
    return _values(Family.TASK, "prerun", "task", matchers)


PREFIX_TEXT = Variable(
    "prefix",
    "Prefix",
    "What the series' names begin with: the setting `prefix` of the workers.",
    Source.TEXT,
    PREFIX,
)
JOB = _data(
    "job",
    "Job",
    "The scrape jobs of the celeryscope servers.",
    f"label_values({prometheus(Family.SELF, 'packets')}, job)",
    every=".*",
)
# A choice is `text : value`, the first one chosen, as alerts have it; the value here is
# 1 / (1 - objective).
OBJECTIVE = Variable(
    "objective",
    "Objective",
    "The share of runs that should succeed.",
    Source.CHOICES,
    "99 % : 100, 95 % : 20, 99.5 % : 200, 99.9 % : 1000, 99.95 % : 2000, 99.99 % : 10000",
)
TARGET_GRAPHITE = Variable(
    "target",
    "Wait target",
    "How long a run may wait for a worker.",
    Source.CHOICES,
    "30 s : 30000, 100 ms : 100, 1 s : 1000, 5 s : 5000, 10 s : 10000, 1 min : 60000, "
    "5 min : 300000, 30 min : 1800000",
)
# Bounds of the buckets, as they stand in the label `le`.
TARGET_PROMETHEUS = Variable(
    TARGET_GRAPHITE.name,
    TARGET_GRAPHITE.label,
    TARGET_GRAPHITE.description,
    Source.CHOICES,
    "30 s : 30.0, 100 ms : 0.1, 1 s : 1.0, 5 s : 5.0, 10 s : 10.0, 1 min : 60.0, "
    "5 min : 300.0, 30 min : 1800.0",
)
LEVELS_GRAPHITE = (
    _data("app", "App", _APP_HELP, _tasks("*"), every="*"),
    _data("module", "Module", _MODULE_HELP, _tasks("$app.*"), every="*"),
    _data("task", "Task", _TASKS_HELP, _tasks("$app.$module.*"), every="*"),
)
LEVELS_PROMETHEUS = (
    _data(
        "app",
        "App",
        _APP_HELP,
        _started('job=~"$job"'),
        r"/^(?<value>(?<text>[^.]+)\.)/",
        "([^.]+[.])?",
    ),
    _data(
        "module",
        "Module",
        _MODULE_HELP,
        _started('job=~"$job",task=~"$app.*"'),
        r"/^[^.]+\.(?<value>(?<text>.+)\.)[^.]+$/",
        "(.+[.])?",
    ),
    _data(
        "task",
        "Task",
        _TASKS_HELP,
        _started('job=~"$job",task=~"$app$module[^.]+"'),
        r"/([^.]+)$/",
        "[^.]+",
    ),
)
# Three nodes as one value, so that a series' name is one.
TASK_GRAPHITE = _data(
    "name", "Task", _TASK_HELP, f"expand({_tasks('*.*.*')})", r"/([^.]+\.[^.]+\.[^.]+)$/"
)
TASK_PROMETHEUS = _data("name", "Task", _TASK_HELP, _started('job=~"$job"'))
QUEUE_GRAPHITE = _data(
    "queue", "Queue", _QUEUE_HELP, _below(Family.QUEUE, "prerun", "count", "*"), every="*"
)
QUEUE_PROMETHEUS = _data(
    "queue",
    "Queue",
    _QUEUE_HELP,
    _values(Family.QUEUE, "prerun", "queue", 'job=~"$job"'),
    every=".*",
)
WORKER_GRAPHITE = _data(
    "worker", "Worker", _WORKER_HELP, _below(Family.WORKER, "online", "", "*"), every="*"
)
WORKER_PROMETHEUS = _data(
    "worker",
    "Worker",
    _WORKER_HELP,
    _values(Family.WORKER, "online", "worker", 'job=~"$job"'),
    every=".*",
)
