"""What `/metrics/find` and `/metrics/expand` answer."""

from collections.abc import Iterable

from celeryscope.graphite.namespace import Branch, Leaf, Namespace, split

Entry = dict[str, object]


def tree(namespace: Namespace, query: str) -> list[Entry]:
    """Return the nodes that match, branches first; a name that is both counts as a branch.

    An entry's id keeps the globs of the query before its last node, as graphite-web's does.
    """
    base, dot, _ = query.rpartition(".")
    branches = dict.fromkeys(one.path[-1] for one in _branches(namespace, query))
    leaves = dict.fromkeys(one.path[-1] for one in _leaves(namespace, query))
    names = [*((name, 1) for name in sorted(branches))]
    names += [(name, 0) for name in sorted(leaves) if name not in branches]
    return [
        {
            "text": name,
            "id": f"{base}{dot}{name}",
            "allowChildren": branch,
            "expandable": branch,
            "leaf": 1 - branch,
        }
        for name, branch in names
    ]


def completer(namespace: Namespace, query: str) -> dict[str, list[Entry]]:
    """Return what may follow a path that is being typed, by name; a branch ends in a dot."""
    query = query.replace("..", "*.")
    query = query if query.endswith("*") else f"{query}*"
    found: list[tuple[tuple[str, ...], bool]] = sorted(
        [(one.path, False) for one in _branches(namespace, query)]
        + [(one.path, True) for one in _leaves(namespace, query)],
        key=lambda entry: (entry[0][-1], entry),
    )
    return {
        "metrics": [
            {
                "path": ".".join(path) + "." * (not is_leaf),
                "name": path[-1],
                "is_leaf": str(int(is_leaf)),
            }
            for path, is_leaf in found
        ]
    }


def nodes_at(namespace: Namespace, query: str, place: int) -> dict[str, list[str]]:
    """Return the nodes that the paths that match have at a place, from 0 or, negative, the end."""
    paths = {one.path for one in _branches(namespace, query)}
    paths |= {one.path for one in _leaves(namespace, query)}
    return {"nodes": sorted({path[place] for path in paths if -len(path) <= place < len(path)})}


def expanded(namespace: Namespace, queries: Iterable[str], *, leaves_only: bool) -> list[str]:
    """Return every path that matches one of the queries."""
    found: set[tuple[str, ...]] = set()
    for query in queries:
        found |= {one.path for one in _leaves(namespace, query)}
        if not leaves_only:
            found |= {one.path for one in _branches(namespace, query)}
    return sorted(map(".".join, found))


def _leaves(namespace: Namespace, query: str) -> list[Leaf]:
    return namespace.leaves(split(query))


def _branches(namespace: Namespace, query: str) -> list[Branch]:
    return namespace.branches(split(query))
