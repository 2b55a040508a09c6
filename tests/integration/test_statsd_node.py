"""Ours against node statsd itself: equal in all but the deviations, which are rules by name."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from celeryscope.metrics import STATSD_KINDS, Kind
from celeryscope.namespace import Naming
from celeryscope.outputs.points import Points
from celeryscope.settings import Settings
from celeryscope.statsd.aggregate import Aggregator
from celeryscope.statsd.batch import Batch
from celeryscope.timers import Histogram, TimerStatistics
from support.docs import read
from support.node_corpus import ROOT, Intervals, Line, Sample, corpus, datagrams, rooted
from support.node_deviations import (
    BLANK,
    DEVIATIONS,
    Deviation,
    kills_node,
    rewritten,
    wanted_by_node,
    whole_thresholds,
)
from support.node_statsd import Config, Values, example_config, replay

NOON = 1_700_000_000.0
SECONDS = 10.0
MANY = 1_000_000
THRESHOLDS = (
    *(90, 50, 95, 99, 99.9, 99.99, 1, 0.5, 0.01, 10, 33.3, 66.6, 100, 25, 75, 98.765),
    *(-90, -50, -10, -1, -0.1, -99.9, -100, -33.3, 101, 150, -101, -150),
)
HISTOGRAMS: tuple[Histogram, ...] = (
    ("runtime", (0.01, 0.1, 1.0, 2.5, 10.0, 300.0, math.inf)),
    ("UPPER", (5.0, 50.0)),
    ("9", ()),
    ("", (1000.0, math.inf)),
)
ALL_KINDS = frozenset(STATSD_KINDS)


@dataclass(frozen=True)
class Options:
    """One way to set both up."""

    naming: Naming = field(default_factory=Naming)
    thresholds: tuple[float, ...] = (90,)
    histograms: tuple[Histogram, ...] = ()
    wanted: tuple[str, ...] = ()
    delete_idle: frozenset[Kind] = frozenset()
    gauge_flushes: int | None = None
    sanitise_names: bool = True

    def gauge_ttl(self) -> float | None:
        if Kind.GAUGE in self.delete_idle:
            return 0.0
        return None if self.gauge_flushes is None else self.gauge_flushes * SECONDS

    def as_node_has_them(self) -> Config:
        """Return node's configuration for the same."""
        naming = self.naming
        return {
            "flushInterval": SECONDS * 1000,
            "percentThreshold": list(self.thresholds),
            "histogram": [
                {"metric": part, "bins": ["inf" if math.isinf(one) else one for one in bounds]}
                for part, bounds in self.histograms
            ],
            "calculatedTimerMetrics": wanted_by_node(self.wanted, self.thresholds),
            **{
                f"delete{kind.value.capitalize()}": kind in self.delete_idle
                for kind in STATSD_KINDS
            },
            "deleteGauges": self.gauge_ttl() is not None,
            "gaugesMaxTTL": self.gauge_flushes or 1,
            "keyNameSanitize": self.sanitise_names,
            "graphite": {
                "legacyNamespace": naming.legacy,
                "globalPrefix": naming.global_prefix,
                "prefixCounter": naming.prefix_counter,
                "prefixTimer": naming.prefix_timer,
                "prefixGauge": naming.prefix_gauge,
                "prefixSet": naming.prefix_set,
                **({"globalSuffix": naming.global_suffix} if naming.global_suffix else {}),
            },
        }


def ours(intervals: list[list[bytes]], options: Options) -> Iterator[Values]:
    """Yield what ours sends at the end of each interval, by name."""
    aggregator = Aggregator(options.gauge_ttl(), MANY, MANY, sanitise_names=options.sanitise_names)
    statistics = TimerStatistics(
        tuple(map(float, options.thresholds)), options.histograms, frozenset(options.wanted)
    )
    points = Points(options.naming, statistics, options.delete_idle)
    for number, interval in enumerate(intervals):
        aggregator.feed(Batch(interval))
        yield dict(points.of(aggregator.flush(NOON + number * SECONDS, SECONDS)))


