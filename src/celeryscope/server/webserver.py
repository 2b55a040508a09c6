"""Uvicorn, as a part of this server rather than its master."""

import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from celeryscope.web.live import LiveFeed

_GRACE_SECONDS = 2


class WebServer(uvicorn.Server):
    """Uvicorn that ends the live streams first, since it waits for open requests.

    A signal only ends serving: raised again, as uvicorn does, it would end the process before
    the last flush is stored.
    """

    def __init__(self, feed: LiveFeed, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                # Whom to believe of the client's address is for the entrance to say.
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._feed = feed

    def end(self) -> None:
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        self.end()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._feed.close()
        await super().shutdown(sockets)
