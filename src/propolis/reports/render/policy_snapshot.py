"""Findings that no store holds, in the shape from which the formats of runs are rendered."""

from propolis.core.clock import now
from propolis.core.finding import Finding
from propolis.core.resource import Resource
from propolis.reports.render.encoding import encode
from propolis.reports.render.policy_apply import ApplyReport
from propolis.reports.render.policyreport import render_policy_reports
from propolis.reports.render.sarif import render_sarif
from propolis.reports.render.yaml_text import yaml_stream
from propolis.reports.snapshot import Snapshot
from propolis.store.rows import FindingRow, ResourceRow, RunRow


def render_apply_sarif(report: ApplyReport) -> bytes:
    """Open findings as SARIF."""
    return render_sarif(_snapshot(report))


def render_apply_reports(report: ApplyReport, format_: str) -> bytes:
    """All findings as PolicyReports, in ``json`` or else in YAML."""
    reports = render_policy_reports(_snapshot(report))
    return encode(reports) if format_ == "json" else yaml_stream([reports])


def _snapshot(report: ApplyReport) -> Snapshot:
    time = now()
    run = RunRow(0, "", "", time, time, [], {}, list(report.problems))
    rows = []
    for number, one in enumerate(report.judged):
        resource = _resource_row(number, one.resource)
        rows += [_finding_row(resource, finding) for finding in one.findings]
    return Snapshot(run, rows, [], [])


def _resource_row(number: int, resource: Resource) -> ResourceRow:
    ref = resource.ref
    return ResourceRow(
        id=number,
        key=ref.key,
        cluster=ref.cluster,
        api_version=ref.api_version,
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        uid=ref.uid,
        team="",
        origin_path=resource.origin.path,
        origin_line=resource.origin.line,
        workload_key=None,
    )


def _finding_row(resource: ResourceRow, finding: Finding) -> FindingRow:
    rule = finding.rule
    return FindingRow(
        fingerprint=finding.fingerprint,
        source=rule.source,
        policy=rule.policy,
        rule=rule.name,
        title=rule.title,
        category=rule.category,
        severity=str(rule.severity),
        outcome=str(finding.outcome),
        message=finding.message,
        subject=finding.subject,
        remedy=finding.change,
        remediation=rule.remediation,
        scored=rule.scored,
        resource=resource,
        evidence=None,
        since=finding.time or now(),
        since_run=0,
        change="",
        revision=0,
    )
