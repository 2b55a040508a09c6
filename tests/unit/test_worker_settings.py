from dataclasses import fields

import pytest

from celeryscope.naming import Layout
from celeryscope.worker.address import Address
from celeryscope.worker.settings import OPTIONS, SettingError, Settings, resolve
from celeryscope.worker.styles import Style

ARGUMENT = {"statsd": "argument:1", "prefix": "argument"}
CONF = {"celeryscope_statsd": "conf:2", "celeryscope_prefix": "conf"}
ENVIRON = {"CELERYSCOPE_STATSD": "environ:3", "CELERYSCOPE_PREFIX": "environ"}


def test_without_any_source_the_defaults_hold() -> None:
    assert resolve({}, {}, {}) == Settings(Address("127.0.0.1", 8125), "celery", Layout.LEVELS)


def test_an_argument_wins_over_conf_and_conf_over_the_environment() -> None:
    assert resolve(ARGUMENT, CONF, ENVIRON).prefix == "argument"
    assert resolve({"prefix": None}, CONF, ENVIRON).prefix == "conf"
    assert resolve({}, {}, ENVIRON).prefix == "environ"


def test_each_key_has_its_own_source() -> None:
    settings = resolve({"statsd": "argument:1"}, {"celeryscope_layout": "dotted"}, ENVIRON)

    assert settings == Settings(Address("argument", 1), "environ", Layout.DOTTED)


def test_an_empty_prefix_is_a_value() -> None:
    assert resolve({"prefix": ""}, CONF, ENVIRON).prefix == ""


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8125", Address("127.0.0.1", 8125)),
        ("[::1]:8125", Address("::1", 8125)),
        ("statsd.example.com:65535", Address("statsd.example.com", 65535)),
    ],
)
def test_an_address_is_host_and_port(text: str, address: Address) -> None:
    assert resolve({"statsd": text}, {}, {}).statsd == address
    assert str(address) == text


@pytest.mark.parametrize(
    "value",
    [
        "",
        "host",
        "host:",
        ":1",
        "::1:8125",
        "[::1]",
        "h:0",
        "h:65536",
        "h:1x",
        "a b:1",
        "h:٣",
        8125,
    ],
)
def test_another_address_is_refused(value: object) -> None:
    with pytest.raises(SettingError, match="HOST:PORT"):
        resolve({"statsd": value}, {}, {})


@pytest.mark.parametrize(
    ("value", "meaning"), [(True, True), ("1", True), ("Yes", True), (False, False), ("no", False)]
)
def test_builtin_tasks_is_a_boolean(value: object, meaning: bool) -> None:  # noqa: FBT001
    assert resolve({"builtin_tasks": value}, {}, {}).builtin_tasks is meaning


@pytest.mark.parametrize(("value", "meaning"), [(7, 7), ("7", 7)])
def test_max_names_is_a_whole_number(value: object, meaning: int) -> None:
    assert resolve({"max_names": value}, {}, {}).max_names == meaning


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "", "0", "-1", "1.5", "٣"])
def test_max_names_is_above_zero(value: object) -> None:
    with pytest.raises(SettingError, match="allowed is a whole number above 0"):
        resolve({"max_names": value}, {}, {})


@pytest.mark.parametrize("style", Style)
def test_a_style_may_be_given_by_its_name(style: Style) -> None:
    assert resolve({"style": style.value}, {}, {}).style is resolve({"style": style}, {}, {}).style


def test_every_setting_has_its_help_in_one_sentence() -> None:
    assert list(OPTIONS) == [field.name for field in fields(Settings)]
    assert all(option.help.endswith(".") for option in OPTIONS.values())


@pytest.mark.parametrize(
    ("arguments", "conf", "environ", "message"),
    [
        (
            {"statsd": "nowhere"},
            {},
            {},
            (
                "celeryscope: statsd is 'nowhere' in the argument statsd; "
                "allowed is HOST:PORT, such as 127.0.0.1:8125 or [::1]:8125, "
                "udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH"
            ),
        ),
        (
            {},
            {"celeryscope_prefix": "a b"},
            {},
            (
                "celeryscope: prefix is 'a b' in app.conf.celeryscope_prefix; "
                "allowed is nothing, or nodes of A-Z a-z 0-9 _ - joined by dots"
            ),
        ),
        (
            {},
            {},
            {"CELERYSCOPE_LAYOUT": "flat"},
            (
                "celeryscope: layout is 'flat' in the environment variable CELERYSCOPE_LAYOUT; "
                "allowed is levels or dotted"
            ),
        ),
        (
            {"builtin_tasks": "maybe"},
            {},
            {},
            (
                "celeryscope: builtin_tasks is 'maybe' in the argument builtin_tasks; "
                "allowed is true or false"
            ),
        ),
    ],
)
def test_an_error_names_key_value_source_and_what_is_allowed(
    arguments: dict[str, object], conf: dict[str, object], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingError) as raised:
        resolve(arguments, conf, environ)

    assert str(raised.value) == message
