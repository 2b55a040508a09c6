"""What systemd is told and what it hands over; a real restart is in the integration tests."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from celeryscope.address import Address
from celeryscope.server.systemd import Manager
from celeryscope.sockets.udp import bound_address
from support.processes import wait_until
from support.systemd import Systemd

LOCAL = Address("127.0.0.1", 0)


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    found = Systemd()
    yield found
    found.close()


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as one:
        one.bind(("127.0.0.1", 0))
        yield one


def environ_of(systemd: Systemd) -> dict[str, str]:
    return {"NOTIFY_SOCKET": systemd.address}


def test_without_systemd_nothing_is_told_and_nothing_is_kept(
    bound: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    manager = Manager({})
    manager.ready()
    manager.keep(bound, 0)
    manager.release_all_but([])
    manager.stopping()
    assert manager.claim(bound_address(bound)) is None
    assert caplog.records == []


def test_sockets_of_another_process_are_left_alone() -> None:
    environ = {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "other"}
    assert Manager(environ).claim(LOCAL) is None


def test_a_socket_is_kept_by_one_name_that_tells_the_drops(
    systemd: Systemd, bound: socket.socket
) -> None:
    manager = Manager(environ_of(systemd))
    name = str(bound_address(bound)).replace(":", "_")
    manager.keep(bound, 0)
    wait_until(lambda: systemd.names == [f"{name}/0"], what="the socket")
    manager.keep(bound, 17)
    wait_until(lambda: systemd.names == [f"{name}/17"], what="its new name")


def test_a_systemd_that_does_not_listen_is_told_of_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        Manager({"NOTIFY_SOCKET": "/nowhere/notify"}).ready()
    assert "systemd could not be told READY" in caplog.text
