import os
import socket
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from celeryscope.worker.address import Address
from celeryscope.worker.route import Peer
from celeryscope.worker.sender import Sender
from support.processes import free_port, wait_until
from support.udp import Receiver, receiver

LINE = b"a.b:1|c"


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Names:
    """A name server that answers when the test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Peer | Exception = OSError("no such name")
        self._may_answer = threading.Event()

    def __call__(self, _: Address) -> Peer:
        self.asked += 1
        assert self._may_answer.wait(10)
        self._may_answer.clear()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def reply(self, answer: Peer | Exception) -> None:
        self.answer = answer
        self._may_answer.set()
        wait_until(no_lookup_runs)


def no_lookup_runs() -> bool:
    return not any(thread.name == "celeryscope-connect" for thread in threading.enumerate())


def peer_of(heard: Receiver) -> Peer:
    host, _, port = heard.address.rpartition(":")
    return socket.AF_INET, (host, int(port))


def address_of(heard: Receiver) -> Address:
    host, _, port = heard.address.rpartition(":")
    return Address(host.strip("[]"), int(port))


@pytest.fixture
def heard() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender_to(clock: Clock) -> Iterator[Callable[..., Sender]]:
    senders: list[Sender] = []

    def make(address: Address, **options: Names) -> Sender:
        senders.append(Sender(address, clock=clock, **options))
        return senders[-1]

    yield make
    for sender in senders:
        sender.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_literal_address_is_used_at_once(sender_to: Callable[..., Sender], host: str) -> None:
    with receiver(host) as heard:
        sender_to(address_of(heard)).send(LINE)

        assert heard.datagrams() == [LINE]


def test_lines_that_do_not_fit_one_datagram_are_split_between_lines(
    sender_to: Callable[..., Sender], heard: Receiver
) -> None:
    lines = [b"%d." % number + b"x" * 300 + b":1|c" for number in range(12)]

    sender_to(address_of(heard)).send(b"\n".join(lines))

    assert b"\n".join(heard.datagrams()).split(b"\n") == lines
    assert max(map(len, heard.datagrams())) <= 1432
    assert len(heard.datagrams()) == 3


def test_what_was_sent_is_reported_with_another_datagram_every_ten_seconds(
    sender_to: Callable[..., Sender], heard: Receiver, clock: Clock
) -> None:
    sender = sender_to(address_of(heard))
    for seconds in (0, 5, 5, 1, 10):
        clock.now += seconds
        sender.send(LINE)

    reports = [line for line in heard.lines() if line.startswith("celeryscope.")]
    assert reports == ["celeryscope.client.sent:2|c", "celeryscope.client.sent:2|c"]
    assert len(heard.datagrams()) == 5


def test_a_report_counts_no_part_of_the_datagram_that_it_goes_with(
    sender_to: Callable[..., Sender], heard: Receiver, clock: Clock
) -> None:
    lines = [b"%d." % number + b"x" * 300 + b":1|c" for number in range(12)]
    sender = sender_to(address_of(heard))
    sender.send(LINE)
    clock.now += 11
    sender.send(b"\n".join(lines))
    sender.report()

    before, first, *parts, report = heard.datagrams()
    assert before == LINE
    assert first.startswith(b"celeryscope.client.sent:1|c\n0.xxx")
    assert report == b"celeryscope.client.sent:%d|c" % len([first, *parts])


def test_a_report_may_be_asked_for(sender_to: Callable[..., Sender], heard: Receiver) -> None:
    sender = sender_to(address_of(heard))
    sender.report()
    sender.send(LINE)
    sender.report()

    assert heard.datagrams() == [LINE, b"celeryscope.client.sent:1|c"]


def test_with_nobody_listening_all_is_counted_and_reported_when_somebody_does(
    sender_to: Callable[..., Sender], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    sender = sender_to(Address("127.0.0.1", port))
    for _ in range(10):
        clock.now += 20
        sender.send(LINE)
    with receiver(port=port) as heard:
        for _ in range(3):
            clock.now += 20
            sender.send(LINE)

        counts = heard.counts()
    assert counts["a.b"] == 3
    assert counts["celeryscope.client.dropped"] == 10
    assert len(caplog.messages) <= 1


def test_a_full_socket_drops_instead_of_waiting(
    sender_to: Callable[..., Sender], heard: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = sender_to(address_of(heard))
    sender.send(LINE)

    def full(_: bytes) -> int:
        raise BlockingIOError

    with monkeypatch.context() as patched:
        patched.setattr(sender, "_link", SimpleNamespace(send=full))
        sender.send(LINE)

    assert (sender.sent, sender.dropped) == (1, 1)


def test_counts_whose_datagram_was_lost_are_reported_later(
    sender_to: Callable[..., Sender],
    heard: Receiver,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender = sender_to(address_of(heard))
    sender.send(LINE)

    def full(_: bytes) -> int:
        raise BlockingIOError

    with monkeypatch.context() as patched:
        patched.setattr(sender, "_link", SimpleNamespace(send=full))
        clock.now += 11
        sender.send(LINE)
    sender.report()

    assert heard.lines()[1:] == ["celeryscope.client.sent:1|c", "celeryscope.client.dropped:1|c"]


def test_a_report_of_nothing_is_not_sent(sender_to: Callable[..., Sender], heard: Receiver) -> None:
    sender = sender_to(address_of(heard))
    sender.send(LINE)
    sender.report()
    heard.datagrams()
    sender.sent = 0
    sender.report()

    assert len(heard.datagrams()) == 2


def test_datagrams_are_held_while_a_name_is_looked_up(
    sender_to: Callable[..., Sender], heard: Receiver
) -> None:
    names = Names()
    sender = sender_to(Address("statsd", 8125), lookup=names)
    sender.send(LINE)
    sender.send(LINE)
    assert heard.datagrams() == []

    names.reply(peer_of(heard))

    assert heard.datagrams() == [LINE, LINE]
    assert sender.dropped == 0


def test_no_more_than_1024_datagrams_are_held(
    sender_to: Callable[..., Sender], heard: Receiver
) -> None:
    names = Names()
    sender = sender_to(Address("statsd", 8125), lookup=names)
    for _ in range(1100):
        sender.send(LINE)

    names.reply(peer_of(heard))

    assert (sender.sent, sender.dropped) == (1024, 76)


@pytest.mark.parametrize("error", [socket.gaierror("no such name"), UnicodeError("label too long")])
def test_a_name_that_fails_is_asked_for_again_after_growing_pauses(
    sender_to: Callable[..., Sender], heard: Receiver, clock: Clock, error: Exception
) -> None:
    names = Names()
    sender = sender_to(Address("statsd", 8125), lookup=names)
    asked_at = []
    for _ in range(200):
        sender.send(LINE)
        if not no_lookup_runs():
            asked_at.append(clock.now - 1000)
            names.reply(error)
        clock.now += 1

    assert asked_at == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    assert (sender.sent, sender.dropped) == (0, 200)

    clock.now += 60
    sender.send(LINE)
    names.reply(peer_of(heard))
    assert heard.datagrams() == [LINE]


def test_a_name_that_moves_is_followed_within_about_a_minute(
    sender_to: Callable[..., Sender], heard: Receiver, clock: Clock
) -> None:
    names = Names()
    sender = sender_to(Address("statsd", 8125), lookup=names)
    with receiver() as elsewhere:
        sender.send(LINE)
        names.reply(peer_of(heard))
        clock.now += 61
        sender.send(LINE)
        names.reply(peer_of(elsewhere))
        sender.send(LINE)

        assert heard.counts()["a.b"] == 2
        assert elsewhere.counts()["a.b"] == 1


def test_a_name_that_fails_later_keeps_its_last_address(
    sender_to: Callable[..., Sender], heard: Receiver, clock: Clock
) -> None:
    names = Names()
    sender = sender_to(Address("statsd", 8125), lookup=names)
    sender.send(LINE)
    names.reply(peer_of(heard))
    clock.now += 61
    sender.send(LINE)
    names.reply(OSError("no such name"))
    sender.send(LINE)

    assert heard.counts()["a.b"] == 3
    assert sender.dropped == 0


def test_a_process_that_has_no_threads_left_loses_metrics_and_nothing_else(
    sender_to: Callable[..., Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    sender = sender_to(Address("statsd", 8125), lookup=Names())
    sender.send(LINE)

    assert sender.dropped == 1


def test_a_forked_child_starts_over_with_its_own_socket_and_counts(
    sender_to: Callable[..., Sender], heard: Receiver
) -> None:
    sender = sender_to(address_of(heard))
    sender.send(LINE)
    child = os.fork()
    if child == 0:
        sender.send(LINE)
        os._exit(0 if (sender.sent, sender.dropped) == (1, 0) else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert heard.datagrams() == [LINE, LINE]
    assert len(heard.senders) == 2
    assert sender.sent == 1


def test_threads_send_side_by_side(sender_to: Callable[..., Sender], heard: Receiver) -> None:
    sender = sender_to(address_of(heard))

    def send_many() -> None:
        for _ in range(100):
            sender.send(LINE)

    threads = [threading.Thread(target=send_many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert heard.counts()["a.b"] == 800
    assert sender.dropped == 0
