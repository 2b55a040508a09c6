"""What the server takes at its start: addresses, and errors that say why one cannot be had."""

import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from celeryscope.address import Address, Endpoint, Transport
from celeryscope.server.systemd import Manager
from celeryscope.settings import option_name
from celeryscope.statsd.admin import Admin
from celeryscope.statsd.line_server import LineServer
from celeryscope.statsd.listeners import Listener
from celeryscope.statsd.tcp import TcpListener
from celeryscope.statsd.udp import UdpListener
from celeryscope.statsd.unix import UnixListener

_BACKLOG = 128


class StartError(Exception):
    """The server cannot start; the message names the setting, its value and what to do."""


def bind_http(address: Address) -> socket.socket:
    """Listen to where pages and API are served.

    Raises:
        StartError: The address is taken or not ours.
    """
    try:
        listening = socket.create_server(
            (address.host, address.port),
            family=address.family,
            backlog=_BACKLOG,
            # By [::] it takes IPv4, too, as StatsD's sockets do.
            dualstack_ipv6=address.family == socket.AF_INET6 and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        raise unusable("http", address, error) from error
    # Connections inherit it. Without, the body waits 40 ms for the acknowledgement of the head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


@dataclass(frozen=True, slots=True)
class Bound:
    """A listener, and where it really listens: with the port that the system chose."""

    listener: Listener
    endpoint: Endpoint


def bind_listeners(endpoints: Sequence[Endpoint], manager: Manager) -> list[Bound]:
    """Bind a listener to each endpoint; all are closed if one cannot be.

    Raises:
        StartError: An address is taken or not ours, or a path cannot be used.
    """
    manager.release_all_but([one.address for one in endpoints if one.address])
    with ExitStack() as undo:
        found = []
        for endpoint in endpoints:
            found.append(_bind_listener(endpoint, manager))
            undo.callback(found[-1].listener.close)
        undo.pop_all()
    return found


def refuse_loops(listeners: Sequence[Bound], repeaters: Sequence[Address]) -> None:
    """Refuse to repeat datagrams to where they are received.

    Raises:
        StartError: A repeater's address is one of our own.
    """
    ours = {
        bound.endpoint.address.port: bound.endpoint
        for bound in listeners
        if bound.endpoint.transport is Transport.UDP and bound.endpoint.address
    }
    for repeater in repeaters:
        own = ours.get(repeater.port)
        if own and own.address and (repeater.is_loopback or repeater.host == own.address.host):
            raise StartError(
                f"repeater = '{repeater}' is where this server listens itself ({own}), so each "
                "datagram would come back without end; allowed are other servers"
            )


def bind_admin(address: Address, admin: Admin) -> LineServer:
    """Listen to where the admin port answers.

    Raises:
        StartError: The address is taken or not ours.
    """
    try:
        return LineServer(address, admin.answer)
    except OSError as error:
        raise unusable("admin", address, error) from error


def unusable(key: str, address: object, error: OSError) -> StartError:
    return StartError(
        f"{key} = '{address}' cannot be listened on ({_reason(error)}); "
        f"allowed is a free address of this machine, as in {option_name(key)} 127.0.0.1:0"
    )


def _bind_listener(endpoint: Endpoint, manager: Manager) -> Bound:
    try:
        match endpoint:
            case Endpoint(Transport.TCP, Address() as address):
                tcp = TcpListener(address)
                return Bound(tcp, replace(endpoint, address=tcp.address))
            case Endpoint(Transport.UDP, Address() as address):
                udp = UdpListener(address, keeper=manager)
                return Bound(udp, replace(endpoint, address=udp.address))
            case _:
                return Bound(UnixListener(Path(endpoint.path)), endpoint)
    except OSError as error:
        raise unusable("statsd", endpoint, error) from error


def _reason(error: OSError) -> str:
    """Return the system's own words, without the address that the library adds."""
    if error.errno is None or error.errno < 0:  # a resolver's code, of which strerror knows none
        return str(error.strerror or error).partition(" (while ")[0]
    return os.strerror(error.errno)
