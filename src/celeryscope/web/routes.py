"""The pages' addresses: Overview, Task, live events and static files."""

from collections.abc import Callable

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from celeryscope.graphite.budget import DEFAULT_LIMITS, LimitError, Limits
from celeryscope.graphite.gate import NOBODY_WAITS, RETRY_SECONDS, BusyError, Gate, GoneError
from celeryscope.naming import Layout
from celeryscope.store.protocol import Store, StoreError
from celeryscope.web import catalog, ranges, render
from celeryscope.web.catalog import Task
from celeryscope.web.live import LiveFeed, stream
from celeryscope.web.overview import overview
from celeryscope.web.ranges import Span
from celeryscope.web.staticfiles import STATIC
from celeryscope.web.taskpage import task_page
from celeryscope.web.view import BadQueryError, View

_COMPRESSED = [Middleware(GZipMiddleware, compresslevel=5)]
_STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_TOO_LONG = (
    "The page took longer than max_query_time allows: choose a shorter range or fewer tasks."
)

Build = Callable[[Request, View, Store], Response]


def routes(
    store: Store,
    feed: LiveFeed,
    clock: Callable[[], float],
    prefix: str,
    layout: Layout,
    statsd: object,
    limits: Limits = DEFAULT_LIMITS,
) -> list[BaseRoute]:
    """Return the routes of all pages; each request gets so much time, and has to wait its turn.

    `prefix` and `layout` are those that the instrumented apps write with; `statsd` is the
    address that the empty page tells them to send to.
    """
    pages = _Pages(store, Gate(limits), clock, prefix, layout, str(statsd))

    async def live(_: Request) -> Response:
        return StreamingResponse(
            stream(feed), media_type="text/event-stream", headers=_STREAM_HEADERS
        )

    return [
        Route("/", pages.overview, middleware=_COMPRESSED),
        Route("/task/{name:path}", pages.task, middleware=_COMPRESSED),
        Route("/api/live", live),
        Mount("/static", STATIC, middleware=_COMPRESSED),
    ]


class _Pages:
    """The endpoints; pages are made in threads, so that a slow read blocks no other."""

    def __init__(
        self,
        store: Store,
        gate: Gate,
        clock: Callable[[], float],
        prefix: str,
        layout: Layout,
        statsd: str,
    ) -> None:
        self._store = store
        self._gate = gate
        self._clock = clock
        self._prefix = prefix
        self._layout = layout
        self._statsd = statsd

    async def overview(self, request: Request) -> Response:
        return await self._answer(request, self._overview)

    async def task(self, request: Request) -> Response:
        return await self._answer(request, self._task)

    async def _answer(self, request: Request, build: Build) -> Response:
        try:
            view = View.of(request.query_params)
            return await self._gate.run(
                request, lambda budget: build(request, view, self._store.ended_by(budget))
            )
        except BadQueryError as error:
            return _problem(request, str(error), status=400)
        except LimitError:
            return _problem(request, _TOO_LONG, status=400)
        except StoreError as error:
            return _problem(request, str(error), status=503)
        except BusyError:
            busy = _problem(request, "Too many pages are asked for at once.", status=503)
            busy.headers["Retry-After"] = str(RETRY_SECONDS)
            return busy
        except GoneError:
            return Response(status_code=NOBODY_WAITS)

    def _overview(self, request: Request, view: View, store: Store) -> Response:
        tasks = self._tasks(store)
        if not tasks:
            return render.page(request, "empty.html", {"statsd": self._statsd})
        chosen = catalog.selected(tasks, (view.app, view.module, view.task), view.q)
        usual, span = self._span(tasks, view)
        values = {
            "choices": catalog.choices(tasks, view.app, view.module),
            "page": overview(store, chosen, view, span),
        }
        return render.page(request, "overview.html", _shared(view, span, usual) | values)

    def _task(self, request: Request, view: View, store: Store) -> Response:
        name: str = request.path_params["name"]
        task = next((task for task in self._tasks(store) if task.name == name), None)
        if task is None:
            return _problem(request, f"No run of a task named {name} has been seen.", status=404)
        usual, span = self._span([task], view)
        values = {"task": task, "page": task_page(store, task, span)}
        return render.page(request, "task.html", _shared(view, span, usual) | values)

    def _tasks(self, store: Store) -> list[Task]:
        return catalog.tasks(store, self._prefix, self._layout)

    def _span(self, tasks: list[Task], view: View) -> tuple[str, Span]:
        now = self._clock()
        usual = ranges.fitting_preset(now - (catalog.first_seen(tasks) or now))
        return usual, view.span(now, usual)


def _problem(request: Request, message: str, status: int) -> Response:
    return render.page(request, "problem.html", {"message": message}, status)


def _shared(view: View, span: Span, usual: str) -> dict[str, object]:
    return {"view": view, "span": span, "usual": usual, "presets": ranges.PRESETS}
