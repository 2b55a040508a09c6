"""The function that finds series by their tags."""

from celeryscope.graphite.declaration import Context, function
from celeryscope.graphite.errors import ArgumentError
from celeryscope.graphite.parameters import QUOTED, Parameter
from celeryscope.graphite.series import TimeSeries
from celeryscope.graphite.tagtests import TagExpressionError
from celeryscope.graphite.target import Literal


@function("seriesByTag", "Special", Parameter("tagExpressions", QUOTED, multiple=True))
def series_by_tag(context: Context, quoted: list[Literal]) -> list[TimeSeries]:
    """Find series for which all tag expressions hold, such as `name=cpu` and `host=~web.*`.

    `tag=value`, `tag!=value`, `tag=~regex` and `tag!=~regex`; a regular expression has to match at
    the start. A series without a tag has an empty value for it. At least one expression has to
    refuse that. The tag `name` is the name without tags, and every series has it.
    """
    path = f"seriesByTag({','.join(map(str, quoted))})"
    tests = [str(one.value) for one in quoted]
    try:
        return context.fetcher.tagged(tests, path, context.window, context.span.xff)
    except TagExpressionError as error:
        raise ArgumentError(f"seriesByTag: {error}") from None
