"""An edge that repeats what it receives, and keeps nothing, to real servers."""

from pathlib import Path

from support.processes import wait_until
from support.prometheus import exposition, samples, total
from support.server import celeryscope_server
from support.udp import receiver

DATAGRAMS = [b"orders:1|c\npage:%d|ms" % number for number in range(500)]
FLAGS = ("--flush-interval", "500ms", "--prometheus", "--admin", "off")


def repeated(url: str, metric: str) -> float:
    """Return the sum of a metric over all repeaters of a server."""
    found = samples(*exposition(url)).items()
    return sum(
        value
        for (name, labels), value in found
        if name == metric and dict(labels)["output"].startswith("repeater-")
    )


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
            lambda: repeated(edge.url, "celeryscope_output_sent_total") == len(DATAGRAMS),
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
            sent, dropped = "celeryscope_output_sent_total", "celeryscope_output_dropped_total"
            wait_until(lambda: repeated(edge.url, dropped), what="the count of what was lost")
            wait_until(
                lambda: (
                    repeated(edge.url, sent) + repeated(edge.url, dropped) == 3 * len(DATAGRAMS)
                ),
                what="the count of all",
            )
