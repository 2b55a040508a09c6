"""Where points are sent to."""

from dataclasses import dataclass
from typing import Self

from celeryscope.address import Address


@dataclass(frozen=True, slots=True)
class Target:
    """Where Carbon listens, and whether it takes pickles there."""

    address: Address
    pickled: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what `HOST:PORT`, `line://HOST:PORT` or `pickle://HOST:PORT` names.

        Raises:
            ValueError: It is none of these.
        """
        scheme, separator, rest = text.rpartition("://")
        if separator and scheme not in ("line", "pickle"):
            raise ValueError("allowed is HOST:PORT, line://HOST:PORT or pickle://HOST:PORT")
        return cls(Address.parse(rest), scheme == "pickle")

    def __str__(self) -> str:
        return f"pickle://{self.address}" if self.pickled else str(self.address)
