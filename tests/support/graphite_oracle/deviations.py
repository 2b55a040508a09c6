"""Where an answer differs from graphite-web's on purpose: one rule for each reason."""

import re
from dataclasses import dataclass
from enum import Enum


class Aspect(Enum):
    """What is compared of an answer."""

    NAMES = "names"
    TAGS = "tags"
    TIMES = "times"
    VALUES = "values"


ALL = frozenset(Aspect)
NAMES, TAGS, TIMES, VALUES = Aspect


@dataclass(frozen=True)
class Case:
    """One request: a target over [start, end), in at most `points` points.

    `xff` is the share of known values that merged ones need.
    """

    target: str
    start: int
    end: int
    xff: float | None = None
    points: int | None = None

    def query(self, earlier: int = 0) -> list[tuple[str, str]]:
        """Return the query string's fields, for a range some seconds earlier."""
        ends = {"from": self.start - earlier, "until": self.end - earlier, "now": self.end}
        options = {"xFilesFactor": self.xff, "maxDataPoints": self.points}
        given = {key: value for key, value in options.items() if value is not None}
        fields = {"target": self.target, "format": "json", "noCache": 1, **ends, **given}
        return [(key, str(value)) for key, value in fields.items()]


@dataclass(frozen=True)
class Deviation:
    """A reason for a difference: in which targets, and where who answers how.

    `status` is graphite-web's answer, `refused` whether this project refuses the target; `merged`
    rules speak only of answers whose values merge several. `same` must be equal all the same.
    """

    why: str
    targets: str
    status: int = 200
    refused: bool = False
    merged: bool = False
    same: frozenset[Aspect] = frozenset()

    def covers(self, case: Case, status: int, *, refused: bool) -> bool:
        merges = case.points is not None or re.search(_UNEQUAL_STEPS, case.target) is not None
        return (
            (self.status, self.refused) == (status, refused)
            and (merges or not self.merged)
            and re.search(self.targets, case.target) is not None
        )


_UNEQUAL_STEPS = r"\{ten,minute\}|[*]\.|ten.*minute|minute.*ten"
FAILS = 500
REFUSES = 400

DEVIATIONS = [
    Deviation(
        "constantLine has a value for each point of the range, graphite-web three",
        r"^(constantLine|threshold|countSeries\(\))",
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "series of unequal steps are brought on one grid in asPercent, there only in part",
        r"^(asPercent|pct)\(.*([*]\.shape|\{ten,minute\}|minute.*ten|ten.*minute)",
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "series of unequal steps are brought on one grid in weightedAverage, there not",
        r"^weightedAverage\(.*(minute.*ten|ten.*minute)",
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "a total that matches nothing gives nulls",
        r"^(asPercent|pct)\(.*ten\.nothing\.here",
        status=REFUSES,
    ),
    Deviation(
        "a total without series of its group gives nulls", r"^(asPercent|pct)\(.*,.*,", status=FAILS
    ),
    Deviation(
        "a replacement's group that the search does not have is wrong where it is used",
        r"^(aliasSub|aliasQuery|useSeriesAbove)\(.*\\1",
        status=FAILS,
    ),
    Deviation(
        "a name that is itself a target makes no target for applyByNode",
        r"^applyByNode\(\w+\(",
        refused=True,
    ),
    Deviation(
        "what is unknown is neither above nor below a percentile",
        r"^(averageOutsidePercentile|removeBetweenPercentile)\(",
        status=FAILS,
    ),
    Deviation("what is unknown is not above a number", r"^useSeriesAbove\(", status=FAILS),
    Deviation(
        "an aggregate may be called sumSeries wherever one is asked for",
        r'^(filterSeries|highest|lowest|sortBy|aggregateLine)\(.*\w+Series"',
        status=REFUSES,
    ),
    Deviation(
        "an aggregate may be called sumSeries wherever one is asked for, also in a legend",
        r'^legendValue\(.*\w+Series"',
        same=frozenset({TAGS, TIMES, VALUES}),
    ),
    Deviation("legendValue shows nothing if asked for nothing", r"^legendValue\([^\"]*\)$", FAILS),
    Deviation(
        "percentile 0 is the lowest value", r"^remove(Above|Below)Percentile\(.*,0\)$", status=FAILS
    ),
    Deviation("mapSeries alone orders series", r"^(map|mapSeries)\(", status=FAILS),
    Deviation(
        "the highest rank is the highest value, also between two",
        r"percentileOfSeries\(.*,100,true",
        status=FAILS,
    ),
    Deviation(
        "what has added up over an interval is what it has added up to at its end",
        r"\bintegral\(",
        merged=True,
        same=ALL - {VALUES},
    ),
    Deviation(
        "what combines series that merge in one way merges in the same",
        r"(Series|Wildcards|Lists|Nodes?|Tags|aggregate|avg|sum)\(.*consolidateBy\(",
        merged=True,
        same=ALL - {VALUES},
    ),
    Deviation(
        "aggregateLine has a value for each point of the range, graphite-web three",
        r"^aggregateLine\((?!.*,true\))",
        same=frozenset({NAMES}),
    ),
    Deviation("there is a random walk in each answer", "^randomWalk", same=ALL - {VALUES}),
    Deviation(
        "times in a target are those of the request, not of the clock",
        r"^timeSlice\([^\"]*\"\d+\"\)$",
        same=frozenset({TIMES, VALUES}),
    ),
    Deviation(
        "a window of points is as long for each series as its own step makes it",
        r"^(moving\w+|exponentialMovingAverage)\(.*(\{ten,minute\}|[*]\.shape).*,\d+[,)]",
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "a reference series is looked at by time, not by place",
        r"^transformNull\(.*(ten.*minute|minute.*ten|[*]\.shape.*,.*,)",
        same=ALL - {VALUES},
    ),
    Deviation("a logarithm needs a base of more than 1", r"^log\(.*,1\)$", refused=True),
    Deviation("what is too large is null", r"^(exp|sigmoid)\(", status=FAILS),
    Deviation(
        "what is unknown is within a counter's range",
        r"^(nonNegativeDerivative|perSecond)\(.*,",
        status=FAILS,
    ),
    Deviation(
        "holtWintersConfidenceArea is drawn for each series",
        r"^holtWintersConfidenceArea\(",
        status=FAILS,
    ),
    Deviation(
        "series of one name are each compared with their own band",
        r"^holtWintersAberration\(alias",
        same=ALL - {VALUES},
    ),
    Deviation("no line fits fewer than two values", r"^linearRegression\(", status=FAILS),
    Deviation(
        "an aggregate may be called sumSeries wherever one is asked for, also over intervals",
        r'^(summarize|smartSummarize|movingWindow)\(.*\w+Series"',
        status=REFUSES,
    ),
    Deviation(
        "a vertical line without a label is named after its target",
        r'^verticalLine\("\d+"\)$',
        same=frozenset({TIMES, VALUES}),
    ),
]


def deviation(case: Case, status: int, *, refused: bool) -> Deviation | None:
    """Return the rule that a case's answers fall under, if one does."""
    covering = (one for one in DEVIATIONS if one.covers(case, status, refused=refused))
    return next(covering, None)
