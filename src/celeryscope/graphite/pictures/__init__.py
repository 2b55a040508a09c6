"""Pictures of series: PNG and SVG, by an extra that is loaded when the first one is asked for."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec

from celeryscope.graphite.errors import NotInstalledError
from celeryscope.graphite.request import Parameters
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.span import Span

MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}

Draw = Callable[[Sequence[TimeSeries], Span], bytes]


def painter(kind: str, asked: Parameters) -> Draw:
    """Return what draws series as a PNG or SVG, the way that a request asks for.

    Raises:
        NotInstalledError: The extra is not installed.
        RequestError: A parameter is wrong.
    """
    if find_spec("matplotlib") is None:
        raise NotInstalledError(
            f"format {kind} needs matplotlib, which the server does not have; "
            "install it with pip install 'celeryscope[pictures]', or ask for another format"
        )
    from celeryscope.graphite.pictures import drawing, look  # noqa: PLC0415 -- an extra

    asked_look = look.read_look(asked)
    return lambda series, span: drawing.drawn(kind, series, span, asked_look, asked.budget)
