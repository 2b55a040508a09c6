"""What a request is answered with: JSON, a script that calls with it, or why not."""

import orjson
from starlette.responses import PlainTextResponse, Response

from celeryscope.graphite.request import Parameters

NO_SNIFF = {"X-Content-Type-Options": "nosniff"}


def as_json(content: object, asked: Parameters) -> Response:
    """Answer JSON, on lines of its own for each part if `pretty` asks for it."""
    lines = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS if asked.flag("pretty") else 0
    return as_script(orjson.dumps(content, option=lines), asked)


def as_script(content: bytes, asked: Parameters) -> Response:
    """Answer JSON, or JavaScript that calls the function which `jsonp` names with it."""
    if not (callback := asked.callback()):
        return Response(content, media_type="application/json")
    called = b"%s(%s)" % (callback.encode(), content)
    return Response(called, media_type="text/javascript", headers=NO_SNIFF)


def refusal(why: str, status: int) -> Response:
    return PlainTextResponse(f"{why}\n", status_code=status, headers=NO_SNIFF)
