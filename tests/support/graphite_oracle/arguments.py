"""What targets of the differential test are made of: argument texts by type, or by function."""

from collections.abc import Mapping, Sequence
from random import Random

from celeryscope.graphite.declaration import Function
from celeryscope.graphite.parameters import Parameter

PATHS = [
    "ten.*.used",
    "ten.web?.{used,total}",
    "ten.shape.*",
    "minute.shape.*",
    "ten.shape.gaps",
    "ten.shape.empty",
    "minute.db.*",
    "{ten,minute}.web1.*",
    "*.shape.{gaps,steps,zero}",
    "ten.nothing.here",
    "ten.tagged.*",
]
NESTED = [
    "scale({},3)",
    "sumSeries({})",
    "aliasByNode({},1)",
    "consolidateBy({},'max')",
    "alias({},'renamed')",
]
AGGREGATES = [
    *("average", "avg", "avg_zero", "median", "sum", "total", "min", "max", "diff", "stddev"),
    *("count", "range", "rangeOf", "multiply", "last", "current", "sumSeries", "maxSeries"),
]
NODES = ["0", "1", "2", "-1"]
BY_TYPE = {
    "aggFunc": [f'"{name}"' for name in AGGREGATES],
    "aggOrSeriesFunc": [f'"{name}"' for name in AGGREGATES],
    "any": ["100", "7.5", "none"],
    "boolean": ["true", "false"],
    "date": ['"-30min"', '"-1h"', '"now"'],
    "float": ["0", "1", "2.5", "-3", "0.5", "10", "50", "95"],
    "intOrInf": ["1", "2", "4", "inf"],
    "intOrInterval": ["3", "5", '"1min"', '"5min"', "'10min'"],
    "integer": ["1", "2", "3", "5"],
    "interval": ["'1min'", "'5min'", '"90s"', "'1h'"],
    "node": NODES,
    "nodeOrTag": [*NODES, '"host"'],
    "seriesLists": ["mapSeries(ten.*.{used,total},1)", "mapSeries(ten.*.*,1)"],
    "string": ["'text'"],
    "tag": ['"host"', '"dc"'],
}
ONE = ["ten.shape.steps", "ten.shape.gaps", "minute.shape.zero", "ten.nothing.here"]
SEARCHES = ["'web'", "'^ten'", "'(.*)[.](.*)$'", "'a+'", "'nothing'"]
REPLACEMENTS = ["'x'", r"'<\1>'", "''"]
SUBSTITUTION = {"search": ["'^ten.(.*)$'", "'used'"], "replace": [r"'minute.\1'", "'total'"]}
NUMBERS_OF_PERCENT = ["0", "1", "10", "50", "95", "99.9", "100"]
PAIR = {
    "seriesListFirstPos": ["ten.*.used", "ten.*.total", "ten.shape.gaps"],
    "seriesListSecondPos": ["minute.*.total", "ten.*.idle", "ten.*.total"],
}
MAPPED = {"reduceFunction": ['"asPercent"', '"divideSeries"', '"diffSeries"'], "reduceNode": ["2"]}
ONLY_ONCE = {"reduceMatchers"}
TIMES = ['"1700043000"', '"1700044000"', '"1700045000"']
BY_NAME = {
    **dict.fromkeys(("startSourceAt", "endSourceAt", "startSliceAt", "endSliceAt", "ts"), TIMES),
    "xFilesFactor": ["0", "0.3", "0.5", "1"],
}
BY_FUNCTION: dict[str, dict[str, list[str]]] = {
    "aliasQuery": {
        "search": ["'^ten.web1.(.*)$'"],
        "replace": [r"'minute.web2.\1'", "'ten.shape.constant'"],
        "newName": ["'it was %d'", "'%g now'", "'%.2f'"],
    },
    "aliasSub": {"search": SEARCHES, "replace": REPLACEMENTS},
    "applyByNode": {
        "seriesList": ["ten.*.used", "ten.web?.*"],
        "nodeNum": ["0", "1"],
        "templateFunction": ['"sumSeries(%.used)"', "'asPercent(%.used,%.total)'", "'%.db.*'"],
        "newName": ["'%.new'", "'fixed'"],
    },
    "asPercent": {"total": ["100", "7.5", "none", *PATHS]},
    "averageOutsidePercentile": {"n": NUMBERS_OF_PERCENT},
    "diffSeriesLists": PAIR,
    "aggregateSeriesLists": PAIR,
    "multiplySeriesLists": PAIR,
    "sumSeriesLists": PAIR,
    "divideSeries": {"divisorSeries": ONE},
    "divideSeriesLists": {
        "dividendSeriesList": PAIR["seriesListFirstPos"],
        "divisorSeriesList": PAIR["seriesListSecondPos"],
    },
    "exclude": {"pattern": SEARCHES},
    "filterSeries": {"threshold": ["0", "3", "10", "-2.5"]},
    "groupByTags": {"seriesList": ["ten.tagged.*", "minute.tagged.*", "*.tagged.disk*"]},
    "grep": {"pattern": SEARCHES},
    "nPercentile": {"n": NUMBERS_OF_PERCENT},
    "percentileOfSeries": {"n": NUMBERS_OF_PERCENT[1:]},
    "reduceSeries": MAPPED | {"reduceMatchers": ['"used","total"', '"total","used"']},
    "removeAbovePercentile": {"n": NUMBERS_OF_PERCENT},
    "removeBelowPercentile": {"n": NUMBERS_OF_PERCENT},
    "removeBetweenPercentile": {"n": NUMBERS_OF_PERCENT},
    "useSeriesAbove": SUBSTITUTION,
    "weightedAverage": {
        "seriesListAvg": ["ten.*.used", "minute.*.used", "ten.web?.used"],
        "seriesListWeight": ["ten.*.total", "ten.*.idle", "minute.*.total"],
    },
}


def target(random: Random, name: str, function: Function, paths: Sequence[str] = PATHS) -> str:
    """Return a call of a function with arguments that it may get, its series below `paths`."""
    return f"{name}({','.join(_arguments(random, function, paths))})"


def chain(
    random: Random, names: Sequence[str], functions: Mapping[str, Function], paths: Sequence[str]
) -> str:
    """Return a call of the first function over what a call of the next gives, and so on."""
    inner = list(paths)
    for name in reversed(names):
        inner = [target(random, name, functions[name], inner)]
    return inner[0]


def _arguments(random: Random, function: Function, paths: Sequence[str]) -> list[str]:
    texts: list[str] = []
    for parameter in function.parameters:
        if not parameter.required and random.random() < 0.4:
            break
        times = range(_times(random, parameter))
        texts += [_argument(random, function, parameter, paths) for _ in times]
    return texts


def _times(random: Random, parameter: Parameter) -> int:
    one = not parameter.multiple or parameter.name in ONLY_ONCE
    return 1 if one else random.choice([1, 1, 2])


def _argument(
    random: Random, function: Function, parameter: Parameter, paths: Sequence[str]
) -> str:
    texts = (BY_NAME | BY_FUNCTION.get(function.name, {})).get(parameter.name)
    texts = texts or [_quoted(option) for option in parameter.options] or None
    if texts is None and parameter.type.name == "seriesList":
        text = random.choice(paths)
        nested = text in PATHS and random.random() < 0.2
        return random.choice(NESTED).format(text) if nested else text
    return random.choice(texts or BY_TYPE[parameter.type.name])


def _quoted(option: object) -> str:
    return f'"{option}"' if isinstance(option, str) else str(option).lower()
