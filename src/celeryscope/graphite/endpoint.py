"""One address of the API: a request is read, let in, answered; what is wrong with it is said."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from celeryscope.graphite.answers import refusal
from celeryscope.graphite.body import BodyTooLargeError, read_parameters
from celeryscope.graphite.budget import Budget
from celeryscope.graphite.errors import (
    ForbiddenError,
    NotFoundError,
    NotInstalledError,
    NotSupportedError,
    RequestError,
)
from celeryscope.graphite.gate import NOBODY_WAITS, RETRY_SECONDS, BusyError, Gate, GoneError
from celeryscope.graphite.request import Parameters
from celeryscope.store.protocol import StoreError

Answer = Callable[[Parameters], Response]

_STATUSES = {
    BodyTooLargeError: 413,
    ForbiddenError: 403,
    NotFoundError: 404,
    NotInstalledError: 501,
    NotSupportedError: 501,
}


def endpoint(
    path: str,
    answer: Answer,
    gate: Gate,
    *,
    read: Callable[[Request], Awaitable[Parameters]] = read_parameters,
    methods: Sequence[str] = ("GET", "POST"),
) -> Route:
    """Return the route of one address; `gate` is what its requests wait at."""

    async def answered(request: Request) -> Response:
        try:
            asked = await read(request)

            def within(budget: Budget) -> Response:
                return answer(replace(asked, budget=budget))

            return await gate.run(request, within)
        except RequestError as error:
            return refusal(str(error), _STATUSES.get(type(error), 400))
        except StoreError as error:
            return refusal(str(error), 503)
        except BusyError:
            busy = refusal("too many requests wait already; ask again in a while", 503)
            busy.headers["Retry-After"] = str(RETRY_SECONDS)
            return busy
        except GoneError:
            return Response(status_code=NOBODY_WAITS)

    return Route(path, answered, methods=list(methods))
