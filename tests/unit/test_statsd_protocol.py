"""The StatsD line: node's grammar, DogStatsD's, and what is refused for which reason."""

from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from celeryscope.metrics import Kind
from celeryscope.statsd.bad_lines import Reason
from celeryscope.statsd.protocol import Line, Sample, Slot, parse_line, split_line
from celeryscope.statsd.reserved import reserved_names
from celeryscope.statsd.series import made_printable


def samples(line: bytes) -> list[tuple[str, Kind, float, bytes]]:
    parsed = parse_line(line)
    assert parsed.refused is None
    return [(one.slot.name, one.slot.kind, one.slot.rate, one.text) for one in parsed.samples]


@pytest.mark.parametrize(
    ("rest", "kind", "rate"),
    [
        (b"c", Kind.COUNTER, 1.0),
        (b"ms", Kind.TIMER, 1.0),
        (b"h", Kind.TIMER, 1.0),
        (b"d", Kind.TIMER, 1.0),
        (b"g", Kind.GAUGE, 1.0),
        (b"s", Kind.SET, 1.0),
        (b"c|@0.5", Kind.COUNTER, 0.5),
        (b"ms|@1", Kind.TIMER, 1.0),
        (b"h|@0.1", Kind.TIMER, 0.1),
        (b"c|@1e-3", Kind.COUNTER, 0.001),
        (b"c|@1e-9", Kind.COUNTER, 1e-9),
        (b"c|@+.25", Kind.COUNTER, 0.25),
        (b"c|@0.5" + b"0" * 60, Kind.COUNTER, 0.5),
        (b"c\r", Kind.COUNTER, 1.0),
        (b"c" + b" " * 64, Kind.COUNTER, 1.0),
        (b"ms|@0.1\r", Kind.TIMER, 0.1),
        (b" c |@0.1 ", Kind.COUNTER, 0.1),
        (b"g|@0.1", Kind.GAUGE, 1.0),
        (b"s|@0.1", Kind.SET, 1.0),
        (b"c|c:ci-0af4", Kind.COUNTER, 1.0),
        (b"c|e:it-false,cn-web:1", Kind.COUNTER, 1.0),
        (b"c|card:low", Kind.COUNTER, 1.0),
        (b"c|x:what may come", Kind.COUNTER, 1.0),
        (b"ms|@0.5|c:ci-0af4|e:it-false|card:low|T1700000000", Kind.TIMER, 0.5),
        (b"c|T1700000000", Kind.COUNTER, 1.0),
        (b"c|#", Kind.COUNTER, 1.0),
        (b"c|#|@0.5", Kind.COUNTER, 0.5),
    ],
)
def test_a_good_line_has_a_kind_and_a_rate(rest: bytes, kind: Kind, rate: float) -> None:
    assert samples(b"name:5|" + rest) == [("name", kind, rate, b"5")]


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b"c|", Reason.FORMAT),
        (b"c||", Reason.FORMAT),
        (b"c|@1|@1", Reason.FORMAT),
        (b"c|0.5", Reason.FORMAT),
        (b"c|T", Reason.FORMAT),
        (b"c|Tx", Reason.FORMAT),
        (b"c|c", Reason.FORMAT),
        (b"c|#a:1|#b:2", Reason.FORMAT),
        (b"c|#a:1:2|c", Reason.FORMAT),
        (b"", Reason.TYPE),
        (b" ", Reason.TYPE),
        (b"|@1", Reason.TYPE),
        (b"#a:1", Reason.FORMAT),
        (b"C", Reason.TYPE),
        (b"mss", Reason.TYPE),
        (b"kv", Reason.TYPE),
        (b"\xff", Reason.TYPE),
        (b"zzz|@0", Reason.TYPE),
        (b"c|@", Reason.RATE),
        (b"c|@0", Reason.RATE),
        (b"c|@0.0", Reason.RATE),
        (b"c|@-0.5", Reason.RATE),
        (b"c|@1.0001", Reason.RATE),
        (b"c|@100", Reason.RATE),
        (b"c|@nan", Reason.RATE),
        (b"c|@Infinity", Reason.RATE),
        (b"c|@1e-400", Reason.RATE),
        (b"c|@1e-300", Reason.RATE),
        (b"c|@1e999", Reason.RATE),
        (b"c|@0x1", Reason.RATE),
        (b"c|@ 1", Reason.RATE),
        (b"c|@1 1", Reason.RATE),
        ("c|@\N{ARABIC-INDIC DIGIT ONE}".encode(), Reason.RATE),
    ],
)
def test_a_bad_type_or_rate_is_refused_with_its_reason(rest: bytes, reason: Reason) -> None:
    assert parse_line(b"name:5|" + rest) == Line(refused=reason)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"no colon", Reason.FORMAT),
        (b"a:1", Reason.FORMAT),
        (b"a|c", Reason.FORMAT),
        (b"a|c:1", Reason.FORMAT),
        (b":1|c", Reason.NAME),
        (b"...:1|c", Reason.NAME),
        (b";a=b:1|c", Reason.NAME),
        (b"_e{5,4}:title|text", Reason.EVENT),
        (b"_e{5,4}:title|text|#a:b|p:low", Reason.EVENT),
        (b"_sc|db.up|0|#a:b|m:fine", Reason.SERVICE_CHECK),
    ],
)
def test_what_is_no_metric_is_refused_with_its_reason(line: bytes, reason: Reason) -> None:
    assert parse_line(line) == Line(refused=reason)


def test_one_name_may_have_samples_of_several_types_and_rates() -> None:
    assert samples(b"m:1|c:2|ms|@0.5:+3|g:u1|s") == [
        ("m", Kind.COUNTER, 1.0, b"1"),
        ("m", Kind.TIMER, 0.5, b"2"),
        ("m", Kind.GAUGE, 1.0, b"+3"),
        ("m", Kind.SET, 1.0, b"u1"),
    ]


