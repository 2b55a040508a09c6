"""Reads a request: its query string, and what a POST sends as a form or as JSON."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from celeryscope.graphite.errors import RequestError, shown
from celeryscope.graphite.othersites import refuse_other_sites
from celeryscope.graphite.request import Parameters

MAX_BODY = 1 << 20
_MAX_FIELDS = 10_000
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"

Fields = list[tuple[str, str]]


class BodyTooLargeError(RequestError):
    """The body is longer than the server reads."""


async def read_parameters(request: Request) -> Parameters:
    """Read the query string, then the body of a POST.

    Raises:
        RequestError: The body is too large, or neither a form nor JSON.
    """
    fields = request.query_params.multi_items()
    if request.method == "POST":
        fields += _fields(request.headers.get("content-type", _FORM), await _body(request))
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    return Parameters(values, request.path_params)


async def read_document(request: Request) -> Parameters:
    """Read the body of a POST that is one document, whatever its media type says.

    Raises:
        RequestError: The body is too large, or a page of another site has a browser send it.
    """
    refuse_other_sites(request.headers)
    return Parameters({}, request.path_params, body=await _body(request))


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BodyTooLargeError(f"the body is longer than {MAX_BODY:,} bytes")
    return bytes(body)


def _fields(media_type: str, body: bytes) -> Fields:
    readers = {_FORM: _form, _JSON: _json}
    reader = readers.get(media_type.partition(";")[0].strip().lower())
    if not body:
        return []
    if reader is None:
        raise RequestError(f"content-type is {shown(media_type)}; allowed is {_FORM} or {_JSON}")
    return reader(body)


def _form(body: bytes) -> Fields:
    try:
        text = body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise RequestError(f"the form has more than {_MAX_FIELDS:,} fields") from None


def _json(body: bytes) -> Fields:
    """Read an object: a value, a list of values, or an object in place of `name[key]`."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the body is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise RequestError("the body is no JSON object")
    return [field for name, value in content.items() for field in _flat(name, value)]


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield f"{name}[{key}]", _text(name, one)
        return
    for one in value if isinstance(value, list) else [value]:
        yield name, _text(name, one)


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise RequestError(f"{shown(name)} is nested too deeply; allowed are text and numbers")
    return str(value)
