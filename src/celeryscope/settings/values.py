"""Values of settings that are more than one word."""

from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from celeryscope.address import Address

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CarbonTarget:
    """Where points are sent to, and whether pickled."""

    address: Address
    pickled: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        scheme, separator, rest = text.rpartition("://")
        if separator and scheme not in ("line", "pickle"):
            raise ValueError("allowed is HOST:PORT, line://HOST:PORT or pickle://HOST:PORT")
        return cls(Address.parse(rest), scheme == "pickle")

    def __str__(self) -> str:
        return f"pickle://{self.address}" if self.pickled else str(self.address)


@dataclass(frozen=True, slots=True)
class RuleFile(Generic[T]):
    """A file of rules, read when it is named; without a path there are none."""

    path: str = ""
    rules: tuple[T, ...] = ()

    def __str__(self) -> str:
        return self.path
