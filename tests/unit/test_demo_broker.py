"""The demo's broker on files, read while it is written."""

from pathlib import Path
from queue import Empty
from threading import Thread
from typing import cast

from kombu import Connection

from celeryscope.demo.broker import SCHEME, Channel

MESSAGES = 300


def channel(folder: Path) -> Channel:
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder)}
    options["control_folder"] = str(folder / "control")
    return cast("Channel", Connection(f"{SCHEME}://", transport_options=options).channel())


def test_a_reader_gets_every_message_whole_however_soon_it_looks(tmp_path: Path) -> None:
    writing, reading = channel(tmp_path), channel(tmp_path)
    got: list[int] = []
    for number in range(MESSAGES):
        writer = Thread(target=writing._put, args=("mail", {"number": number}))
        writer.start()
        while writer.is_alive() and len(got) == number:
            take(reading, got)
        writer.join()
        if len(got) == number:
            take(reading, got)
    assert got == list(range(MESSAGES))
    assert not list(tmp_path.glob("*.part"))


def take(reading: Channel, got: list[int]) -> None:
    try:
        got.append(reading._get("mail")["number"])
    except Empty:
        return
