"""Clients' reports against what came from them, on a clock that the tests move."""

from hypothesis import given
from hypothesis import strategies as st

from celeryscope.sockets import senders
from celeryscope.statsd.batch import Batch
from celeryscope.statsd.losses import REPORT_SECONDS, ClientLosses, Loss

PLAIN = b"celery.task.a.b.c.success:1|c"


class Rig:
    """What a server saw so far, beginning long after its start."""

    def __init__(self, max_senders: int = 10_000) -> None:
        self.now = 0.0
        self.losses = ClientLosses(clock=lambda: self.now, max_senders=max_senders)
        self.now = 1000.0

    def came(self, *sent: tuple[int, bytes]) -> None:
        """Let datagrams come together, each with its sender's port."""
        addresses = b"".join(senders.pack("127.0.0.1", port) for port, _ in sent)
        self.losses.see(Batch([datagram for _, datagram in sent], addresses, lossy=True))

    def passed(self, seconds: float = REPORT_SECONDS) -> None:
        self.now += seconds


def report(sent: int) -> bytes:
    return PLAIN + b"\nceleryscope.client.sent:%d|c" % sent


def test_what_was_sent_and_did_not_come_is_lost() -> None:
    rig = Rig()
    rig.came(*[(1, PLAIN)] * 7)
    rig.came((1, PLAIN), (1, report(10)))
    loss = rig.losses.take()
    assert loss == Loss(sent=10, lost=2)
    assert loss.percent == 20.0
    assert rig.losses.take() is None


def test_a_datagram_that_carries_a_report_counts_for_the_next_one() -> None:
    rig = Rig()
    rig.came((1, PLAIN), (1, report(1)), (1, PLAIN))
    rig.passed()
    rig.came((1, report(2)))
    assert rig.losses.take() == Loss(sent=3, lost=0)


def test_a_datagram_that_overtakes_a_report_counts_for_the_next_one() -> None:
    rig = Rig()
    rig.came((1, PLAIN), (1, PLAIN), (1, report(1)), (1, PLAIN))
    rig.passed()
    rig.came((1, report(3)))
    assert rig.losses.take() == Loss(sent=4, lost=0)
    rig.passed()
    rig.came((1, report(2)))
    assert rig.losses.take() == Loss(sent=2, lost=1)


def test_other_senders_beside_it_change_nothing() -> None:
    rig = Rig()
    rig.came((1, PLAIN), (2, PLAIN), (3, PLAIN), (2, report(3)), (3, PLAIN), (1, report(1)))
    assert rig.losses.take() == Loss(sent=4, lost=2)


@given(
    periods=st.lists(st.tuples(st.integers(1, 30), st.sets(st.integers(0, 29))), min_size=1),
    batch_size=st.integers(1, 50),
)
def test_losses_are_counted_exactly_while_reports_come_through(
    periods: list[tuple[int, set[int]]], batch_size: int
) -> None:
    rig = Rig()
    rig.came((1, PLAIN))
    unreported = 1
    sent = lost = 0
    for datagrams, lost_ones in periods:
        came = [(1, PLAIN) for i in range(datagrams) if i not in lost_ones]
        unreported += datagrams
        sent += unreported
        lost += datagrams - len(came)
        came.append((1, report(unreported)))
        unreported = 1  # the one that carried the report
        for start in range(0, len(came), batch_size):
            rig.came(*came[start : start + batch_size])
        rig.passed()
    assert rig.losses.take() == Loss(sent, lost)


def test_the_first_report_of_a_sender_that_may_be_older_than_the_server_is_not_compared() -> None:
    rig = Rig()
    rig.now = REPORT_SECONDS / 2
    rig.came((1, PLAIN))
    rig.passed()
    rig.came((1, report(500)))
    assert rig.losses.take() is None
    rig.passed()
    rig.came((1, report(3)))
    assert rig.losses.take() == Loss(sent=3, lost=2)


def test_a_report_from_a_sender_never_heard_before_is_not_compared() -> None:
    rig = Rig()
    rig.came((1, report(500)))
    assert rig.losses.take() is None
    rig.passed()
    rig.came((1, report(1)))
    assert rig.losses.take() == Loss(sent=1, lost=0)


def test_a_sender_that_was_forgotten_and_comes_back_is_not_called_lossy() -> None:
    rig = Rig(max_senders=2)
    rig.came((1, PLAIN), (2, PLAIN), (3, PLAIN))
    rig.came((1, PLAIN), (1, report(2)))
    assert rig.losses.take() is None
    assert len(rig.losses._senders) == 2
    rig.passed()
    rig.came((1, report(2)))
    assert rig.losses.take() == Loss(sent=2, lost=1)


def test_senders_that_go_on_sending_are_remembered_among_many_that_do_not() -> None:
    rig = Rig(max_senders=10)
    rig.came((1, PLAIN))
    for port in range(100, 200):
        rig.came((port, PLAIN), (1, PLAIN))
    rig.came((1, report(103)))
    assert rig.losses.take() == Loss(sent=103, lost=2)


def test_an_address_that_reports_for_several_clients_is_not_compared() -> None:
    rig = Rig()
    relayed = [(1, PLAIN)] * 50
    rig.came(*relayed, (1, report(25)))
    rig.passed(3)
    rig.came((1, report(25)))
    rig.passed(7)
    rig.came(*relayed, (1, report(25)))
    rig.passed(3)
    rig.came((1, report(25)))
    assert rig.losses.take() == Loss(sent=25, lost=0)


def test_more_than_was_reported_is_no_loss() -> None:
    rig = Rig()
    rig.came((1, PLAIN), (1, PLAIN), (1, report(1)))
    assert rig.losses.take() == Loss(sent=1, lost=0)


def test_what_only_looks_like_a_report_is_none() -> None:
    rig = Rig()
    for line in (b"x.celeryscope.client.sent:9|c", b"celeryscope.client.sent:-9|c"):
        rig.came((1, PLAIN), (1, line), (1, b"celeryscope.client.sent:9|ms"))
    assert rig.losses.take() is None


def test_a_transport_that_loses_nothing_is_not_compared() -> None:
    rig = Rig()
    one = senders.pack("127.0.0.1", 1)
    rig.losses.see(Batch([PLAIN, report(9)], one * 2))
    rig.losses.see(Batch([]))
    assert rig.losses.take() is None
