"""An edge that repeats what it receives, and keeps nothing, to real servers."""

from pathlib import Path

from support.processes import wait_until
from support.prometheus import total
from support.server import celeryscope_server
from support.udp import receiver

DATAGRAMS = [b"orders:1|c\npage:%d|ms" % number for number in range(500)]
FLAGS = ("--flush-interval", "500ms", "--prometheus", "--admin", "off")


def edge_flags(*destinations: str) -> list[str]:
    return [*FLAGS, "--no-store", "--repeater", ",".join(destinations)]


def test_a_second_server_counts_what_the_first_received(tmp_path: Path) -> None:
    folders = tmp_path / "central", tmp_path / "edge"
    for folder in folders:
        folder.mkdir()
    with (
        celeryscope_server(folders[0], FLAGS) as central,
        celeryscope_server(folders[1], edge_flags(central.statsd)) as edge,
    ):
        edge.send(*DATAGRAMS)
        wait_until(
            lambda: total(central.url, "statsd_counters_orders_total") == len(DATAGRAMS),
            what="all that the edge was sent",
        )
        assert total(central.url, "statsd_timers_page_seconds_count") == len(DATAGRAMS)
        wait_until(
            lambda: (total(edge.url, "celeryscope_output_sent_total") or 0) >= len(DATAGRAMS),
            what="the edge's own count",
        )


def test_every_destination_gets_every_datagram_and_one_that_is_down_is_counted(
    tmp_path: Path,
) -> None:
    with receiver() as one, receiver() as two, receiver() as down:
        addresses = one.address, two.address, down.address
        down.close()
        with celeryscope_server(tmp_path, edge_flags(*addresses)) as edge:
            edge.send(*DATAGRAMS)
            for sink in (one, two):
                sink.wait_for(lambda it: it.datagrams() == DATAGRAMS, "all datagrams")
            wait_until(
                lambda: total(edge.url, "celeryscope_output_dropped_total") == len(DATAGRAMS),
                what="the count of what was lost",
            )
