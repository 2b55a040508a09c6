"""The sockets that a server takes at its start."""

import socket

import pytest

from celeryscope.address import Address
from celeryscope.server.bindings import bind_http


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_no_answer_waits_for_the_acknowledgement_of_its_first_part(host: str) -> None:
    with bind_http(Address(host, 0)) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection((host, port)):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
