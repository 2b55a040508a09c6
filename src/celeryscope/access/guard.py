"""Who is let in: whom the access file knows, or whom a trusted proxy names."""

import logging
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from celeryscope.access import tokens
from celeryscope.access.credentials import Basic, Bearer, read
from celeryscope.access.keyring import AccessFile
from celeryscope.access.verifier import BusyError, Verifier

_LOGGER = logging.getLogger(__name__)
_BASIC = ("WWW-Authenticate", 'Basic realm="celeryscope", charset="UTF-8"')
_BEARER = ("WWW-Authenticate", 'Bearer realm="celeryscope"')
_PAUSE_SECONDS = 60.0


class Guard:
    """Answers 401 to strangers, on every address.

    `user_header` is believed as it stands: `Forwarded` has taken away what nobody trusted wrote.
    """

    def __init__(
        self,
        app: ASGIApp,
        file: AccessFile | None,
        user_header: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._file = file
        self._user_header = user_header
        self._verifier = Verifier(clock)
        self._refused = _Refused(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            is_known = self._is_named(headers) or await self._is_known(headers, scope)
        except BusyError:
            answer = PlainTextResponse("too many sign in\n", 503, headers={"Retry-After": "1"})
            await answer(scope, receive, send)
            return
        await (self._app if is_known else self._stranger())(scope, receive, send)

    def _is_named(self, headers: Headers) -> bool:
        """Tell whether the proxy names a user; two names are none, one of them may be forged."""
        names = headers.getlist(self._user_header) if self._user_header else []
        return len(names) == 1 and bool(names[0].strip())

    async def _is_known(self, headers: Headers, scope: Scope) -> bool:
        header = headers.get("authorization", "")
        if self._file is None or not header:
            return False
        keyring, given = self._file.keyring(), read(header)
        match given:
            case Basic():
                is_right = await self._verifier.is_right(given, keyring)
            case Bearer(token):
                is_right = tokens.is_among(token, keyring.tokens)
            case None:
                is_right = False
        if not is_right:
            self._refused.tell((scope.get("client") or ("an unknown address",))[0])
        return is_right

    def _stranger(self) -> PlainTextResponse:
        answer = PlainTextResponse("who asks? This server lets in whom it knows\n", 401)
        # A browser asks for a password only where one can be right.
        for name, value in (_BASIC, _BEARER) if self._file else (_BEARER,):
            answer.headers.append(name, value)
        return answer


class _Refused:
    """Logs wrong credentials once a minute at most, without a word of what they were."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count = 0
        self._next = 0.0

    def tell(self, client: str) -> None:
        self._count += 1
        if self._clock() >= self._next:
            _LOGGER.warning("wrong credentials: %d times, last from %s", self._count, client)
            self._count, self._next = 0, self._clock() + _PAUSE_SECONDS
