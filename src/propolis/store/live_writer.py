"""Findings of a process that watches a cluster: a few resources at a time, whole each.

What other engines found on the same resources stays. All batches of one process are one run, in state
``live``, with counts and without scores: who watches does not know who owns what.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from propolis.core.finding import Finding
from propolis.core.resource import ResourceRef
from propolis.store.catalog import Catalog
from propolis.store.counts import counts_of
from propolis.store.database import Database
from propolis.store.live_batch import fill, fill_resources, insert_fresh, judged, stage_known
from propolis.store.schema import LIVE, resources, revisions, runs
from propolis.store.staging import apply_staged, of_resources, prepare


class LiveWriter:
    """Writes batches into the store of one cluster. For one thread at a time."""

    def __init__(self, database: Database, cluster: str, sources: Collection[str]) -> None:
        """Begins no transaction.

        Args:
            database: The store.
            cluster: Its name.
            sources: The engines whose findings it has; others' stay as they are.
        """
        self._database = database
        self._cluster = cluster
        self._sources = tuple(sources)
        self._catalog: Catalog | None = None
        self._run_id = 0
        self._changes = {"new": 0, "fixed": 0, "unchanged": 0}

    def write(self, found: Mapping[ResourceRef, Sequence[Finding]], now: datetime) -> dict[str, int]:
        """Makes the stored findings on these resources equal to those given; all of a batch, or nothing.

        Returns:
            How many open findings are ``new``, ``fixed`` and ``unchanged``.

        Raises:
            SourceError: The store cannot be written.
        """
        try:
            with self._database.writing() as connection:
                catalog = self._begin(connection, now)
                before = fill(connection, catalog, found)
                revision = self._next_revision(connection)
                added = insert_fresh(connection, before, self._run_id, revision)
                stage_known(connection, before)
                changed = self._apply(connection, revision, before)
                changed["new"] += added
                self._changes["new"] += changed["new"]
                self._changes["fixed"] += changed["fixed"]
                return changed
        except BaseException:
            self._catalog, self._run_id = None, 0  # what it learned was not stored
            raise

    def keep(self, refs: Iterable[ResourceRef], now: datetime) -> int:
        """Buries the findings on all other resources of the cluster; returns how many open ones there were.

        Raises:
            SourceError: The store cannot be written.
        """
        kept = {ref.key for ref in refs}
        with self._database.writing() as connection:
            self._begin(connection, now)
            known = connection.execute(
                select(resources.c.id, resources.c.key).where(resources.c.cluster == self._cluster)
            )
            gone = [(number, 0, b"") for number, key in known if key not in kept]
            fill_resources(connection, gone)
            return self._apply(connection, self._next_revision(connection))["fixed"]

    def summarise(self, now: datetime) -> None:
        """Counts what there is, for those who read the store; it takes a look at every finding.

        Raises:
            SourceError: The store cannot be written.
        """
        if not self._run_id:
            return
        with self._database.writing() as connection:
            summary = {**counts_of(connection, self._cluster), "changes": self._changes}
            values = {"summary": summary, "finished_at": now}
            connection.execute(update(runs).where(runs.c.id == self._run_id).values(values))

    def _begin(self, connection: Connection, now: datetime) -> Catalog:
        if self._catalog is None:
            self._catalog = Catalog(connection, self._cluster)
            row = {
                "cluster": self._cluster,
                "state": LIVE,
                "started_at": now,
                "inputs": [],
                "summary": {},
                "problems": [],
            }
            inserted = connection.execute(insert(runs).values(row)).inserted_primary_key
            self._run_id = int(inserted[0]) if inserted else 0
        self._catalog.rebind(connection)
        prepare(connection)
        return self._catalog

    def _next_revision(self, connection: Connection) -> int:
        inserted = connection.execute(insert(revisions).values(run_id=self._run_id)).inserted_primary_key
        return int(inserted[0]) if inserted else 0

    def _apply(self, connection: Connection, revision: int, highest: int | None = None) -> dict[str, int]:
        """Compares what is staged with what there is on the resources of the batch, up to a number."""
        numbers = select(judged.c.resource_id)
        if highest is not None:
            numbers = numbers.where(judged.c.resource_id <= highest)
        compared = of_resources(numbers, self._sources)
        return apply_staged(connection, compared, self._run_id, revision)
