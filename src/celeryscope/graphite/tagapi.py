"""What `/tags` answers. Series come into the index and leave it as they do into the store."""

from starlette.responses import Response

from celeryscope.carbon.paths import cleaned
from celeryscope.graphite.answers import as_json
from celeryscope.graphite.errors import NotSupportedError, RequestError, shown
from celeryscope.graphite.namespace import Namespace
from celeryscope.graphite.request import Parameters
from celeryscope.graphite.tagged import TagFinder
from celeryscope.graphite.tagtests import ValuePattern
from celeryscope.namespace import Naming
from celeryscope.store.protocol import Store

_COMPLETIONS = 100
"""How many tags or values are offered where no limit is given."""


class TagApi:
    """Answers from a store's names; `thresholds` are the percentiles that a timer is shown with."""

    def __init__(self, store: Store, thresholds: tuple[float, ...], naming: Naming) -> None:
        self._store = store
        self._thresholds = thresholds
        self._naming = naming

    def tags(self, asked: Parameters) -> Response:
        """Answer every tag, or those that the regular expression `filter` matches."""
        tags = _filtered(self._finder(asked).tags([]), asked)
        return as_json([{"tag": tag} for tag in tags[: asked.limit(None)]], asked)

    def values(self, asked: Parameters) -> Response:
        """Answer a tag's values and how many leaves have each; null if there is no such tag."""
        tag = asked.address["tag"]
        counts = self._finder(asked).counts(tag)
        if not counts:
            return as_json(None, asked)
        values = _filtered(list(counts), asked)[: asked.limit(None)]
        entries = [{"value": value, "count": counts[value]} for value in values]
        return as_json({"tag": tag, "values": entries}, asked)

    def find(self, asked: Parameters) -> Response:
        """Answer the names of all leaves for which the expressions hold."""
        if not (expressions := asked.all("expr")):
            raise RequestError("expr is missing; allowed is a tag expression, such as tag=value")
        return as_json([leaf.name for leaf in self._finder(asked).leaves(expressions)], asked)

    def complete_tags(self, asked: Parameters) -> Response:
        """Answer tags that start with `tagPrefix`, of the leaves for which expressions hold."""
        found = self._finder(asked).tags(asked.all("expr"))
        return _completed(found, asked.one("tagPrefix", ""), asked)

    def complete_values(self, asked: Parameters) -> Response:
        """Answer a tag's values that start with `valuePrefix`, likewise."""
        if not (tag := asked.one("tag", "")):
            raise RequestError("tag is missing; allowed is the name of a tag, such as host")
        found = self._finder(asked).values(tag, asked.all("expr"))
        return _completed(found, asked.one("valuePrefix", ""), asked)

    def name(self, asked: Parameters) -> Response:
        """Answer the name under which a path would be kept; the index follows what is kept."""
        return as_json(_canonical(_paths(asked)[-1]), asked)

    def names(self, asked: Parameters) -> Response:
        """Answer the names under which paths would be kept."""
        return as_json([_canonical(path) for path in _paths(asked)], asked)

    def refuse_to_delete(self, _asked: Parameters) -> Response:
        """Say that a series cannot be taken out of the index alone."""
        raise NotSupportedError(
            "a series leaves the tags when nothing of it is kept any more; "
            "to be rid of it sooner, shorten its retention"
        )

    def _finder(self, asked: Parameters) -> TagFinder:
        store = self._store.ended_by(asked.budget)
        return TagFinder(store, Namespace(store, self._thresholds, self._naming), asked.budget)


def _filtered(found: list[str], asked: Parameters) -> list[str]:
    if not (text := asked.one("filter", "")):
        return found
    kept = ValuePattern("filter", text).matching(found, asked.budget)
    return [one for one in found if one in kept]


def _completed(found: list[str], prefix: str, asked: Parameters) -> Response:
    completions = [one for one in found if one.startswith(prefix)]
    return as_json(completions[: asked.limit(_COMPLETIONS)], asked)


def _paths(asked: Parameters) -> list[str]:
    if not (paths := asked.all("path")):
        raise RequestError("path is missing; allowed is a name with tags, such as a.b;host=web1")
    return paths


def _canonical(path: str) -> str:
    try:
        return cleaned(path)
    except ValueError as error:
        raise RequestError(
            f"path is {shown(path)}: {error}; allowed is a name with tags, such as a.b;host=web1"
        ) from None
