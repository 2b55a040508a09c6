"""Turning pages into HTML responses: templates and their filters."""

from collections.abc import Mapping
from pathlib import Path

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from celeryscope import __version__
from celeryscope.web import units
from celeryscope.web.ranges import seconds_of


def page(
    request: Request, template: str, values: Mapping[str, object], status: int = 200
) -> HTMLResponse:
    """Render a template to a response; its links begin with the path that a proxy serves below."""
    root = request.scope.get("root_path", "")
    text = _TEMPLATES.get_template(template).render(values, root=root)
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})


def embedded(data: object) -> Markup:
    """Return JSON that may stand inside a script element, whatever names it holds."""
    return Markup(orjson.dumps(data).replace(b"<", b"\\u003c").decode())  # noqa: S704 - no `<` left


def breakable(name: str) -> Markup:
    """Return a dotted name that may be broken into lines after its dots."""
    return Markup(".<wbr>").join(name.split("."))


def _environment() -> Environment:
    folder = Path(__file__).with_name("templates")
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": units.count,
        "plain": units.plain,
        "duration": units.duration,
        "percent": units.percent,
        "rate": units.rate,
        "span": units.span,
        "embedded": embedded,
        "breakable": breakable,
    }
    environment.globals |= {"version": __version__, "seconds_of": seconds_of}
    return environment


_TEMPLATES = _environment()
