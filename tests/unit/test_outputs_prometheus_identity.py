import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from celeryscope import naming
from celeryscope.metrics import CATALOGUE, STATSD_KINDS, Family, Kind, Metric
from celeryscope.naming import Layout
from celeryscope.outputs.prometheus.identity import Reader
from celeryscope.outputs.prometheus.names import NAMES
from celeryscope.worker.styles import PlaceNames, Style

TASK = "proj.billing.tasks.charge"
TASKS = st.lists(st.from_regex(r"[A-Za-z0-9_]{1,8}", fullmatch=True), min_size=1, max_size=5)
every_layout = pytest.mark.parametrize("layout", Layout)
every_prefix = pytest.mark.parametrize("prefix", ["celery", "", "a.b"])
of_every_metric = pytest.mark.parametrize(
    "metric",
    [metric for metric in CATALOGUE if metric.family is not Family.SELF],
    ids=lambda metric: f"{metric.family.value}.{metric.leaf}",
)


def read(
    kind: Kind, series: str, prefix: str = "celery", layout: Layout = Layout.LEVELS
) -> tuple[str, dict[str, str]]:
    identity = Reader(prefix, layout).read(kind, series)
    return identity.name.text, dict(identity.labels)


@every_layout
@every_prefix
@of_every_metric
def test_what_the_worker_writes_is_read_back(metric: Metric, prefix: str, layout: Layout) -> None:
    paths = naming.Paths(prefix, layout)
    place = {
        Family.TASK: paths.task(TASK),
        Family.QUEUE: paths.queue("mail"),
        Family.WORKER: paths.worker("celery@host"),
        Family.BEAT: paths.beat("nightly"),
    }[metric.family]
    labels = {
        Family.TASK: {"task": TASK},
        Family.QUEUE: {"queue": "mail"},
        Family.WORKER: {"worker": "celery_host"},
        Family.BEAT: {"entry": "nightly"},
    }[metric.family]
    if metric.leaf.endswith("*"):
        labels["exception"] = "ValueError"
    series = f"{place}.{metric.leaf.replace('*', 'ValueError')}"
    text = NAMES[metric.family, metric.leaf].text
    assert read(metric.kind, series, prefix, layout) == (text, labels)


@every_layout
@given(nodes=TASKS)
def test_a_plain_tasks_label_is_its_name(layout: Layout, nodes: list[str]) -> None:
    name = ".".join(nodes)
    assume(naming.levels(name)[2] == nodes[-1])  # it needed no digest
    series = f"{naming.Paths('celery', layout).task(name)}.prerun"
    assert read(Kind.COUNTER, series, layout=layout) == (
        "celery_task_started_total",
        {"task": name},
    )


def test_tags_become_labels_beside_the_tasks() -> None:
    place = PlaceNames(style=Style.GRAPHITE).task(TASK, queue="mail", worker="celery@host")
    series = place.line("exception", "1|c", "ValueError").partition(":")[0]
    labels = {"task": TASK, "exception": "ValueError", "queue": "mail", "worker": "celery@host"}
    assert read(Kind.COUNTER, series) == ("celery_task_exceptions_total", labels)


def test_own_numbers_have_labels_for_what_is_open() -> None:
    assert read(Kind.COUNTER, "celeryscope.bad_lines.value") == (
        "celeryscope_bad_lines_total",
        {"reason": "value"},
    )
    assert read(Kind.COUNTER, "celeryscope.outputs.carbon-host-2003.sent") == (
        "celeryscope_output_sent_total",
        {"output": "carbon-host-2003"},
    )
    assert read(Kind.GAUGE, "celeryscope.flush.lag") == ("celeryscope_flush_lag_seconds", {})


@pytest.mark.parametrize(
    ("kind", "series", "text", "labels"),
    [
        (Kind.COUNTER, "shop.orders", "statsd_counters_shop_orders_total", {}),
        (Kind.TIMER, "shop.cart", "statsd_timers_shop_cart_seconds", {}),
        (Kind.GAUGE, "shop.load", "statsd_gauges_shop_load", {}),
        (Kind.SET, "shop.users", "statsd_sets_shop_users", {}),
        (Kind.COUNTER, "a;b=c;d=e", "statsd_counters_a_total", {"b": "c", "d": "e"}),
        (Kind.COUNTER, "a_b", "statsd_counters_a_b_total", {"name": "a_b"}),
        (Kind.COUNTER, "a.total", "statsd_counters_a_total", {"name": "a.total"}),
        (Kind.SET, "count", "statsd_sets_value", {"name": "count"}),
        (Kind.GAUGE, "a.count", "statsd_gauges_a", {"name": "a.count"}),
        (Kind.TIMER, "a;le=1", "statsd_timers_a_seconds", {"tag_le": "1", "name": "a;le=1"}),
        (Kind.GAUGE, "a;b-c=1", "statsd_gauges_a", {"tag_b_c": "1", "name": "a;b-c=1"}),
        (Kind.GAUGE, "a;b=", "statsd_gauges_a", {"b": "", "name": "a;b="}),
        (
            Kind.COUNTER,
            "celery.task.a.b.prerun",
            "statsd_counters_celery_task_a_b_prerun_total",
            {},
        ),
        (Kind.TIMER, "celery.queue.q.prerun", "statsd_timers_celery_queue_q_prerun_seconds", {}),
        (Kind.COUNTER, "celery.task.prerun;queue=q", None, {"queue": "q"}),
        (Kind.COUNTER, "celery", "statsd_counters_celery_total", {}),
        (Kind.COUNTER, "-", "statsd_counters___total", {"name": "-"}),
    ],
)
def test_other_series_are_named_after_themselves(
    kind: Kind, series: str, text: str | None, labels: dict[str, str]
) -> None:
    assert read(kind, series) == (text or "statsd_counters_celery_task_prerun_total", labels)


def test_what_cannot_be_printed_is_written_as_its_number() -> None:
    assert read(Kind.GAUGE, "a\ud800\x00")[1] == {"name": r"a\xd800\x00"}


@given(
    kind=st.sampled_from(STATSD_KINDS),
    series=st.sets(
        st.builds(
            lambda path, tags: ";".join([path, *sorted(tags)]),
            st.text("aA1._-=é \\", min_size=1, max_size=8),
            st.sets(st.from_regex(r"[ab1_-]{1,2}(=[ab1_-]{0,2})?", fullmatch=True), max_size=2),
        )
    ),
)
def test_different_series_stay_different(kind: Kind, series: set[str]) -> None:
    reader = Reader("celery", Layout.LEVELS)
    found = [reader.read(kind, one) for one in series]
    assert len({(one.name.base, one.labels) for one in found}) == len(series)