def differences(folder: Path, lines: Intervals, options: Options) -> list[str]:
    """Return what differs when node is given what the deviations make of the lines."""
    for_node = [[rewritten(line)[0] for line in interval] for interval in lines]
    theirs = replay(folder, packed(for_node), options.as_node_has_them())
    found = []
    pairs = zip(theirs, ours(packed(lines), options), strict=True)
    for number, (all_expected, all_got) in enumerate(pairs):
        expected = whole_thresholds(sent_by_clients(all_expected))
        got = sent_by_clients(all_got)
        found += [
            f"interval {number}: {name} is {expected.get(name)} from node, {got.get(name)} here"
            for name in sorted(expected.keys() | got.keys())
            if not are_equal(expected.get(name), got.get(name))
        ]
    return found


def packed(lines: Intervals) -> list[list[bytes]]:
    return [datagrams(interval, seed) for seed, interval in enumerate(lines)]


def sent_by_clients(values: Values) -> Values:
    """Leave out what the servers say of themselves."""
    return {name: value for name, value in values.items() if ROOT.search(name)}


def are_equal(expected: float | None, got: float | None) -> bool:
    """Compare but for the order in which numbers were added."""
    if expected is None or got is None:
        return False
    return math.isclose(expected, got, rel_tol=1e-9, abs_tol=1e-6)


def counts(values: Values, prefix: str) -> float:
    """Return the sum of the counters under a prefix."""
    pattern = re.compile(rf"stats\.counters\.{re.escape(prefix)}[a-z_.]*\.count\Z")
    return sum(value for name, value in values.items() if pattern.match(name))


def test_thousands_of_lines_come_to_what_they_come_to_in_node(tmp_path: Path) -> None:
    lines = corpus(seed=1, cases=600, intervals=5, most_samples=1)
    options = Options(thresholds=THRESHOLDS, histograms=HISTOGRAMS)
    assert differences(tmp_path, lines, options)[:10] == []


def test_lines_of_several_samples_come_to_what_they_come_to_in_node(tmp_path: Path) -> None:
    lines = corpus(seed=2, cases=600, intervals=4, most_samples=4)
    options = Options(thresholds=THRESHOLDS, histograms=HISTOGRAMS)
    assert differences(tmp_path, lines, options)[:10] == []


NAMINGS = {
    "legacy": Naming(legacy=True),
    "legacy-suffix": Naming(legacy=True, global_suffix="web-1"),
    "prefixes": Naming(
        global_prefix="top.level",
        prefix_counter="c",
        prefix_timer="",
        prefix_gauge="g.x",
        prefix_set="s",
        global_suffix="web-1.a",
    ),
    "no-global-prefix": Naming(global_prefix=""),
}


@pytest.mark.parametrize("naming", NAMINGS.values(), ids=NAMINGS)
def test_names_are_nodes_under_all_its_options(tmp_path: Path, naming: Naming) -> None:
    lines = corpus(seed=3, cases=150, intervals=3, most_samples=2)
    options = Options(naming, histograms=HISTOGRAMS)
    assert differences(tmp_path, lines, options)[:10] == []


DELETIONS = {
    "all": (ALL_KINDS, None),
    "all-but-gauges": (ALL_KINDS - {Kind.GAUGE}, None),
    "counters": (frozenset({Kind.COUNTER}), None),
    "timers": (frozenset({Kind.TIMER}), None),
    "sets": (frozenset({Kind.SET}), None),
    "gauges": (frozenset({Kind.GAUGE}), None),
    "gauges-after-3-flushes": (frozenset[Kind](), 3),
}


@pytest.mark.parametrize(("kinds", "gauge_flushes"), DELETIONS.values(), ids=DELETIONS)
def test_idle_series_are_left_out_as_in_node(
    tmp_path: Path, kinds: frozenset[Kind], gauge_flushes: int | None
) -> None:
    lines = corpus(seed=4, cases=150, intervals=8, most_samples=1)
    options = Options(delete_idle=kinds, gauge_flushes=gauge_flushes)
    assert differences(tmp_path, lines, options)[:10] == []


@pytest.mark.parametrize(
    "wanted",
    [("count",), ("count", "median", "upper_percent", "histogram"), ("lower_percent", "std")],
    ids="-".join,
)
def test_of_timers_only_the_wanted_statistics_are_sent(
    tmp_path: Path, wanted: tuple[str, ...]
) -> None:
    lines = corpus(seed=5, cases=150, intervals=3, most_samples=1)
    thresholds = (90, 50, 99.9, 33.3, -10, -33.3, -0.1)
    options = Options(thresholds=thresholds, histograms=HISTOGRAMS, wanted=wanted)
    assert differences(tmp_path, lines, options)[:10] == []


