"""Values of settings that are more than one word."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RuleFile(Generic[T]):
    """A file of rules, read when it is named; without a path there are none."""

    path: str = ""
    rules: tuple[T, ...] = ()

    def __str__(self) -> str:
        return self.path
