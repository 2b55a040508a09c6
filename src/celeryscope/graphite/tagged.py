"""Finds leaves by tags; without other tags than `name`, as most have none, by that.

Each value of a tag and each name is tested once, however many series have it.
"""

from collections.abc import Iterable, Mapping, Sequence

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.errors import RequestError
from celeryscope.graphite.namespace import MAX_LEAVES, Leaf, Namespace, leaf_of
from celeryscope.graphite.naming import tags_of
from celeryscope.graphite.tagtests import TagTest, parse_all
from celeryscope.metrics import Kind
from celeryscope.store.protocol import Series, Store
from celeryscope.store.tagnames import NAME, key_of

_ALL = ("**",)

_Groups = Mapping[tuple[Kind, str], Sequence[Series]]
"""Series by kind and by their own name without tags."""

_Names = dict[str, list[tuple[Sequence[Series], str]]]
"""Names as they are shown, without tags: whose they are, and which statistic of them."""


class TagFinder:
    """Answers one request, within its budget."""

    def __init__(self, store: Store, namespace: Namespace, budget: Budget) -> None:
        self._store = store
        self._namespace = namespace
        self._budget = budget

    def leaves(self, expressions: Sequence[str]) -> list[Leaf]:
        """Return the leaves for which all expressions hold, ordered by name.

        Raises:
            TagExpressionError: They cannot be used.
            RequestError: The leaves are more than one answer may hold.
            LimitError: It takes too long.
        """
        tests = parse_all(expressions, self._budget)
        of_name = [test for test in tests if test.tag == NAME]
        exact = next((test.value for test in of_name if test.is_exact and test.value), None)
        groups = _grouped(self._series([test for test in tests if test.tag != NAME], exact))
        names = self._places(groups, exact) if exact else self._names(groups, of_name)
        passing = set(names)
        for test in of_name:
            passing &= test.accepted(list(names), self._budget)
        if sum(len(of) for name in passing for of, _ in names[name]) > MAX_LEAVES:
            raise RequestError(f"more than {MAX_LEAVES:,} names match; narrow the tag expressions")
        found = (
            leaf_of(name, one, statistic)
            for name in passing
            for series, statistic in names[name]
            for one in series
        )
        # Where StatsD has the same name as a plain series, it is StatsD's, as it is by path.
        plain_first = sorted(found, key=lambda leaf: leaf.series.kind is not Kind.PLAIN)
        by_name = {leaf.name: leaf for leaf in plain_first}
        return [by_name[name] for name in sorted(by_name)]

    def tags(self, expressions: Sequence[str]) -> list[str]:
        """Return the tags of the leaves for which all expressions hold, but for those tested."""
        if not expressions:
            return sorted([NAME, *self._store.tags.names()]) if self._has_series() else []
        tested = {test.tag for test in parse_all(expressions, self._budget)}
        names = {leaf.series.name for leaf in self.leaves(expressions)}
        return sorted({tag for name in names for tag in tags_of(name)} - tested)

    def values(self, tag: str, expressions: Sequence[str]) -> list[str]:
        """Return the values that a tag has in the leaves for which all expressions hold."""
        if expressions:
            found = self.leaves([*expressions, f"{tag}!="])
            return sorted({tags_of(leaf.name)[tag] for leaf in found})
        if tag == NAME:
            return sorted(self._names(_grouped(self._everything())))
        return self._store.tags.values(tag)

    def counts(self, tag: str) -> dict[str, int]:
        """Return how many leaves have each of a tag's values."""
        if tag == NAME:
            names = self._names(_grouped(self._everything()))
            return {name: sum(len(of) for of, _ in names[name]) for name in sorted(names)}
        leaves_of = {kind: self._namespace.leaves_of(kind) for kind in Kind}
        return {
            value: sum(leaves_of[one.kind] for one in self._store.tags.having(tag, value))
            for value in self._store.tags.values(tag)
        }

    def _series(self, tests: Sequence[TagTest], exact: str | None) -> list[Series]:
        """Return the series that pass tests of other tags than `name`, of one name if given."""
        optional = [test for test in tests if test.accepts_none(self._budget)]
        pools = [self._passing(test) for test in tests if test not in optional]
        if pools:
            shared = set.intersection(*map(set, pools))
            pool = [one for number, one in pools[0].items() if number in shared]
        elif exact is None:
            pool = self._everything()
        else:
            pool = self._of_name(exact)
        refused = {number for test in optional for number in self._failing(test)}
        return [one for one in pool if one.id not in refused]

    def _passing(self, test: TagTest) -> dict[int, Series]:
        return self._having(test.tag, self._accepted(test))

    def _failing(self, test: TagTest) -> dict[int, Series]:
        """Return the series that have the tag and do not pass; without it they do."""
        values = self._store.tags.values(test.tag)
        return self._having(test.tag, set(values) - self._accepted(test))

    def _accepted(self, test: TagTest) -> set[str]:
        # One value may be looked up without all others.
        values = [test.value] if test.is_exact else self._store.tags.values(test.tag)
        return test.accepted(values, self._budget)

    def _having(self, tag: str, values: Iterable[str]) -> dict[int, Series]:
        return {one.id: one for value in values for one in self._store.tags.having(tag, value)}

    def _everything(self) -> list[Series]:
        untagged = (node.series for kind in Kind for node in self._store.find(kind, _ALL))
        tagged = (one for kind in Kind for one in self._store.tags.find(kind, _ALL))
        return [*filter(None, untagged), *tagged]

    def _of_name(self, name: str) -> list[Series]:
        return [
            one
            for kind, key, _ in self._namespace.places(name)
            for one in self._namespace.series(kind, key)
        ]

    def _has_series(self) -> bool:
        return bool(self._store.tags.names()) or any(self._store.find(k, ("*",)) for k in Kind)

    def _names(self, groups: _Groups, tests: Iterable[TagTest] = ()) -> _Names:
        """Return the names that the series are shown under, but for some that no test accepts."""
        shown = [
            (base, endings, series)
            for (kind, key), series in groups.items()
            for base, endings in self._namespace.bases(kind, key)
        ]
        bases = [base for base, _, _ in shown]
        # Most names go with their beginning, which dozens of a timer's statistics share.
        begun = set(bases).intersection(*(test.begun(bases, self._budget) for test in tests))
        names: _Names = {}
        for base, endings, series in shown:
            for ending, statistic in endings if base in begun else ():
                names.setdefault(base + ending, []).append((series, statistic))
        return names

    def _places(self, groups: _Groups, name: str) -> _Names:
        """Return one name, with a statistic of any threshold, if the series are shown under it."""
        places = self._namespace.places(name)
        shown = [(groups[kind, key], stat) for kind, key, stat in places if (kind, key) in groups]
        return {name: shown} if shown else {}


def _grouped(series: Iterable[Series]) -> _Groups:
    groups: dict[tuple[Kind, str], list[Series]] = {}
    for one in series:
        groups.setdefault((one.kind, key_of(one.name)), []).append(one)
    return groups
