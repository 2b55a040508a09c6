"""Senders' addresses as bytes and as text."""

import pytest

from celeryscope.sockets import senders
from celeryscope.statsd.batch import Batch


@pytest.mark.parametrize(
    ("host", "port", "name"),
    [
        ("127.0.0.1", 45678, "127.0.0.1:45678"),
        ("::1", 8125, "[::1]:8125"),
        ("fe80::1%eth0", 1, "[fe80::1]:1"),
    ],
)
def test_an_address_is_read_as_it_was_packed(host: str, port: int, name: str) -> None:
    assert senders.name(senders.pack(host, port)) == name


def test_a_batch_tells_each_datagrams_sender() -> None:
    packed = [senders.pack("127.0.0.1", port) for port in (1, 2)]
    batch = Batch([b"a", b"b"], b"".join(packed), senders.name)
    assert [batch.sender_of(i) for i in range(2)] == ["127.0.0.1:1", "127.0.0.1:2"]
    assert batch.raw_senders() == packed


def test_a_batch_without_senders_says_so() -> None:
    assert Batch([b"a"]).sender_of(0) == "unknown"
    assert Batch([]).raw_senders() == []
