"""Where a setting may stand, which place wins, and what a wrong one is told."""

import atexit
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from math import inf
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest

from celeryscope.address import Address, Endpoint, Transport
from celeryscope.carbon.target import Target
from celeryscope.metrics import Kind
from celeryscope.naming import Layout
from celeryscope.outputs.prometheus.histogram import BUCKETS
from celeryscope.settings import (
    WORKER_SETTINGS,
    Settings,
    SettingsError,
    load_settings,
    option_name,
    variable_name,
    written,
    written_default,
)
from celeryscope.settings.values import RuleFile
from celeryscope.store.patterns import parse_aggregations, parse_schemas
from celeryscope.store.tiers import Tier
from celeryscope.worker.settings import Settings as WorkerSettings


@dataclass(frozen=True)
class Sample:
    """A value that is not the default, as it is written and as it is, and another one."""

    text: str
    value: object
    other: str


DAY = 86_400
RULES = "[short]\npattern = ^short\\.\nretentions = 1s:1h\n"
MERGING = "[sums]\npattern = \\.count$\naggregationMethod = sum\n"
FOLDER = Path(mkdtemp())
SCHEMAS, AGGREGATION = FOLDER / "storage-schemas.conf", FOLDER / "storage-aggregation.conf"
SCHEMAS.write_text(RULES)
AGGREGATION.write_text(MERGING)
atexit.register(rmtree, FOLDER)
SAMPLES = {
    "http": Sample("[::1]:80", Address("::1", 80), "0.0.0.0:81"),
    "statsd": Sample(
        "localhost:0, tcp://[::1]:9,unix:///run/s.sock",
        (
            Endpoint(Transport.UDP, Address("localhost", 0)),
            Endpoint(Transport.TCP, Address("::1", 9)),
            Endpoint(Transport.UNIX, path="/run/s.sock"),
        ),
        "udp://127.0.0.1:1",
    ),
    "admin": Sample("off", None, "[::1]:1"),
    "store": Sample("no", value=False, other="yes"),
    "data": Sample("/var/lib/celeryscope", Path("/var/lib/celeryscope"), "elsewhere"),
    "retentions": Sample("20s:1d,1m:1w", (Tier(20, DAY), Tier(60, 7 * DAY)), "30s:1d"),
    "storage_schemas": Sample(str(SCHEMAS), RuleFile(str(SCHEMAS), parse_schemas(RULES)), ""),
    "storage_aggregation": Sample(
        str(AGGREGATION), RuleFile(str(AGGREGATION), parse_aggregations(MERGING)), ""
    ),
    "carbon_line": Sample("0.0.0.0:2003", Address("0.0.0.0", 2003), "off"),
    "carbon_pickle": Sample("[::1]:2004", Address("::1", 2004), "off"),
    "flush_interval": Sample("500ms", 0.5, "5s"),
    "prefix": Sample("", "", "jobs.eu"),
    "layout": Sample("dotted", Layout.DOTTED, "levels"),
    "percentiles": Sample("99.9,-10", (99.9, -10.0), ""),
    "histogram": Sample(
        "runtime:10,100.5,inf;wait:;:1,2",
        (("runtime", (10, 100.5, inf)), ("wait", ()), ("", (1, 2))),
        ":1",
    ),
    "timer_metrics": Sample("count,upper_percent", ("count", "upper_percent"), "mean"),
    "delete_idle": Sample("timers,sets", frozenset({Kind.TIMER, Kind.SET}), "all"),
    "gauge_ttl": Sample("never", None, "1h"),
    "sanitise_names": Sample("no", value=False, other="yes"),
    "max_series": Sample("5000", 5000, "1"),
    "max_new_series": Sample("50", 50, "1"),
    "max_query_time": Sample("250ms", 0.25, "1m"),
    "max_query_values": Sample("1000", 1000, "1"),
    "max_queries": Sample("2", 2, "1"),
    "legacy_namespace": Sample("yes", value=True, other="no"),
    "global_prefix": Sample("", "", "a.b"),
    "prefix_counter": Sample("c", "c", "a.b"),
    "prefix_timer": Sample("t", "t", "a.b"),
    "prefix_gauge": Sample("g", "g", "a.b"),
    "prefix_set": Sample("s", "s", "a.b"),
    "prefix_stats": Sample("own", "own", "a.b"),
    "global_suffix": Sample("host-1", "host-1", "a.b"),
    "carbon": Sample(
        "carbon:2003,pickle://[::1]:2004",
        (Target(Address("carbon", 2003)), Target(Address("::1", 2004), pickled=True)),
        "localhost:1",
    ),
    "carbon_buffer": Sample("5GB", 5_000_000_000, "1kB"),
    "repeater": Sample(
        "edge:8125,[::1]:1", (Address("edge", 8125), Address("::1", 1)), "localhost:1"
    ),
    "console": Sample("on", value=True, other="off"),
    "prometheus": Sample("false", value=False, other="1"),
    "prometheus_buckets": Sample("0.5,10", (0.5, 10.0), "1"),
    "root_path": Sample("/a/celery/", "/a/celery", ""),
    "access_file": Sample("/etc/access", Path("/etc/access"), ""),
    "trusted_proxies": Sample(
        "127.0.0.1, 10.0.0.0/8,::1",
        (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("::1")),
        "",
    ),
    "user_header": Sample("X-Forwarded-User", "X-Forwarded-User", "Remote-User"),
    "allowed_hosts": Sample("Tasks.example, web", ("tasks.example", "web"), ""),
    "embed_origins": Sample(
        "https://Grafana.example,http://wiki:8080",
        ("https://grafana.example", "http://wiki:8080"),
        "",
    ),
}
KEYS = list(Settings.model_fields)


