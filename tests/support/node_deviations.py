"""Where ours differs from node statsd on purpose, each as a rule that says when and how.

A rule turns a line into the one that node has to be given for the outcome that ours is to have. It
returns a line as it is where it does not apply; so what no rule tells apart has to be equal.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import isnan

from support.node_corpus import Line, Sample
from support.node_statsd import Values

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_KNOWN_FIELD = re.compile(r"[A-Za-z_]+:|T[0-9]+\Z")
_UNICODE_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
_MEAN = re.compile(r"(.*)\.mean_((top)?[0-9_]+)((?:\.[a-z0-9.-]+)?(?:;.*)?)\Z")
_MAX_NAME = 500
REFUSED = Sample(("bad",), "c")
"""What is a bad line to node, too."""


@dataclass(frozen=True)
class Deviation:
    """A rule, and the words by which docs/deviations.md tells of it."""

    told: str
    as_node_needs_it: Callable[[Line], Line]


def rewritten(line: Line) -> tuple[Line, list[Deviation]]:
    """Return the line that node needs, and the deviations that made it another."""
    applied = []
    for deviation in DEVIATIONS:
        before, line = line, deviation.as_node_needs_it(line)
        if line != before:
            applied.append(deviation)
    return line, applied


def kills_node(line: Line) -> bool:
    """Tell whether node ends at a line: at a rate that is a number and has no digit in front."""
    return any(
        re.match(r"@(\s*|\s+[0-9].*|[+].*|Infinity)\Z", part) and part != "@"
        for part in re.split(r"[|:]", line.text())
    )


def whole_thresholds(values: Values) -> Values:
    """Return node's values with those thresholds right that take in all samples, or more.

    Node has no number for those that it counts from the top, nor for those above 100 %; to ours
    they are what all samples are. `values` have the threshold 100 where they have any of these.
    """
    found = dict(values)
    for name, value in values.items():
        match = _MEAN.match(name)
        if match and isnan(value):
            timer, threshold, top, tags = match.groups()
            edge = "lower" if top else "upper"
            for part in ("mean", "sum", "sum_squares", edge):
                found[f"{timer}.{part}_{threshold}{tags}"] = values[f"{timer}.{part}{tags}"]
            found[f"{timer}.count_{threshold}{tags}"] = values[f"{timer}.count_100{tags}"]
    return found


def wanted_by_node(wanted: Iterable[str], thresholds: Iterable[float]) -> list[str]:
    """Return the statistics that node needs to be told for all decimals of a threshold to come.

    It takes `upper_99_9` for one of the family `upper_99_percent`.
    """
    whole = {f"{threshold}".lstrip("-").partition(".") for threshold in thresholds}
    decimals = [f"{top}{digits}" for digits, point, _ in whole if point for top in ("", "top")]
    return [
        name
        for one in wanted
        for name in (one, *(one.replace("percent", f"{part}_percent") for part in decimals))
    ]


def _each(change: Callable[[Sample], Sample]) -> Callable[[Line], Line]:
    return lambda line: replace(line, samples=tuple(map(change, line.samples)))


def _blank(line: Line) -> Line:
    return Line("") if not line.text().strip() else line


def _without_space_around(line: Line) -> Line:
    stripped = _each(lambda sample: replace(sample, type=sample.type.strip()))(line)
    return replace(stripped, end="")


def _one_rate(sample: Sample) -> Sample:
    return sample if len(_rates(sample)) < 2 else REFUSED


def _known_fields(line: Line) -> Line:
    """Leave out what is known; what is not takes the rest of the line with it."""
    unknown = [not all(map(_KNOWN_FIELD.match, _others(one))) for one in line.samples]
    if any(unknown):
        line = replace(line, samples=(*line.samples[: unknown.index(True)], REFUSED))
    return _each(lambda sample: replace(sample, fields=tuple(_rates(sample))))(line)


def _rates(sample: Sample) -> list[str]:
    return [field for field in sample.fields if field.startswith("@")]


def _others(sample: Sample) -> list[str]:
    return [field for field in sample.fields if not field.startswith("@")]


def _known_type(sample: Sample) -> Sample:
    if sample.type in ("h", "d"):
        return replace(sample, type="ms")
    return sample if sample.type in ("c", "ms", "g", "s") else REFUSED


def _rate(sample: Sample) -> Sample:
    if not sample.fields:
        return sample
    text = sample.fields[0][1:].rstrip()
    if not _is_number(text) or not 0 < float(text) <= 1:
        return REFUSED
    plain = re.fullmatch(r"[0-9.]+", text)
    return sample if plain else replace(sample, fields=(f"@{float(text):f}",))


def _member(sample: Sample) -> Sample:
    if sample.type != "s":
        return sample
    member = ":".join(sample.values)
    told_apart = {"": "empty", "__proto__": "proto"}.get(member, member.replace(":", "_"))
    return sample if sample.values == (told_apart,) else replace(sample, values=(told_apart,))


def _numbers(sample: Sample) -> Sample:
    return sample if sample.type == "s" or all(map(_is_number, sample.values)) else REFUSED


def _packed(line: Line) -> Line:
    samples: list[Sample] = []
    for sample in line.samples:
        negative = sample.type == "ms" and any(float(value) < 0 for value in sample.values)
        each = [replace(sample, values=(value,)) for value in sample.values]
        samples += [REFUSED] if negative and len(each) > 1 else each
    return replace(line, samples=tuple(samples))


def _is_number(text: str) -> bool:
    return bool(_NUMBER.match(text)) and abs(float(text)) <= 1e100


def _unicode_space(line: Line) -> Line:
    tags = line.tags and tuple(_UNICODE_SPACE.sub("", tag) for tag in line.tags)
    return replace(line, name=_UNICODE_SPACE.sub("", line.name), tags=tags)


def _influx_tags(line: Line) -> Line:
    path, *tags = line.name.split(",")
    if ";" in line.name or not tags or not all("=" in tag for tag in tags):
        return line
    return replace(line, name=";".join([path, *tags]))


def _semicolons(line: Line) -> Line:
    return replace(line, tags=line.tags and tuple(tag.replace(";", "_") for tag in line.tags))


def _sorted_tags(line: Line) -> Line:
    path, *inner = line.name.split(";")
    outer = [tag.replace(":", "=", 1) for tag in line.tags or () if line.tags != ("",)]
    written = [_clean(tag) for tag in (*inner, *outer)]
    kept = sorted({tag for tag in written if tag and not tag.startswith("=")})
    return line if written == kept else replace(line, name=";".join([path, *kept]), tags=None)


def _path_nodes(line: Line) -> Line:
    path, *tags = line.name.split(";")
    cleaned = _clean(path)
    kept = ".".join(filter(None, cleaned.split(".")))
    return line if cleaned == kept else replace(line, name=";".join([kept, *tags]))


def _name(line: Line) -> Line:
    """Refuse a name by its length; what is left of one is never nothing in the corpus."""
    name = _clean(";".join([line.name, *(tag.replace(":", "=", 1) for tag in line.tags or ())]))
    return Line("bad", (REFUSED,)) if len(name) > _MAX_NAME else line


def _clean(text: str) -> str:
    """Sanitise as node does."""
    return re.sub(r"[^A-Za-z0-9_\-.;=]", "", re.sub(r"\s+", "_", text).replace("/", "-"))


BLANK = Deviation("A line of nothing but white space is no line", _blank)
DEVIATIONS = (
    BLANK,
    Deviation("White space around a type and at the end of a line", _without_space_around),
    Deviation("`|c:`, `|T`, `|e:` and `|card:` after a sample are left out", _known_fields),
    Deviation("A sample with two rates", _each(_one_rate)),
    Deviation("An unknown type is a bad line", _each(_known_type)),
    Deviation("A sample rate is above 0 and at most 1", _each(_rate)),
    Deviation("A set takes all of `a:b`", _each(_member)),
    Deviation("Numbers are ASCII decimals", _each(_numbers)),
    Deviation("`a:1:2:3|ms` is three samples", _packed),
    Deviation("Only ASCII white space in a name becomes `_`", _unicode_space),
    Deviation("`a,b=1` has a tag", _influx_tags),
    Deviation("In a tag every `;` becomes `_`", _semicolons),
    Deviation("Tags are sorted", _sorted_tags),
    Deviation("Empty path nodes are left out", _path_nodes),
    Deviation("A name of more than 500 bytes", _name),
)