def test_tags_behind_the_samples_are_those_of_all() -> None:
    assert [name for name, *_ in samples(b"m:1|c:2|ms|@0.5|#b:2,a:1")] == ["m;a=1;b=2"] * 2


def test_several_values_may_be_packed_into_a_sample() -> None:
    assert samples(b"m:1:2:3|ms|@0.5") == [("m", Kind.TIMER, 0.5, b"1:2:3")]
    assert samples(b"m:1:2|c:3:4|c") == [
        ("m", Kind.COUNTER, 1.0, b"1:2"),
        ("m", Kind.COUNTER, 1.0, b"3:4"),
    ]


def test_a_member_of_a_set_keeps_its_colons() -> None:
    assert samples(b"s:a:b|s") == [("s", Kind.SET, 1.0, b"a:b")]


def test_bad_samples_of_a_line_do_not_spoil_the_good_ones() -> None:
    parsed = parse_line(b"c:1|c:2|zzz:3|c|@9:4|c")
    assert parsed.samples == [
        Sample(Slot(Kind.COUNTER, "c", 1.0), b"1"),
        Sample(Slot(Kind.COUNTER, "c", 1.0), b"4"),
    ]
    assert (parsed.refused, parsed.steady) == (Reason.TYPE, False)
    assert parse_line(b"c:1|c:junk").refused is Reason.FORMAT
    assert parse_line(b"c:1|c:").refused is Reason.FORMAT


@pytest.mark.parametrize(
    ("line", "steady"),
    [
        (b"a:1|c", True),
        (b"a:1:2|ms|@0.5|#k:v", True),
        (b"a:1|c|c:ci-1", True),
        (b"a:1|c:2|c", False),
        (b"a:1|c|T1700000000", False),
        (b"a:1|c|#k:v|T1700000000", False),
        (b"a:1|c|#k:|Tv", False),
    ],
)
def test_a_spelling_is_steady_if_others_may_come_in_it(line: bytes, *, steady: bool) -> None:
    assert parse_line(line).steady is steady


@pytest.mark.parametrize("line", [b"a.b:1|c", b"a;k=v:2.5|ms|@0.25", b"g:+3|g", b"s:x:y|s"])
def test_a_slot_writes_the_line_that_it_was_read_from(line: bytes) -> None:
    (sample,) = parse_line(line).samples
    assert sample.slot.line(sample.text) == line


LINES = st.binary() | st.lists(
    st.sampled_from(
        [b"a", b":", b"|", b"1", b"c", b"ms", b"s", b"@0.5", b"#k:v", b"T1", b"x:", b" "]
    ),
    max_size=14,
).map(b"".join)


@given(LINES)
@example(b"s:a:b|s")
@example(b"a:1|c|#k:v")
def test_any_bytes_have_samples_or_a_reason(line: bytes) -> None:
    parsed = parse_line(line)
    assert parsed.samples or parsed.refused is not None
    for sample in parsed.samples:
        assert 0 < sample.slot.rate <= 1
        assert sample.slot.name
        if sample.slot.takes(sample.text):
            again = parse_line(sample.slot.line(sample.text))
            assert again == Line([sample], None, steady=True)
    if parsed.steady:
        assert split_line(line)[1] == parsed.samples[0].text


@pytest.mark.parametrize(
    "piece", [b"|", b":", b"|@", b"1|c:", b"|x:", b"|T1", b"|#", b",", b";", b"a="]
)
def test_one_long_line_does_not_hold_the_parser_up(piece: bytes) -> None:
    began = process_time()
    parse_line(b"a:1|c" + piece * 4000)
    parse_line(piece * 4000 + b":1|c")
    assert process_time() - began < 1


@pytest.mark.parametrize("name", [b"celeryscope.packets", b"celeryscope.dropped.kernel;a=b"])
def test_no_client_can_set_the_servers_own_series(name: bytes) -> None:
    assert parse_line(name + b":1|c").refused is Reason.RESERVED


@pytest.mark.parametrize(
    "name", ["celeryscope\u00e9.packets", "\u00e9.celeryscope.packets", "celery!scope.packets"]
)
def test_no_unclean_name_becomes_one_of_the_servers_own_where_it_is_sent(name: str) -> None:
    line = name.encode() + b":1|c"
    assert parse_line(line, made_printable).refused is Reason.RESERVED
    assert parse_line(b"celeryscope.client.name\xc3\xa9:1|c", made_printable).refused is None


@pytest.mark.parametrize(
    ("prefix_stats", "reserved", "free"),
    [
        ("foo", ["foo.lines", "foo.bad_lines.new", "celeryscope.x"], ["foo.x", "lines"]),
        ("celery", ["celery.packets"], ["celery.task.a.b.c.prerun", "celery.packets.x"]),
        ("", ["lines", "flush.lag", "outputs.a.sent"], ["a.lines", "lines;a=b", "linesx"]),
    ],
)
def test_no_client_can_set_them_by_the_name_under_which_they_are_sent(
    prefix_stats: str, reserved: list[str], free: list[str]
) -> None:
    names = reserved_names(prefix_stats)
    for name in reserved:
        assert parse_line(f"{name}:1|c".encode(), reserved=names).refused is Reason.RESERVED
    for name in [*free, "celeryscope.client.sent"]:
        assert parse_line(f"{name}:1|c".encode(), reserved=names).refused is None


def test_clients_tell_of_themselves() -> None:
    assert parse_line(b"celeryscope.client.sent:1|c").refused is None
    assert parse_line(b"celeryscopes.packets:1|c").refused is None
