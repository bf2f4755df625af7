"""One result of a wgpolicyk8s.io/v1alpha2 report: what a finding means there.

Follows Kyverno pkg/utils/report/results.go @ v1.19.1 for rules that say how reports name them.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from propolis.core.finding import Finding, Outcome, Reported
from propolis.core.resource import object_reference
from propolis.policy.engine.cel.evidence import CelEvidence
from propolis.policy.engine.evidence import ExceptionEvidence, PodSecurityEvidence
from propolis.policy.engine.pod_security.exclusions import CONTROLS

SEVERITIES = frozenset({"critical", "high", "medium", "low", "info"})
"""What the CRD allows; unknown is left out."""
MOST_MESSAGE_BYTES = 16 * 1024
"""Of a message or a property: one long text must not cost a report its other results."""

_CEL = ("Kyverno", "Validating", "Mutating")
"""How sources of policies in CEL begin."""
_NAMED_BY_POLICY = frozenset(
    {
        "KyvernoGeneratingPolicy",
        "KyvernoImageValidatingPolicy",
        "MutatingAdmissionPolicy",
        "ValidatingAdmissionPolicy",
    }
)
"""Sources whose results have the policy's name as that of the rule."""
_SILENT = frozenset({"KyvernoGeneratingPolicy", "KyvernoImageValidatingPolicy", "KyvernoValidatingPolicy"})
_NAMES = {check: name for name, checks in CONTROLS.items() for check in checks}


class ReportResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """A result as the CRD has it, but its time; `document` gives that too.

    Attributes:
        resources: What it is about, where the report does not say.
    """

    source: str
    policy: str
    rule: str = ""
    result: str = ""
    scored: bool = False
    message: str = ""
    severity: str = ""
    category: str = ""
    properties: dict[str, str] = {}
    resources: tuple[dict[str, str], ...] = ()

    @property
    def sort_key(self) -> tuple[str, ...]:
        """The order of results in a report."""
        resource = self.resources[0] if self.resources else {}
        subject = self.properties.get("subject", "")
        return (self.policy, self.rule, self.source, resource.get("uid", ""), str(resource), subject)

    @property
    def identity(self) -> bytes:
        """The same for results that say the same."""
        encoded = msgspec.json.encode(self, order="deterministic")
        return hashlib.blake2b(encoded, digest_size=16).digest()

    def document(self, since_seconds: int) -> dict[str, Any]:
        """The result with the time since which it is so."""
        return {**msgspec.to_builtins(self), "timestamp": {"seconds": since_seconds, "nanos": 0}}


def result_of(finding: Finding, *, names_resource: bool = False) -> ReportResult:
    """What a report says of a finding.

    Args:
        finding: Of any engine.
        names_resource: Whether the report is about more than one resource.
    """
    rule = finding.rule
    reported = rule.reported or Reported("", rule.source, _severity(finding))
    properties = {**dict(reported.properties), **_evidence_properties(finding)}
    if finding.subject:
        properties["subject"] = finding.subject
    return ReportResult(
        source=reported.source,
        policy=rule.policy,
        rule=_rule_name(finding, reported.source),
        result=str(finding.outcome),
        scored=rule.scored,
        message=shortened(_message(finding, properties), MOST_MESSAGE_BYTES),
        severity=reported.severity,
        category=rule.category,
        properties={name: shortened(text, MOST_MESSAGE_BYTES) for name, text in properties.items()},
        resources=(object_reference(finding.resource),) if names_resource else (),
    )


def is_reported(finding: Finding) -> bool:
    """Whether reports tell of a finding at all.

    Kyverno's tell nothing of policies in CEL that judge or make and whose conditions do not hold.
    """
    if finding.outcome is not Outcome.SKIP or isinstance(finding.evidence, ExceptionEvidence):
        return True
    reported = finding.rule.reported
    return reported is None or reported.source not in _SILENT


def shortened(text: str, most_bytes: int) -> str:
    """A text of at most so many bytes, marked where it was cut."""
    if len(text) <= most_bytes and text.isascii():
        return text
    data = text.encode(errors="replace")
    if len(data) <= most_bytes:
        return data.decode()
    return data[: most_bytes - 3].decode(errors="ignore") + "..."


def summary_of(outcomes: Iterable[str]) -> dict[str, int]:
    """How many results there are of each outcome."""
    counts = {str(outcome): 0 for outcome in Outcome}
    for outcome in outcomes:
        counts[outcome] += 1
    return counts


def _rule_name(finding: Finding, source: str) -> str:
    """The rule's name; policies that are one rule have none, their own, or the word for an exception."""
    if finding.rule.name or not source.startswith(_CEL):
        return finding.rule.name
    if isinstance(finding.evidence, ExceptionEvidence):
        return "exception"
    return finding.rule.policy.rpartition("/")[2] if source in _NAMED_BY_POLICY else ""


def _severity(finding: Finding) -> str:
    return str(finding.severity) if finding.severity in SEVERITIES else ""


def _message(finding: Finding, properties: dict[str, str]) -> str:
    """The finding's, or the one that the rule's properties give for the outcome or for all."""
    own = properties.get("message") or properties.get(f"{finding.status}Message")
    return own or finding.message


def _evidence_properties(finding: Finding) -> dict[str, str]:
    match finding.evidence:
        case CelEvidence() as found:
            return _cel_properties(finding, found)
        case ExceptionEvidence(exceptions=keys) if keys:
            return {"exceptions": ",".join(key.rpartition("/")[2] for key in keys)}
        case PodSecurityEvidence(checks=checks) as found if checks:
            controls = [
                {"ID": one.id, "Name": _NAMES.get(one.id, ""), "Images": one.images or None} for one in checks
            ]
            return {
                "standard": found.level,
                "version": found.version,
                "controls": ",".join(one.id for one in checks),
                "controlsJSON": msgspec.json.encode(controls).decode(),
            }
    return {}


def _cel_properties(finding: Finding, evidence: CelEvidence) -> dict[str, str]:
    """Audit annotations, and which validation decided: reports of errors have no annotations."""
    annotations = {} if finding.outcome is Outcome.ERROR else evidence.annotations
    source = finding.rule.reported.source if finding.rule.reported is not None else ""
    if finding.outcome is Outcome.PASS or source != "KyvernoValidatingPolicy":
        return annotations
    return {"cel.validationIndex": str(max(evidence.index, 0)), **annotations}
