"""Tag expressions: what a series' tag has to be, as `seriesByTag` and `/tags` take them.

    tag=value    tag!=value    tag=~regex    tag!=~regex

A series without the tag has an empty value. A regular expression has to match at the start.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex

from celeryscope.graphite.budget import Budget
from celeryscope.graphite.errors import RequestError, shown
from celeryscope.graphite.patterns import compiled

_EXPRESSION = re.compile(r"([^;!=]+)(!?)=(~?)([^;]*)\Z")
_LOOKS_AHEAD = re.compile(r"\\[bBmM]|\(\?")
_LEAST_SECONDS = 0.001


class TagExpressionError(RequestError):
    """A tag expression, or several together, cannot be used."""


class ValuePattern:
    """A client's regular expression for values; it has to match from their start on."""

    def __init__(self, key: str, text: str) -> None:
        """Compile it; `key` says in errors where it came from.

        Raises:
            TagExpressionError: It is none.
        """
        self._looks_ahead = _LOOKS_AHEAD.search(text) is not None
        try:
            self._pattern = compiled(text)
        except (regex.error, OverflowError, RecursionError) as error:
            raise TagExpressionError(
                f"{key} is {shown(text)}; allowed is a regular expression ({error})"
            ) from None

    def matching(self, values: Sequence[str], budget: Budget) -> set[str]:
        """Return the values that match.

        Raises:
            LimitError: It takes too long.
        """
        return self._found(values, budget, only_begun=False)

    def begun(self, values: Sequence[str], budget: Budget) -> set[str]:
        """Return the values that may match once more follows.

        Raises:
            LimitError: It takes too long.
        """
        # What is tested against what follows cannot be told without it.
        if self._looks_ahead:
            return set(values)
        return self._found(values, budget, only_begun=True)

    def _found(self, values: Sequence[str], budget: Budget, *, only_begun: bool) -> set[str]:
        return {
            value
            for part in budget.parts(values)
            for value in part
            if self._matches(value, budget, only_begun=only_begun)
        }

    def _matches(self, value: str, budget: Budget, *, only_begun: bool) -> bool:
        # Expressions can be written that never end; with the time they have, they do.
        seconds = max(budget.seconds_left, _LEAST_SECONDS)
        try:
            match = self._pattern.match(value, partial=only_begun, timeout=seconds, concurrent=True)
        except TimeoutError:
            budget.time_is_up()
            budget.check()
            raise
        return match is not None


@dataclass(frozen=True, slots=True)
class TagTest:
    """One expression: a tag's value is `value`, or matches `pattern`; or not, if `negated`."""

    tag: str
    negated: bool
    value: str
    pattern: ValuePattern | None = None

    @property
    def is_exact(self) -> bool:
        return self.pattern is None and not self.negated

    def accepted(self, values: Sequence[str], budget: Budget) -> set[str]:
        """Return the values that pass.

        Raises:
            LimitError: It takes too long.
        """
        if self.pattern:
            matching = self.pattern.matching(values, budget)
        else:
            matching = {self.value}.intersection(values)
        return set(values) - matching if self.negated else matching

    def begun(self, values: Sequence[str], budget: Budget) -> set[str]:
        """Return the values that may pass once more follows.

        Raises:
            LimitError: It takes too long.
        """
        if self.pattern is None or self.negated:
            return set(values)
        return self.pattern.begun(values, budget)

    def accepts_none(self, budget: Budget) -> bool:
        """Tell whether a series without the tag passes."""
        return bool(self.accepted([""], budget))


def parse(text: str) -> TagTest:
    """Read one expression.

    Raises:
        TagExpressionError: It is none.
    """
    match = _EXPRESSION.match(text)
    if match is None:
        raise TagExpressionError(
            f"tag expression {shown(text)} is wrong; allowed is tag=value, tag!=value, "
            "tag=~regex or tag!=~regex"
        )
    tag, negation, tilde, value = match.groups()
    pattern = ValuePattern(f"tag expression {shown(text)}: the pattern", value) if tilde else None
    return TagTest(tag, bool(negation), value, pattern)


def parse_all(texts: Iterable[str], budget: Budget) -> list[TagTest]:
    """Read expressions that have to hold together.

    Raises:
        TagExpressionError: One is none, or a series without any tag would pass them all.
    """
    tests = [parse(text) for text in texts]
    if all(test.accepts_none(budget) for test in tests):
        raise TagExpressionError(
            f"tag expressions {shown(', '.join(texts))} hold for series without tags; "
            "at least one has to ask for a value, such as tag=value or tag!="
        )
    return tests
