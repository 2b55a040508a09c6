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


_UNEQUAL_STEPS = r"\{ten,minute\}|[*]\.|ten.*minute|minute.*ten"
_MIXED = rf".*({_UNEQUAL_STEPS})"
FAILS, REFUSES = 500, 400


@dataclass(frozen=True)
class Deviation:
    """A reason for a difference: in which functions, given which arguments, and who answers how.

    `status` is graphite-web's answer, `refused` whether this project refuses the target; `merged`
    rules speak only of answers whose values merge several. `same` must be equal all the same.
    """

    why: str
    functions: str
    arguments: str = ""
    status: int = 200
    refused: bool = False
    merged: bool = False
    same: frozenset[Aspect] = frozenset()

    def covers(self, case: Case, status: int, *, refused: bool) -> bool:
        if (self.status, self.refused) != (status, refused):
            return False
        merges = case.points is not None or re.search(_UNEQUAL_STEPS, case.target) is not None
        call = rf"\b(?:{self.functions})\((?:{self.arguments})"
        return (merges or not self.merged) and re.search(call, case.target) is not None


SERIES_NAME = r'.*\w+Series"'
NOT_VALUES = ALL - {VALUES}

DEVIATIONS = [
    Deviation(
        "constantLine has a value for each point of the range, graphite-web three",
        "constantLine|threshold",
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "events has the intervals that all series have, graphite-web one for each second",
        "events",
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "the constant line that counts nothing has a value for each point of the range",
        "countSeries",
        r"\)",
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "aggregateLine has a value for each point of the range, graphite-web three",
        "aggregateLine",
        r"(?!.*,true\))",
        same=frozenset({NAMES}),
    ),
    Deviation(
        "series of unequal steps are brought on one grid, there only in part",
        "asPercent|pct|weightedAverage",
        _MIXED,
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "a total that matches nothing gives nulls",
        "asPercent|pct",
        r".*ten\.nothing\.here",
        status=REFUSES,
    ),
    Deviation(
        "a total without series of its group gives nulls", "asPercent|pct", ".*,.*,", status=FAILS
    ),
    Deviation(
        "a replacement's group that the search does not have is wrong where it is used",
        "aliasSub|aliasQuery|useSeriesAbove",
        r".*\\1",
        status=FAILS,
    ),
    Deviation(
        "a name that is itself a target makes no target for applyByNode",
        "applyByNode",
        r"\w+\(",
        refused=True,
    ),
    Deviation(
        "what is unknown is neither above nor below a percentile",
        "averageOutsidePercentile|removeBetweenPercentile",
        status=FAILS,
    ),
    Deviation("what is unknown is not above a number", "useSeriesAbove", status=FAILS),
    Deviation(
        "an aggregate may be called sumSeries wherever one is asked for",
        "filterSeries|highest|lowest|sortBy|aggregateLine|summarize|smartSummarize|movingWindow",
        SERIES_NAME,
        status=REFUSES,
    ),
    Deviation(
        "an aggregate may be called sumSeries wherever one is asked for, also in a legend",
        "legendValue",
        SERIES_NAME,
        same=ALL - {NAMES},
    ),
    Deviation(
        "legendValue shows nothing if asked for nothing",
        "legendValue",
        r'(?!.*"\w+"\))',
        status=FAILS,
    ),
    Deviation(
        "units come last in a legend",
        "legendValue",
        r'.*"(si|binary)",',
        refused=True,
    ),
    Deviation(
        "a name with spaces in it is one node",
        r"aliasBy\w+|groupBy\w+",
        r".*cactiStyle\(",
        same=ALL - {NAMES},
    ),
    Deviation(
        "percentile 0 is the lowest value",
        "removeAbovePercentile|removeBelowPercentile",
        r".*,0\)",
        status=FAILS,
    ),
    Deviation("mapSeries alone orders series", "map|mapSeries", status=FAILS),
    Deviation(
        "the highest rank is the highest value, also between two",
        "percentileOfSeries",
        ".*,100,true",
        status=FAILS,
    ),
    Deviation(
        "a name may be empty",
        r"aliasBy\w+|groupBy\w+|mapSeries|map|asPercent|pct|weightedAverage",
        r".*(alias|groupBy|substr)",
        status=FAILS,
    ),
    Deviation("a count is no whole number in a tag", "offsetToZero", ".*count", same=ALL - {TAGS}),
    Deviation(
        "what has added up over an interval is what it has added up to at its end",
        "integral",
        merged=True,
        same=NOT_VALUES,
    ),
    Deviation(
        "a share that a target sets is that of its series, not of all that is read after them",
        "setXFilesFactor|xFilesFactor",
        r".*\),\w+\(",
        merged=True,
        same=NOT_VALUES,
    ),
    Deviation(
        "a share of series is none of their values over time",
        r"aggregate(SeriesLists)?",
        r".*,[\d.]+\)",
        merged=True,
        same=NOT_VALUES,
    ),
    Deviation(
        "what combines series that merge in one way merges in the same",
        r"\w*Series|\w+Wildcards|\w+Lists|groupBy\w+|aggregate|avg|sum",
        r".*(consolidateBy|cumulative)\(",
        merged=True,
        same=NOT_VALUES,
    ),
    Deviation("there is a random walk in each answer", r"randomWalk\w*", same=NOT_VALUES),
    Deviation(
        "times in a target are those of the request, not of the clock",
        "timeSlice",
        r"[^\"]*\"\d+\"\)$",
        same=frozenset({TIMES, VALUES}),
    ),
    Deviation(
        "a window of points is as long for each series as its own step makes it",
        r"moving\w+|exponentialMovingAverage",
        rf"{_MIXED}.*,\d+[,)]",
        same=frozenset({NAMES, TAGS}),
    ),
    Deviation(
        "a reference series is looked at by time, not by place",
        "transformNull",
        rf"(?=.*,.*,){_MIXED}",
        same=NOT_VALUES,
    ),
    Deviation("a logarithm needs a base of more than 1", "log", r".*,1\)", refused=True),
    Deviation("what is too large is null", "exp|sigmoid", status=FAILS),
    Deviation(
        "what is unknown is within a counter's range",
        "nonNegativeDerivative|perSecond",
        ".*,",
        status=FAILS,
    ),
    Deviation(
        "holtWintersConfidenceArea is drawn for each series",
        "holtWintersConfidenceArea",
        status=FAILS,
    ),
    Deviation(
        "series of one name are each compared with their own band",
        "holtWintersAberration",
        "alias",
        same=NOT_VALUES,
    ),
    Deviation("no line fits fewer than two values", "linearRegression", status=FAILS),
    Deviation(
        "a vertical line without a label is named after its target",
        "verticalLine",
        r'"\d+"\)',
        same=frozenset({TIMES, VALUES}),
    ),
]


def deviation(case: Case, status: int, *, refused: bool) -> Deviation | None:
    """Return the rule that a case's answers fall under, if one does."""
    covering = (one for one in DEVIATIONS if one.covers(case, status, refused=refused))
    return next(covering, None)
