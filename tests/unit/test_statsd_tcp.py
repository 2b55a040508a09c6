"""The TCP listener on real connections of the loopback."""

import logging
import socket
import struct
from contextlib import ExitStack, closing
from time import monotonic

import pytest

from celeryscope.address import Address
from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.tcp import MAX_LINE, TcpListener
from support.listeners import lost, next_batch, started
from support.processes import wait_until

LOCAL = Address("127.0.0.1", 0)
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def client_of(listener: TcpListener) -> socket.socket:
    return socket.create_connection((listener.address.host, listener.address.port))


def lines(listener: TcpListener, wanted: int) -> list[bytes]:
    """Take until there are as many lines as wanted."""
    taken: list[bytes] = []

    def enough() -> bool:
        for datagram in listener.take().datagrams:
            taken.extend(datagram.split(b"\n"))
        return len(taken) >= wanted

    wait_until(enough, what=f"{wanted} lines")
    return taken


def was_closed(client: socket.socket) -> bool:
    client.settimeout(10)
    return client.recv(1) == b""


def test_lines_arrive_in_their_order_whatever_parts_they_come_in() -> None:
    sent = [b"name%d:%d|c" % (i, i) for i in range(20_000)]
    stream = b"".join(line + b"\n" for line in sent)
    with started(TcpListener(LOCAL)) as listener, client_of(listener) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(stream), 4999):
            client.sendall(stream[start : start + 4999])
        assert lines(listener, len(sent)) == sent
        assert lost(listener) == {}
        assert str(listener) == f"tcp {listener.address}"


def test_a_batch_names_the_client_and_does_not_speak_of_single_datagrams() -> None:
    with started(TcpListener(LOCAL)) as listener, client_of(listener) as client:
        client.sendall(b"a:1|c\nb:1|c\nc:")
        batch = next_batch(listener)
        assert batch.datagrams == [b"a:1|c\nb:1|c"]
        assert batch.sender_of(0) == f"tcp {Address(*client.getsockname())}"
        assert not batch.lossy


def test_a_last_line_without_newline_counts_when_the_client_closes() -> None:
    with started(TcpListener(LOCAL)) as listener:
        with client_of(listener) as client:
            client.sendall(b"a:1|c\nb:1|c")
        assert lines(listener, 2) == [b"a:1|c", b"b:1|c"]


def test_a_last_line_that_a_reset_tore_is_counted_as_lost() -> None:
    with started(TcpListener(LOCAL)) as listener:
        with client_of(listener) as client:
            client.sendall(b"a:1|c\nb:1")
            assert lines(listener, 1) == [b"a:1|c"]
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        wait_until(lambda: lost(listener) == {"torn": 1}, what="the torn line")
        assert listener.take().datagrams == []


def test_a_line_that_is_too_long_is_dropped_and_the_connection_lives() -> None:
    with started(TcpListener(LOCAL)) as listener, client_of(listener) as client:
        client.sendall(b"x" * (3 * MAX_LINE) + b"\nshort:1|c\n")
        assert lines(listener, 1) == [b"short:1|c"]
        assert lost(listener) == {"oversize": 1}


def test_silent_and_slow_clients_hold_nobody_up() -> None:
    with started(TcpListener(LOCAL)) as listener, ExitStack() as silent_ones:
        for _ in range(50):
            silent = silent_ones.enter_context(client_of(listener))
            silent.sendall(b"half a li")
        with client_of(listener) as client:
            client.sendall(b"a:1|c\n")
            assert lines(listener, 1) == [b"a:1|c"]


def test_one_connection_too_many_is_closed_and_counted() -> None:
    with started(TcpListener(LOCAL, max_connections=1)) as listener:
        with client_of(listener) as first:
            first.sendall(b"first:1|c\n")
            assert lines(listener, 1) == [b"first:1|c"]
            with client_of(listener) as second:
                assert was_closed(second)
            assert lost(listener) == {"connections": 1}
            first.sendall(b"still:1|c\n")
            assert lines(listener, 1) == [b"still:1|c"]
        wait_until(lambda: not listener._connections(), what="the first one's end")
        with client_of(listener) as third:
            third.sendall(b"third:1|c\n")
            assert lines(listener, 1) == [b"third:1|c"]


