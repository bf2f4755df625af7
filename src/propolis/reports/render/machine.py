"""JSON for machines. Field names are stable: they are those of the API's answers too."""

from typing import Any

import msgspec

from propolis.reports.render.encoding import encode
from propolis.reports.snapshot import Snapshot
from propolis.store.image_rows import ImageRow
from propolis.store.rows import FindingRow, FixRow, ResourceRow, RunRow, WorkloadRow


def render_json(snapshot: Snapshot) -> bytes:
    """The whole state: run, findings, workloads, what to fix first. Ends with a newline."""
    document = {
        "run": run_document(snapshot.run),
        "findings": [finding_document(row) for row in snapshot.findings],
        "workloads": [workload_document(row) for row in snapshot.workloads],
        "fix_first": [fix_document(row) for row in snapshot.fixes],
    }
    return encode(document)


def run_document(row: RunRow) -> dict[str, Any]:
    """A run with its counts and problems."""
    return {
        "id": row.id,
        "cluster": row.cluster,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "inputs": row.inputs,
        "summary": row.summary,
        "problems": msgspec.to_builtins(row.problems),
    }


def resource_document(row: ResourceRow) -> dict[str, Any]:
    """A resource as Kubernetes names it, and where it was read."""
    return {
        "cluster": row.cluster,
        "api_version": row.api_version,
        "kind": row.kind,
        "namespace": row.namespace,
        "name": row.name,
        "team": row.team,
        "origin": {"path": row.origin_path, "line": row.origin_line},
    }


def finding_document(row: FindingRow) -> dict[str, Any]:
    """A finding with its rule and resource."""
    fields = msgspec.structs.asdict(row)
    fields["resource"] = resource_document(row.resource)
    return fields


def workload_document(row: WorkloadRow) -> dict[str, Any]:
    """A workload's score and why it is so."""
    return {
        "resource": resource_document(row.resource),
        "score": row.score,
        "points": round(row.points, 2),
        "factors": msgspec.to_builtins(row.factors),
        "weaknesses": msgspec.to_builtins(row.weaknesses),
        "open_findings": row.open_findings,
    }


def image_document(row: ImageRow) -> dict[str, Any]:
    """A stored image: what is in it, how bad it is, who runs it."""
    return {
        "digest": row.digest,
        "names": row.names,
        "distribution": row.distribution,
        "open_findings": row.open_findings,
        "users": [
            {
                "resource": resource_document(user.resource),
                "container": user.container,
                "reference": user.reference,
            }
            for user in row.users
        ],
        **row.content,
    }


def fix_document(row: FixRow) -> dict[str, Any]:
    """One entry of what to fix first."""
    return {
        "rank": row.rank,
        "title": row.title,
        "how": row.how,
        "remedy": row.remedy,
        "team": row.team,
        "severity": row.severity,
        "findings": row.findings,
        "points": round(row.points, 2),
        "targets": [
            {
                "resource": resource_document(target.resource),
                "findings": target.findings,
                "points": round(target.points, 2),
            }
            for target in row.targets
        ],
    }
