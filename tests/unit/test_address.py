import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from celeryscope.address import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8125", Address("127.0.0.1", 8125)),
        ("localhost:0", Address("localhost", 0)),
        ("my_stats-d.example.com:65535", Address("my_stats-d.example.com", 65_535)),
        ("[::1]:8125", Address("::1", 8125)),
        ("[0:0::1]:8125", Address("::1", 8125)),
        ("[fe80::1%eth0]:8125", Address("fe80::1%eth0", 8125)),
        (" localhost:1\n", Address("localhost", 1)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "localhost",
        "8125",
        ":8125",
        "localhost:",
        "localhost:http",
        "localhost:-1",
        "localhost:80 80",
        "localhost:123456",
        "localhost:\N{ARABIC-INDIC DIGIT ONE}",
        "local host:80",
        "local\0host:80",
        "http://localhost:80",
        "localhost:80/",
        "::1:8125",
        "[::1]",
        "[::1:8125",
        "[]:8125",
        "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher:80",
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"^allowed is HOST:PORT, as in 127\.0\.0\.1:8125"):
        Address.parse(text)


def test_a_port_beyond_the_last_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed are ports up to 65535"):
        Address.parse("localhost:70000")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "1::2::3", "::1%", "::12345"])
def test_brackets_hold_an_ipv6_address_and_nothing_else(host: str) -> None:
    with pytest.raises(ValueError, match="allowed in brackets is an IPv6 address"):
        Address.parse(f"[{host}]:80")


@given(st.one_of(st.ip_addresses().map(str), st.just("localhost")), st.integers(0, 65_535))
def test_an_address_is_written_as_it_is_read(host: str, port: int) -> None:
    address = Address(host, port)
    assert Address.parse(str(address)) == address


@given(st.text() | st.from_regex(r"\[.*\]:\d+"))
@example("[\0]:1")
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        address = Address.parse(text)
    except ValueError:
        return
    assert Address.parse(str(address)) == address


def test_the_family_follows_the_host() -> None:
    assert Address("::1", 1).family is socket.AF_INET6
    assert Address("127.0.0.1", 1).family is socket.AF_INET
    assert Address("localhost", 1).family is socket.AF_INET
