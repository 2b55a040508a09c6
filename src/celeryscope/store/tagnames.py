"""Names with tags: `a.b;host=web1;zone=x` is a series `a.b` with two tags."""

SEPARATOR = ";"
"""What parts a name from its tags, and these from one another."""

NAME = "name"
"""The tag that every series has: its name without tags. None that a client sends counts for it."""


def key_of(name: str) -> str:
    """Return a name without its tags."""
    return name.partition(SEPARATOR)[0]


def tags_of(name: str) -> dict[str, str]:
    """Return a name's tags but for `name`; of two for one tag the last."""
    pairs = (pair.partition("=") for pair in name.split(SEPARATOR)[1:])
    return {tag: value for tag, _, value in pairs if tag and value and tag != NAME}
