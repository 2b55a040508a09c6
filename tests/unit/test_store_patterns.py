"""Carbon's two files: which tiers keep a series, and how plain ones are rolled up."""

import pytest

from celeryscope.metrics import Kind
from celeryscope.store.patterns import (
    aggregation_of,
    parse_aggregations,
    parse_schemas,
    path_of,
    schema_of,
)
from celeryscope.store.tiers import Tier

SCHEMAS = """
# Carbon's own example
[carbon]
pattern = ^carbon\\.
retentions = 60:90d

[fast]
pattern = \\.fast$
retentions = 10s:6h,1min:7days, 10m : 5years

[points]
pattern = ^points\\.
retentions = 60:1440
"""


def test_the_first_pattern_that_is_found_in_a_path_decides() -> None:
    schemas = parse_schemas(SCHEMAS)
    paths = ("carbon.fast", "a.fast", "a.faster", "points.a", "a.points.b")
    assert [schema_of(schemas, path) for path in paths] == ["carbon", "fast", "", "points", ""]


def test_retentions_are_read_in_all_the_ways_that_carbon_has() -> None:
    carbon, fast, points = parse_schemas(SCHEMAS)
    assert carbon.tiers == (Tier(60, 90 * 86_400),)
    assert fast.tiers == (Tier(10, 21_600), Tier(60, 604_800), Tier(600, 5 * 31_536_000))
    assert points.tiers == (Tier(60, 86_400),)


def test_a_series_from_statsd_has_the_path_that_graphite_shows() -> None:
    assert path_of(Kind.TIMER, "celery.task.a.runtime") == "stats.timers.celery.task.a.runtime"
    assert path_of(Kind.PLAIN, "servers.a.load") == "servers.a.load"


def test_aggregations_have_carbons_names_and_defaults() -> None:
    rules = parse_aggregations(
        "[min]\npattern = \\.lower$\nxFilesFactor = 0.1\naggregationMethod = min\n"
        "[avg]\npattern = ^a\naggregationMethod = avg\n[rest]\npattern = b\n"
    )
    found = [aggregation_of(rules, path) for path in ("x.lower", "a", "b", "c")]
    assert [(one.method, one.known) for one in found] == [
        ("min", 0.1),
        ("average", 0.0),
        ("average", 0.0),
        ("average", 0.0),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\nretentions = 10s:1d", "[a] has no pattern"),
        ("[a]\npattern = (\nretentions = 10s:1d", "[a] pattern = '(': missing )"),
        ("[a]\npattern = a", "[a] retentions = '': '' is not a length of time"),
        ("[a]\npattern = a\nretentions = 10x:1d", "'10x' is not a length of time"),
        ("[a]\npattern = a\nretentions = 1m:1d,10s:2d", "must be a larger multiple"),
        ("[a]\npattern = a\nretentions = 1m:30", "[a]"),
        ("[a]\npattern = a\nretentions = 0:30", "not a duration"),
        ("pattern = a", "no section headers"),
    ],
)
def test_a_schema_that_is_wrong_is_told_with_what_is_allowed(text: str, message: str) -> None:
    if message == "[a]":
        assert parse_schemas(text)[0].tiers == (Tier(60, 1800),)
        return
    with pytest.raises(ValueError) as error:  # noqa: PT011 -- the message is compared below
        parse_schemas(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("aggregationMethod = mode", "[a] aggregationMethod = 'mode'; allowed are average, sum"),
        ("xFilesFactor = 2", "[a] xFilesFactor = '2'; allowed is a number from 0 to 1"),
        ("xFilesFactor = half", "[a] xFilesFactor = 'half'"),
    ],
)
def test_an_aggregation_that_is_wrong_is_told_with_what_is_allowed(line: str, message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 -- the message is compared below
        parse_aggregations(f"[a]\npattern = a\n{line}\n")
    assert message in str(error.value)
