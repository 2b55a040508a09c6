"""The demo's broker: kombu's own on files, with messages that appear whole."""

from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "demo-files"
TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


class Channel(filesystem.Channel):
    """Kombu's own makes an empty file first; a worker that takes it then ends."""

    # Kombu's channels name the second argument differently from class to class.
    def _put(  # type: ignore[override]
        self, queue: str, payload: dict[str, Any], **_: object
    ) -> None:
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        unfinished = folder / f"{name}.part"
        unfinished.write_text(dumps(payload), encoding="utf-8")
        unfinished.rename(folder / name)


class Transport(filesystem.Transport):
    """What the URL `demo-files://` stands for."""

    Channel = Channel
