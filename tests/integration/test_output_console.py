"""What a real server writes to its standard output."""

import json
import signal
from pathlib import Path

import httpx

from support.processes import Running, free_port, wait_until
from support.server import celeryscope_server

FLAGS = ("--flush-interval", "500ms", "--console", "--no-store", "--admin", "off")


def counted(process: Running, name: str) -> float:
    """Return a counter's sum over all flushes that were written."""
    lines = [line for line in process.output().splitlines() if line.startswith("{")]
    return sum(float(json.loads(line)["counters"].get(name, 0)) for line in lines)


def test_every_flush_is_a_line_and_the_last_one_too(tmp_path: Path) -> None:
    with celeryscope_server(tmp_path, FLAGS) as server:
        server.send(b"orders:2|c")
        wait_until(lambda: counted(server.running, "orders") == 2)
        server.send(b"orders:3|c")
        server.running.signal_group(signal.SIGTERM)
        assert server.running.process.wait(15) == 0
        assert counted(server.running, "orders") == 5


def test_a_server_that_ends_leaves_nothing_but_its_first_line_in_the_log(tmp_path: Path) -> None:
    with celeryscope_server(tmp_path, FLAGS[:2]) as server:
        assert httpx.get(f"{server.url}/version").status_code == httpx.codes.OK
        assert server.running.stop() == 0
        log = server.running.output().splitlines()
    assert [line for line in log if "receive buffer" not in line and "pages on" not in line] == []


def test_a_second_signal_does_not_cut_the_end_short(tmp_path: Path) -> None:
    away = f"127.0.0.1:{free_port()}"  # an output that takes its time to give up
    with celeryscope_server(tmp_path, [*FLAGS, "--carbon", away]) as server:
        server.send(b"orders:2|c")
        wait_until(lambda: counted(server.running, "orders") == 2)
        server.running.signal_group(signal.SIGTERM)
        server.running.signal_group(signal.SIGTERM)
        server.running.signal_group(signal.SIGINT)
        assert server.running.process.wait(30) == 0
        assert "could not be delivered and are lost" in server.running.output()