def in_file(folder: Path, table: Mapping[str, str]) -> Path:
    path = folder / "celeryscope.toml"
    path.write_text("".join(f'{key} = "{text}"\n' for key, text in table.items()))
    return path


def refused(
    options: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> str:
    """Return the one line that wrong settings are answered with."""
    with pytest.raises(SettingsError) as error:
        load_settings(options or {}, environ or {}, config)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_every_setting_has_a_sample_here_and_a_description() -> None:
    assert set(SAMPLES) == set(KEYS)
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize("key", KEYS)
def test_the_command_line_wins_over_the_environment(key: str) -> None:
    sample = SAMPLES[key]
    settings = load_settings({key: sample.text}, {variable_name(key): sample.other})
    assert getattr(settings, key) == sample.value


@pytest.mark.parametrize("key", KEYS)
def test_the_environment_wins_over_the_file(key: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    config = in_file(tmp_path, {key: sample.other})
    settings = load_settings({}, {variable_name(key): sample.text}, config)
    assert getattr(settings, key) == sample.value


@pytest.mark.parametrize("key", KEYS)
def test_the_file_wins_over_the_default(key: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    settings = load_settings({}, {}, in_file(tmp_path, {key: sample.text}), {key: sample.other})
    assert getattr(settings, key) == sample.value
    assert getattr(load_settings({}, {}), key) != sample.value


@pytest.mark.parametrize("key", KEYS)
def test_a_default_is_shown_as_it_can_be_written(key: str) -> None:
    default = Settings.model_fields[key].default
    assert getattr(load_settings({key: written_default(key)}, {}), key) == default


def test_a_command_may_bring_defaults_of_its_own() -> None:
    assert load_settings({}, {}, defaults={"prefix": "shop"}).prefix == "shop"


def test_the_file_can_be_named_by_the_environment_and_the_option_wins(tmp_path: Path) -> None:
    config = in_file(tmp_path, {"prefix": "file"})
    environ = {"CELERYSCOPE_CONFIG": str(config)}
    assert load_settings({}, environ).prefix == "file"
    assert load_settings({}, {"CELERYSCOPE_CONFIG": ""}).prefix == "celery"
    assert load_settings({}, {"CELERYSCOPE_CONFIG": "/absent"}, config).prefix == "file"


PERCENTILES = (
    "allowed are numbers from -100 to 100 but 0, of three decimals at most, with commas between"
)
NODES = "allowed are letters, digits, '_' and '-', with dots between, or nothing"
BOUNDS = "allowed are ascending numbers above 0, with commas between"
BINS = "allowed is PART:BIN,BIN,... with ';' between, as in runtime:10,100,inf;:1,5,inf"
COUNT = "allowed is a whole number from 1 to 999999999"
ADDRESS = "allowed is HOST:PORT, as in 127.0.0.1:8125 or [::1]:8125"
STATISTICS = "allowed are count, count_ps, lower, upper, sum, sum_squares, mean, median, std, "
WRONG = [
    ("http", "localhost", ADDRESS),
    ("http", "[web]:80", "allowed in brackets is an IPv6 address, as in [::1]:8125"),
    ("statsd", "localhost:70000", "allowed are ports up to 65535"),
    ("statsd", "127.0.0.1:1,", ADDRESS),
    ("statsd", "http://127.0.0.1:1", "allowed is HOST:PORT, udp://HOST:PORT, tcp://HOST:PORT or"),
    ("statsd", "unix://run/s.sock", "allowed is a path from the root of at most 107 bytes"),
    ("admin", "0.0.0.0:8126", "allowed is a loopback address, as in 127.0.0.1:8126, or off"),
    ("admin", "no", ADDRESS),
    ("store", "maybe", "allowed is yes or no"),
    ("data", "", "allowed is the path of a folder"),
    ("storage_schemas", "absent", "No such file or directory; allowed is a file as Carbon has it"),
    ("storage_schemas", str(AGGREGATION), "[sums] retentions = '': '' is not a length of time"),
    ("storage_aggregation", "absent", "No such file or directory; allowed is a file as Carbon"),
    ("carbon_line", "2003", ADDRESS),
    ("carbon_pickle", "on", ADDRESS),
    ("flush_interval", "10x", "'10x' is not a duration; allowed is a number with a unit: s, m,"),
    ("flush_interval", "10", "'10' is not a duration; allowed is a number with a unit: s, m,"),
    ("flush_interval", "0s", "'0s' is not a duration; allowed is a number with a unit: s, m,"),
    (
        "flush_interval",
        "15s",
        "allowed is 10s, the finest step of retentions, or a part of it",
    ),
    ("flush_interval", "300ms", "allowed is 10s, the finest step of retentions, or a part of it"),
    ("flush_interval", "50ms", "'50ms' is too short; allowed is 100ms or more"),
    ("retentions", "10s:2d,15s:30d", "step 15s must be a larger multiple of the step before it"),
    ("retentions", "10s", "'10s' is not STEP:RETENTION, as in 10s:2d"),
    ("retentions", "", "'' is not STEP:RETENTION, as in 10s:2d"),
    ("retentions", "10s:2d,", "'' is not STEP:RETENTION, as in 10s:2d"),
    ("prefix", "a b", "allowed are letters, digits, '_' and '-', with dots between"),
    ("prefix", ".a", "allowed are letters, digits, '_' and '-', with dots between"),
    ("layout", "tree", "allowed is levels or dotted"),
    ("percentiles", "abc", PERCENTILES),
    ("percentiles", "50,0", PERCENTILES),
    ("percentiles", "nan", PERCENTILES),
    ("percentiles", "100.1", PERCENTILES),
    ("percentiles", "99.9999", PERCENTILES),
    ("histogram", "runtime", BINS),
    ("histogram", "runtime:inf", BINS),
    ("histogram", "runtime:10,5", BINS),
    ("histogram", "runtime:inf,5", BINS),
    ("timer_metrics", "count,,mean", STATISTICS),
    ("timer_metrics", "count,men", STATISTICS),
    ("timer_metrics", "upper_90", STATISTICS),
    ("delete_idle", "timer", "allowed is none, all, or some of counters, timers, gauges, sets"),
    ("gauge_ttl", "5", "'5' is not a duration; allowed is a number with a unit: s, m,"),
    ("sanitise_names", "clean", "allowed is yes or no"),
    ("max_series", "0", COUNT),
    ("max_new_series", "1e3", COUNT),
    ("max_query_time", "30", "'30' is not a duration; allowed is a number with a unit: s, m,"),
    ("max_query_values", "10M", COUNT),
    ("max_queries", "0", COUNT),
    ("legacy_namespace", "2", "allowed is yes or no"),
    ("global_prefix", "a..b", NODES),
    ("prefix_counter", "a b", NODES),
    ("prefix_timer", ".", NODES),
    ("prefix_gauge", "a.", NODES),
    ("prefix_set", ";", NODES),
    ("prefix_stats", "a/b", NODES),
    ("global_suffix", "\u00fc", NODES),
    ("carbon", "http://localhost:80", "allowed is HOST:PORT, line://HOST:PORT or pickle://"),
    ("carbon", "localhost", ADDRESS),
    ("carbon", "localhost:1,pickle://localhost:1", "allowed is each address once"),
    ("carbon_buffer", "64", "allowed is a whole number with a unit: kB, MB or GB, as in 64MB"),
    ("repeater", "localhost:1,x", ADDRESS),
    ("repeater", "localhost:1,localhost:2,localhost:1", "allowed is each address once"),
    ("console", "y", "allowed is yes or no"),
    ("prometheus", "none", "allowed is yes or no"),
    ("prometheus_buckets", "1,1", BOUNDS),
    ("prometheus_buckets", "0,1", BOUNDS),
    ("prometheus_buckets", "", BOUNDS),
    ("root_path", "celery", "allowed is a path as in /celery, or nothing"),
    ("root_path", "/a/../b", "allowed is a path as in /celery, or nothing"),
    ("root_path", "/<b>", "allowed is a path as in /celery, or nothing"),
    ("trusted_proxies", "proxy", "allowed are addresses and networks with commas between, as in"),
    ("trusted_proxies", "10.0.0.1/8", "allowed are addresses and networks with commas between"),
    ("user_header", "X Forwarded", "allowed is a header's name, as in X-Forwarded-User, or"),
    ("allowed_hosts", "web:80", "allowed are names without ports, with commas between"),
    ("allowed_hosts", "*", "allowed are names without ports, with commas between"),
    ("embed_origins", "*", "allowed are origins with commas between, as in https://grafana."),
    ("embed_origins", "https://a/b", "allowed are origins with commas between, as in https"),
]


@pytest.mark.parametrize(
    ("key", "text", "allowed"), WRONG, ids=[f"{key}-{Path(text).name}" for key, text, _ in WRONG]
)
def test_a_wrong_value_is_answered_with_key_value_source_and_what_is_allowed(
    key: str, text: str, allowed: str, tmp_path: Path
) -> None:
    config = in_file(tmp_path, {key: text})
    answers = {
        option_name(key): refused({key: text}, {}),
        variable_name(key): refused({}, {variable_name(key): text}),
        str(config): refused({}, {}, config),
    }
    for source, answer in answers.items():
        assert answer.startswith(f"{key} = {text!r} ({source}): {allowed}")


def test_every_setting_but_a_path_can_be_wrong_in_more_ways_than_empty() -> None:
    assert {key for key, text, _ in WRONG if text} == set(KEYS) - {"data", "access_file"}


@pytest.mark.parametrize("key", ["data", "access_file"])
def test_a_path_may_hold_no_nul(key: str, tmp_path: Path) -> None:
    config = in_file(tmp_path, {key: "a\\u0000b"})
    assert refused({}, {}, config).startswith(f"{key} = 'a\\x00b' ({config}): allowed is the path")


def test_a_default_that_no_longer_fits_is_called_a_default() -> None:
    answer = refused({"retentions": "4s:1d"})
    assert answer.startswith("flush_interval = '10s' (default): allowed is 4s, the finest step")


@pytest.mark.parametrize("key", KEYS)
def test_any_value_is_shown_as_it_can_be_written(key: str) -> None:
    settings = load_settings({key: SAMPLES[key].text}, {})
    shown = written(key, getattr(settings, key))
    assert load_settings({key: shown}, {}) == settings


@pytest.mark.parametrize("interval", ["100ms", "500ms", "1s", "2s", "5s", "10s"])
def test_a_flush_interval_may_be_a_part_of_the_finest_step(interval: str) -> None:
    settings = load_settings({"flush_interval": interval}, {})
    assert written("flush_interval", settings.flush_interval) == interval


def test_an_unknown_key_of_the_file_is_answered_with_the_nearest(tmp_path: Path) -> None:
    config = in_file(tmp_path, {"flush_intervall": "10s"})
    assert refused(config=config) == (
        f"flush_intervall = '10s' ({config}): not a setting (did you mean flush_interval?); "
        f"allowed are {', '.join(KEYS)}"
    )


def test_an_unknown_variable_is_answered_with_the_nearest() -> None:
    assert refused(environ={"CELERYSCOPE_RETENTION": "10s:2d"}) == (
        "CELERYSCOPE_RETENTION = '10s:2d' (the environment): not a setting "
        "(did you mean CELERYSCOPE_RETENTIONS?); "
        f"allowed are {', '.join(map(variable_name, KEYS))}"
    )


def test_what_is_like_no_setting_gets_no_suggestion() -> None:
    assert "did you mean" not in refused(environ={"CELERYSCOPE_XYZZY": "1"})


@pytest.mark.parametrize("name", ["CELERYSCOPE_prefix", "celeryscope_PREFIX", "CELERYSCOPE_"])
def test_a_variable_counts_only_in_capitals(name: str) -> None:
    if name.startswith("CELERYSCOPE_"):
        assert refused(environ={name: "x"}).startswith(f"{name} = 'x' (the environment)")
    else:
        assert load_settings({}, {name: "x"}).prefix == "celery"


def test_the_worker_librarys_own_variables_are_left_to_it() -> None:
    worker = set(WorkerSettings.__dataclass_fields__)
    assert worker - set(KEYS) == WORKER_SETTINGS
    load_settings({}, {variable_name(key): "true" for key in WORKER_SETTINGS})


@pytest.mark.parametrize(
    "name",
    ["CELERYSCOPE", "CELERYSCOPE_HTTP", "CELERYSCOPE_STATSD"],
)
def test_what_kubernetes_says_of_services_with_our_name_is_ignored(name: str) -> None:
    links = {
        f"{name}_SERVICE_HOST": "10.0.0.11",
        f"{name}_SERVICE_PORT": "8888",
        f"{name}_SERVICE_PORT_HTTP": "8888",
        f"{name}_PORT": "tcp://10.0.0.11:8888",
        f"{name}_PORT_8888_TCP": "tcp://10.0.0.11:8888",
        f"{name}_PORT_8888_TCP_PROTO": "tcp",
        f"{name}_PORT_8125_UDP": "udp://10.0.0.11:8125",
        f"{name}_PORT_8125_UDP_PORT": "8125",
        f"{name}_PORT_8125_UDP_ADDR": "10.0.0.11",
    }
    assert load_settings({}, links) == load_settings({}, {})


@pytest.mark.parametrize("name", ["CELERYSCOPE_PORT", "CELERYSCOPE_HTTP_PORT"])
def test_a_port_that_a_person_set_is_not_taken_for_kubernetes(name: str) -> None:
    assert refused(environ={name: "9000"}).startswith(f"{name} = '9000' (the environment)")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("flush_interval = 10", 'flush_interval = 10 ({}): allowed is a string, as in "10s"'),
        (
            "percentiles = [50, 99]",
            'percentiles = [50, 99] ({}): allowed is a string, as in "50,90,95,99"',
        ),
        (
            'http = {host = "x", port = 1}',
            "http = {{'host': 'x', 'port': 1}} ({}): allowed is a string, as in \"127.0.0.1:8888\"",
        ),
    ],
)
def test_a_file_holds_strings_as_the_command_line_does(
    line: str, answer: str, tmp_path: Path
) -> None:
    config = tmp_path / "celeryscope.toml"
    config.write_text(line)
    assert refused(config=config) == answer.format(config)


def absent(path: Path) -> None:
    path.unlink(missing_ok=True)


def a_folder(path: Path) -> None:
    path.mkdir()


def no_toml(path: Path) -> None:
    path.write_text("prefix = \n")


def no_text(path: Path) -> None:
    path.write_bytes(b"prefix = '\xff'")


@pytest.mark.parametrize("make", [absent, a_folder, no_toml, no_text])
def test_a_file_that_cannot_be_read_is_named(make: Callable[[Path], None], tmp_path: Path) -> None:
    config = tmp_path / "celeryscope.toml"
    make(config)
    answers = {
        "--config": refused(config=config),
        "CELERYSCOPE_CONFIG": refused(environ={"CELERYSCOPE_CONFIG": str(config)}),
    }
    for source, answer in answers.items():
        assert answer.startswith(f"config = {str(config)!r} ({source}): ")
        assert answer.endswith("; allowed is a TOML file")


def test_prometheus_buckets_are_those_of_the_output_unless_set() -> None:
    assert load_settings({}, {}).prometheus_buckets == BUCKETS
