"""wgpolicyk8s.io/v1alpha2 PolicyReport and ClusterPolicyReport, one a resource, as Kyverno shapes them.

Follows the CRDs of kubernetes-sigs/wg-policy-prototypes: the report is named after the resource's
identity, ``scope`` names the resource, every result carries policy, rule, result and source.
"""

import hashlib
import re
from collections import defaultdict
from typing import Any

from propolis.reports.render.report_result import SEVERITIES, ReportResult, summary_of
from propolis.reports.snapshot import Snapshot
from propolis.store.rows import FindingRow, ResourceRow

API_VERSION = "wgpolicyk8s.io/v1alpha2"
MANAGED_BY = {"app.kubernetes.io/managed-by": "propolis"}
_UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def policy_reports(snapshot: Snapshot) -> list[dict[str, Any]]:
    """All reports: namespaced resources in PolicyReports, the others in ClusterPolicyReports."""
    by_resource: dict[int, list[FindingRow]] = defaultdict(list)
    for row in snapshot.findings:
        by_resource[row.resource.id].append(row)
    reports = [_report(rows[0].resource, rows) for rows in by_resource.values()]
    return sorted(
        reports, key=lambda report: (report["metadata"].get("namespace", ""), report["metadata"]["name"])
    )


def render_policy_reports(snapshot: Snapshot) -> dict[str, Any]:
    """All reports in one ``v1 List``, ready for ``kubectl apply -f``."""
    return {"apiVersion": "v1", "kind": "List", "items": policy_reports(snapshot)}


def _report(resource: ResourceRow, rows: list[FindingRow]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": _report_name(resource), "labels": dict(MANAGED_BY)}
    if resource.namespace:
        metadata["namespace"] = resource.namespace
    return {
        "apiVersion": API_VERSION,
        "kind": "PolicyReport" if resource.namespace else "ClusterPolicyReport",
        "metadata": metadata,
        "scope": _scope(resource),
        "summary": summary_of(row.outcome for row in rows),
        "results": [
            _result(row)
            for row in sorted(rows, key=lambda row: (row.source, row.policy, row.rule, row.subject))
        ],
    }


def _report_name(resource: ResourceRow) -> str:
    """The uid that a server gave, as Kyverno does; else a digest of the identity."""
    is_given = bool(_UID.fullmatch(resource.uid)) and not resource.origin_line
    return resource.uid if is_given else hashlib.blake2b(resource.key.encode(), digest_size=16).hexdigest()


def _scope(resource: ResourceRow) -> dict[str, Any]:
    scope = {"apiVersion": resource.api_version, "kind": resource.kind, "name": resource.name}
    if resource.namespace:
        scope["namespace"] = resource.namespace
    if resource.uid:
        scope["uid"] = resource.uid
    return scope


def _result(row: FindingRow) -> dict[str, Any]:
    result = ReportResult(
        source=row.source,
        policy=row.policy,
        rule=row.rule,
        result=row.outcome,
        scored=row.scored,
        message=row.message,
        severity=row.severity if row.severity in SEVERITIES else "",
        category=row.category,
        properties={"subject": row.subject} if row.subject else {},
    )
    return result.document(int(row.since.timestamp()))
