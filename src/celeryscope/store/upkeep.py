"""What keeps a store in shape: rolling up, dropping, putting in order, forgetting dead series."""

from threading import Lock

from celeryscope.store import compaction, events, holdings, rollup
from celeryscope.store.archives import Archives
from celeryscope.store.catalog import Catalog
from celeryscope.store.database import Database
from celeryscope.store.dead import dead_series


class Upkeep:
    """Works in steps, each a transaction; `tidy` may run in a thread beside all else."""

    def __init__(self, database: Database, archives: Archives, catalog: Catalog) -> None:
        self._database = database
        self._archives = archives
        self._catalog = catalog
        self._rewriting = Lock()
        self._pruned = False

    def maintain(self, now: float) -> None:
        with self._database.exclusive:
            self.roll_up(now)
            # What is being put in order cannot be deleted, too.
            if self._rewriting.acquire(blocking=False):
                try:
                    self._prune(now)
                finally:
                    self._rewriting.release()
            self._database.checkpoint()

    def tidy(self, now: float) -> bool:
        """Put a part of a closed period in order, or remove series of which nothing is kept."""
        with self._rewriting:
            return self._order_part(now) or self._remove_dead()

    def roll_up(self, now: float) -> None:
        held = self._archives.held
        if any(rollup.due(one.tiers, held[one.id], now) for one in self._archives):
            with self._database.transaction("rolled up") as cursor:
                rolled = {
                    one.id: rollup.roll_up(cursor, one, held[one.id], now) for one in self._archives
                }
                holdings.save(cursor, rolled)
            held.update(rolled)

    def _prune(self, now: float) -> None:
        held = self._archives.held
        longest = max(tier.retention for archive in self._archives for tier in archive.tiers)
        for archive in self._archives:
            if cutoffs := rollup.expired(archive.tiers, held[archive.id], now):
                with self._database.transaction("pruned") as cursor:
                    pruned = rollup.prune(cursor, archive, cutoffs, held[archive.id])
                    holdings.save(cursor, {archive.id: pruned})
                    events.prune(cursor, now - longest)
                held[archive.id] = pruned
                self._pruned = True

    def _order_part(self, now: float) -> bool:
        for archive in self._archives:
            with self._database.transaction("read") as cursor:
                part = compaction.next_part(cursor, archive, self._archives.held[archive.id], now)
            if part is not None:
                with self._database.transaction("put in order") as cursor:
                    compaction.order(cursor, part)
                return True
        return False

    def _remove_dead(self) -> bool:
        if not self._pruned:
            return False
        with self._database.exclusive:
            self._catalog.watch()
        with self._database.transaction("read") as cursor:
            dead = dead_series(cursor, self._archives)
        with self._database.exclusive:
            with self._database.transaction("rid of dead series") as cursor:
                removed = self._catalog.remove(cursor, dead)
            self._catalog.forget(removed)
        self._pruned = False
        return True
