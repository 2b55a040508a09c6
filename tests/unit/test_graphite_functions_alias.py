import pytest

from celeryscope.graphite.errors import TargetError
from support.graphite_gauges import START, Points, only

GAUGES: dict[str, Points] = {"web1.cpu": [1500, None, 2048], "web2.cpu": [None], "web3.cpu": [7]}
X = "stats.gauges.web1.cpu"


def name(target: str) -> str:
    return only(target, None, START, **GAUGES).name


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (f"aliasByMetric({X})", "cpu"),
        (f"aliasByMetric(scale({X},2))", "cpu"),
        (f"aliasByMetric(removeAboveValue({X},2))", "cpu"),
        (f"aliasByNode({X},2,'name')", f"web1.{X}"),
        (f"aliasByTags({X},'name',-1,'missing')", f"{X}.cpu."),
        (f"aliasQuery({X},'web1','web3','%.1f of 100 %%')", "7.0 of 100 %"),
        (f"aliasQuery({X},'^.*$','constantLine(3)','%d')", "3"),
        (f"legendValue({X})", X),
        (f"legendValue({X},'max','count')", f"{X} (max: 2048.0) (count: 2)"),
        (f"legendValue(alias({X},'a'),'avg','binary')", f"{'a':<20}avg  1.73Ki    "),
        (f"legendValue(alias({X},'a'),'last','si')", f"{'a':<20}last 2.05k     "),
        ("legendValue(stats.gauges.web2.cpu,'max')", "stats.gauges.web2.cpu (max: None)"),
        (f"upper({X})", X.upper()),
        (f"upper({X},0,-1,99)", "Stats.gauges.web1.cpU"),
        (f"lower(upper({X}),6)", "STATS.gAUGES.WEB1.CPU"),
    ],
)
def test_series_are_renamed(call: str, expected: str) -> None:
    assert name(call) == expected


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (f"aliasQuery({X},'web1','no','%d')", "aliasQuery: 'stats.gauges.no.cpu' gives no series"),
        (f"aliasQuery({X},'web1','web2','%d')", "'stats.gauges.web2.cpu' ends with no number"),
        (f"aliasQuery({X},'web1','web3','%d%d')", "newName is '%d%d'; allowed is text with one"),
        (f"aliasQuery({X},'web1','web3','%999999999d')", "allowed is text with one number, such"),
        (f"aliasQuery({X},'web1','(','%d')", "is wrong at character"),
        (f"legendValue({X},'si','max')", "legendValue: si comes last, after the aggregates"),
        (f"legendValue({X},'mode')", "legendValue: valuesTypes is 'mode'; allowed is one of avera"),
        (f"grep({X},'(')", "grep: search '(' is wrong (missing )"),
    ],
)
def test_what_makes_no_name_is_refused(target: str, why: str) -> None:
    with pytest.raises(TargetError) as raised:
        name(target)
    assert why in str(raised.value)
