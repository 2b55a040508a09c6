"""An archive: the tiers that keep some of the series, in tables of their own."""

from dataclasses import dataclass

from celeryscope.store.schema import Table, suffix
from celeryscope.store.tiers import Tier


@dataclass(frozen=True, slots=True)
class Archive:
    """Tiers by what they are kept for, finest first; `id` is in the names of their tables."""

    id: int
    tiers: tuple[Tier, ...]

    def relation(self, table: Table, step: int) -> str:
        """Return the name of the table of a tier's rows of one kind."""
        return f"{table.name}_{self.suffix(step)}"

    def suffix(self, step: int) -> str:
        return suffix(step, self.id)
