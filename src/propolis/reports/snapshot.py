"""What every report is made of: the stored state of one cluster, read at one moment."""

import msgspec

from propolis.store.database import Database
from propolis.store.finding_queries import FindingFilter, list_findings
from propolis.store.queries import latest_run, list_fixes, list_workloads
from propolis.store.rows import FindingRow, FixRow, RunRow, WorkloadRow


class Snapshot(msgspec.Struct, frozen=True):
    """The latest stored run of a cluster and all that it left."""

    run: RunRow
    findings: list[FindingRow]
    workloads: list[WorkloadRow]
    fixes: list[FixRow]


def read_snapshot(
    database: Database, cluster: str = "", wanted: FindingFilter | None = None
) -> Snapshot | None:
    """The state of one cluster (the one assessed last, unless named); None where nothing is stored.

    Raises:
        SourceError: The store cannot be read.
    """
    with database.reading() as connection:
        run = latest_run(connection, cluster)
        if run is None:
            return None
        filtered = msgspec.structs.replace(wanted or FindingFilter(), cluster=run.cluster)
        _, findings = list_findings(connection, filtered, limit=None)
        return Snapshot(
            run=run,
            findings=findings,
            workloads=list_workloads(connection, run.cluster),
            fixes=list_fixes(connection, run.id),
        )
