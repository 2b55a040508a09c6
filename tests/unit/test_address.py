import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from celeryscope.address import Address, Endpoint, Transport
from celeryscope.worker.address import parse_address


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


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
    ],
)
def test_only_what_cannot_be_reached_from_elsewhere_is_loopback(
    host: str, *, loopback: bool
) -> None:
    assert Address(host, 1).is_loopback is loopback


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:8125", Endpoint(Transport.UDP, Address("127.0.0.1", 8125))),
        ("udp://[::1]:8125", Endpoint(Transport.UDP, Address("::1", 8125))),
        (" tcp://localhost:0 ", Endpoint(Transport.TCP, Address("localhost", 0))),
        ("unix:///run/s.sock", Endpoint(Transport.UNIX, path="/run/s.sock")),
    ],
)
def test_an_endpoint_is_an_address_with_its_transport_or_a_path(
    text: str, endpoint: Endpoint
) -> None:
    assert Endpoint.parse(text) == endpoint
    assert Endpoint.parse(str(endpoint)) == endpoint


@pytest.mark.parametrize("text", ["udp:127.0.0.1:1", "http://a:1", "://a:1", "unix://a", "tcp://"])
def test_no_other_endpoint_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="allowed is"):
        Endpoint.parse(text)


@pytest.mark.parametrize("text", ["127.0.0.1:8125", "tcp://[::1]:9", "unix:///run/s.sock"])
def test_an_endpoint_is_written_as_the_workers_library_reads_it(text: str) -> None:
    assert str(Endpoint.parse(text)) == str(parse_address(text)) == text