def test_names_that_are_not_sanitised_are_sent_as_node_sends_them(tmp_path: Path) -> None:
    lines = [
        [
            replace(line, tags=None)
            for line in interval
            if re.fullmatch(r"[\w ./-]+", line.name, re.ASCII)
        ]
        for interval in corpus(seed=6, cases=300, intervals=2, most_samples=1)
    ]
    options = Options(sanitise_names=False, histograms=HISTOGRAMS)
    assert differences(tmp_path, lines, options)[:10] == []


def test_lines_and_bad_lines_are_counted_as_in_node(tmp_path: Path) -> None:
    lines = corpus(seed=7, cases=300, intervals=3, most_samples=1)
    for_node = [[rewritten(line)[0] for line in interval] for interval in lines]
    options = Options()
    theirs = replay(tmp_path, packed(for_node), options.as_node_has_them())
    for expected, got in zip(theirs, ours(packed(lines), options), strict=True):
        assert counts(got, "celeryscope.packets") == counts(expected, "statsd.packets_received")
        assert counts(got, "celeryscope.lines") == counts(expected, "statsd.metrics_received")
        assert counts(got, "celeryscope.bad_lines") == counts(expected, "statsd.bad_lines_seen")


def test_each_deviation_makes_a_difference(tmp_path: Path) -> None:
    by_deviation = lone_deviations(corpus(seed=8, cases=1000, intervals=3, most_samples=3))
    assert by_deviation.keys() == set(DEVIATIONS) - {BLANK}, "of which the counts tell"
    lines = [line for found in by_deviation.values() for line in found]
    pair = [rooted(lines), rooted([rewritten(line)[0] for line in lines])]
    as_it_is, as_rewritten = (
        replay(tmp_path, [[line.encoded() for line in one]], Options().as_node_has_them())[0]
        for one in pair
    )
    differing = {
        int(match[1])
        for name in as_it_is.keys() | as_rewritten.keys()
        if (match := ROOT.search(name)) and as_it_is.get(name) != as_rewritten.get(name)
    }
    number = 0
    for deviation, found in by_deviation.items():
        assert differing & set(range(number, number + len(found))), deviation.told
        number += len(found)


def lone_deviations(lines: Intervals) -> dict[Deviation, list[Line]]:
    """Return lines to which one deviation applies, by that; those that kill node left out."""
    found: dict[Deviation, list[Line]] = {}
    for line in (line for interval in lines for line in interval if ROOT.search(line.name)):
        _, applied = rewritten(line)
        if len(applied) == 1 and not kills_node(line):
            found.setdefault(applied[0], []).append(line)
    return found


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.told)
def test_each_deviation_is_documented(deviation: Deviation) -> None:
    assert deviation.told in read("docs/deviations.md").replace("\\|", "|")


@pytest.mark.parametrize("rate", ["@Infinity", "@+0.5", "@ 1", "@ "])
def test_lines_that_are_left_out_because_they_kill_node_do(tmp_path: Path, rate: str) -> None:
    line = Line("r0x", (Sample(("1",), "c", (rate,)),))
    assert kills_node(line)
    with pytest.raises(AssertionError, match="TypeError"):
        replay(tmp_path, [[line.encoded()]])
    assert not kills_node(rewritten(line)[0])


def test_every_option_of_nodes_has_its_row_in_the_docs() -> None:
    page = read("docs/node-statsd.md")
    options = set(described_options(example_config()))
    assert {"flushInterval", "graphite.legacyNamespace", "servers.socket_mod"} <= options
    assert [one for one in sorted(options) if f"\n| `{one}` | " not in page] == []


def test_every_setting_that_stands_for_an_option_of_nodes_exists() -> None:
    rows = re.findall(r"\n\| `[\w.]+` \| ([^|]+) \|", read("docs/node-statsd.md"))
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert "flush_interval" in named
    assert named <= Settings.model_fields.keys()


def described_options(example: str) -> Iterator[str]:
    """Yield the options that the comment in node's example describes, `of.one` for parts of one."""
    whole = ""
    for match in re.finditer(r"^(?: {2}| {4})(\w+):\s", example.partition("*/")[0], re.MULTILINE):
        if match[0].startswith("    "):
            yield f"{whole}.{match[1]}"
        else:
            whole = match[1]
            yield whole
