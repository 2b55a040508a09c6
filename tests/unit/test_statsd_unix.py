"""The Unix listener on sockets in a temporary folder."""

import shutil
import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from celeryscope.statsd.backlog import Backlog
from celeryscope.statsd.unix import UnixListener
from support.listeners import lost, next_batch, received, started


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "statsd.sock"


@contextmanager
def client_of(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.connect(str(path))
        yield client


def abandon_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abandoned:
        abandoned.bind(str(path))


def test_datagrams_arrive_whole_and_in_their_order(path: Path) -> None:
    sent = [b"%d" % i for i in range(500)] + [b"", b"x" * 65_535]
    with started(UnixListener(path)) as listener, client_of(path) as client:
        for datagram in sent:
            client.send(datagram)
        assert received(listener, len(sent)) == sent
        assert str(listener) == f"unix {path}"


def test_a_sender_has_no_name_but_the_transports(path: Path) -> None:
    with started(UnixListener(path)) as listener, client_of(path) as client:
        client.send(b"a:1|c")
        batch = next_batch(listener)
        assert batch.sender_of(0) == "unix"
        assert not batch.lossy


def test_a_datagram_too_long_to_be_whole_is_dropped_and_counted(path: Path) -> None:
    with started(UnixListener(path)) as listener, client_of(path) as client:
        client.send(b"x" * 65_537)
        client.send(b"whole")
        assert received(listener, 1) == [b"whole"]
        assert lost(listener) == {"oversize": 1}


def test_senders_wait_while_the_backlog_is_full(path: Path) -> None:
    with (
        started(UnixListener(path, Backlog(max_datagrams=1))) as listener,
        client_of(path) as client,
    ):
        sent = [b"%d" % i for i in range(50)]
        taken = []
        for datagram in sent:
            client.send(datagram)
            taken += listener.take().datagrams
        taken += received(listener, len(sent) - len(taken))
        assert taken == sent
        assert lost(listener) == {}


def test_any_user_may_send_and_the_path_is_free_again_after_the_stop(path: Path) -> None:
    with started(UnixListener(path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o622
    assert not path.exists()


def test_a_socket_that_nobody_listens_on_any_more_is_replaced(path: Path) -> None:
    abandon_socket(path)
    with started(UnixListener(path)) as listener, client_of(path) as client:
        client.send(b"here")
        assert received(listener, 1) == [b"here"]


def test_a_path_that_another_listens_on_is_refused_and_left_to_it(path: Path) -> None:
    with started(UnixListener(path)) as listener, client_of(path) as client:
        with pytest.raises(OSError, match="in use"):
            UnixListener(path)
        client.send(b"still here")
        assert received(listener, 1) == [b"still here"]


def test_a_file_that_is_no_socket_is_refused_and_kept(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(OSError, match="in use"):
        UnixListener(path)
    assert path.read_text() == "precious"


def test_a_missing_folder_is_refused(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        UnixListener(path.parent / "none" / path.name)


def test_a_successors_socket_is_not_removed(path: Path) -> None:
    with closing(UnixListener(path)):
        path.unlink()
        abandon_socket(path)
    assert path.exists()


def test_a_path_removed_by_others_does_not_disturb_the_stop(path: Path) -> None:
    with closing(UnixListener(path)):
        path.unlink()
    assert not path.exists()


def test_a_folder_that_is_none_any_more_does_not_disturb_the_stop(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with closing(UnixListener(folder / "statsd.sock")):
        shutil.rmtree(folder)
        folder.write_text("in its place")
    assert folder.read_text() == "in its place"