def test_clients_wait_while_the_backlog_is_full() -> None:
    sent = [b"a:%d|c" % i for i in range(100)]
    with (
        started(TcpListener(LOCAL, Backlog(max_datagrams=1))) as listener,
        client_of(listener) as client,
    ):
        for line in sent:
            client.sendall(line + b"\n")
        assert lines(listener, len(sent)) == sent
        assert lost(listener) == {}


def test_a_client_that_fills_the_backlog_costs_the_others_nothing() -> None:
    with (
        started(TcpListener(LOCAL, Backlog(max_datagrams=1))) as listener,
        client_of(listener) as one,
        client_of(listener) as other,
    ):
        for client in (one, other):
            client.sendall(b"here:1|c\n")
            assert lines(listener, 1) == [b"here:1|c"]
        one.sendall(b"full:1|c\n")
        wait_until(lambda: listener.waiting, what="a full backlog")
        one.sendall(b"one:1|c\n")
        other.sendall(b"other:1|c\n")
        assert sorted(lines(listener, 3)) == [b"full:1|c", b"one:1|c", b"other:1|c"]
        assert lost(listener) == {}


def test_an_ipv6_address_that_stands_for_ipv4_too_takes_both_as_udp_does() -> None:
    with (
        started(TcpListener(Address("::ffff:127.0.0.1", 0))) as listener,
        socket.create_connection(("127.0.0.1", listener.address.port)) as client,
    ):
        client.sendall(b"a:1|c\n")
        assert lines(listener, 1) == [b"a:1|c"]


def test_what_has_arrived_at_the_stop_can_be_taken_but_for_a_torn_line() -> None:
    listener = TcpListener(LOCAL)
    listener.start()
    with client_of(listener) as client:
        client.sendall(b"first:1|c\n")
        assert lines(listener, 1) == [b"first:1|c"]
        client.sendall(b"a:1|c\n" * 1000 + b"b:")
        listener.stop()
        assert was_closed(client)
    taken = [line for part in listener.take().datagrams for line in part.split(b"\n")]
    assert taken == [b"a:1|c"] * 1000
    assert lost(listener) == {"torn": 1}


def test_it_stops_soon_and_frees_its_address() -> None:
    listener = TcpListener(LOCAL)
    address = listener.address
    listener.start()
    with client_of(listener):
        began = monotonic()
        listener.stop()
        assert monotonic() - began < 5
    with closing(TcpListener(address)) as successor:
        assert successor.address == address


def test_receiving_goes_on_after_errors_that_are_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    listener = TcpListener(LOCAL)
    accept = listener._accept
    errors = iter([OSError("too many open files")] * 3)

    def accept_after_errors() -> None:
        for error in errors:
            raise error
        accept()

    monkeypatch.setattr(listener, "_accept", accept_after_errors)
    with started(listener), client_of(listener) as client:
        client.sendall(b"after:1|c\n")
        assert lines(listener, 1) == [b"after:1|c"]
    assert caplog.text.count("too many open files") == 1


def test_a_client_that_went_before_it_was_accepted_does_not_disturb(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with closing(TcpListener(LOCAL)) as listener:
        listener._accept()
        assert listener._connections() == []
    assert caplog.text == ""


def test_a_taken_address_is_refused() -> None:
    with closing(TcpListener(LOCAL)) as listener, pytest.raises(OSError, match="in use"):
        TcpListener(listener.address)


def test_of_too_many_clients_the_longest_silent_one_gives_way_to_a_new_one() -> None:
    now = 0.0
    with started(TcpListener(LOCAL, max_connections=2, clock=lambda: now)) as listener:
        with client_of(listener) as silent, client_of(listener) as busy:
            silent.sendall(b"silent:1|c\nhalf")
            assert lines(listener, 1) == [b"silent:1|c"]
            now = 61.0
            busy.sendall(b"busy:1|c\n")
            assert lines(listener, 1) == [b"busy:1|c"]
            with client_of(listener) as new:
                new.sendall(b"new:1|c\n")
                assert lines(listener, 1) == [b"new:1|c"]
                assert was_closed(silent)
                busy.sendall(b"busy:2|c\n")
                assert lines(listener, 1) == [b"busy:2|c"]
        assert lost(listener) == {"torn": 1}
