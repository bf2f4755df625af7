"""Finding: one statement of one engine about one rule and one resource.

Everything a user sees (a PolicyReport, a SARIF file, a page, a message) is a rendering of findings.
"""

import enum
import hashlib
from datetime import datetime

import msgspec

from propolis.core.resource import ResourceRef


class Outcome(enum.StrEnum):
    """The five results of a wgpolicyk8s.io report."""

    PASS = "pass"  # noqa: S105  # a result, not a secret
    FAIL = "fail"
    WARN = "warn"
    ERROR = "error"
    SKIP = "skip"


class Severity(enum.StrEnum):
    """How bad it is, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """5 for critical down to 0 for unknown; larger is worse."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(reversed(Severity))}

OPEN_OUTCOMES = frozenset({Outcome.FAIL, Outcome.WARN, Outcome.ERROR})
"""Outcomes that ask a person to do something."""


class Reported(msgspec.Struct, frozen=True):
    """How the reports of the field name a rule, where they have words of their own for its kind of policy.

    Attributes:
        kind: Of the object that holds the rule (``ClusterPolicy``).
        source: What reports call the engine ("kyverno").
        severity: As the policy says it; empty where it does not.
        properties: Names and texts beside, in the order of names.
        does: What the whole policy is for: ``judges`` resources, ``changes`` them or ``makes`` others.
    """

    kind: str
    source: str
    severity: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    does: str = "judges"


class Rule(msgspec.Struct, frozen=True):
    """The rule that a finding speaks for, shared by all of its findings.

    Attributes:
        source: The engine: policy, config-audit, rbac, network.
        policy: The policy, benchmark or pack that holds the rule.
        name: The rule's or check's id within the policy.
        title: One line for people.
        severity: Of a failure.
        category: The publisher's grouping ("Pod Security Standards (Baseline)").
        remedy: Key of the action that resolves a failure (``set-run-as-non-root``); rules of
            several engines share a key when one change satisfies them all. Empty: the policy
            itself is the action.
        remediation: What to do, one or two sentences; empty when the title says it.
        scored: False when a failure counts as a warning.
        reported: The words of reports for it; None where its own are used.
    """

    source: str
    policy: str
    name: str
    title: str = ""
    severity: Severity = Severity.MEDIUM
    category: str = ""
    remedy: str = ""
    remediation: str = ""
    scored: bool = True
    reported: Reported | None = None

    @property
    def key(self) -> str:
        """Identity of the rule over runs and versions of its text."""
        return f"{self.source}|{self.policy}|{self.name}"


class Evidence(msgspec.Struct, frozen=True, tag=True):
    """The typed detail of a finding; each room derives its own, encoded with its class name."""


class Finding(msgspec.Struct, frozen=True):
    """One statement about one rule and one resource.

    Attributes:
        subject: Tells findings of one rule on one resource apart (a container's name, a path,
            a role); part of the identity, so it must not hold counters or times.
        remedy: Key of the change that resolves it, where that depends on the resource and not on
            the rule alone (which package of which image to upgrade).
    """

    rule: Rule
    resource: ResourceRef
    outcome: Outcome
    message: str = ""
    time: datetime | None = None
    evidence: Evidence | None = None
    subject: str = ""
    remedy: str = ""

    @property
    def change(self) -> str:
        """Key of the change that resolves it: its own, the rule's, or else the rule itself."""
        return self.remedy or self.rule.remedy or self.rule.key

    @property
    def severity(self) -> Severity:
        """The severity of the rule."""
        return self.rule.severity

    @property
    def is_open(self) -> bool:
        """Whether it asks a person to do something."""
        return self.outcome in OPEN_OUTCOMES

    @property
    def status(self) -> Outcome:
        """What the rule itself said: a failure that counts as a warning is a failure."""
        is_failure = self.outcome is Outcome.WARN and not self.rule.scored
        return Outcome.FAIL if is_failure else self.outcome

    @property
    def fingerprint(self) -> str:
        """Stable identity over runs, 32 hexadecimal digits.

        Built from rule, resource (without uid and API version) and subject: the outcome, the
        message and the time may change and it is still the same finding.
        """
        return fingerprint_of(self.rule.key, self.resource.key, self.subject).hex()


def fingerprint_of(rule_key: str, resource_key: str, subject: str) -> bytes:
    """The 16 bytes of `Finding.fingerprint`, for callers who know the keys."""
    identity = f"{rule_key}\0{resource_key}\0{subject}"
    return hashlib.blake2b(identity.encode(), digest_size=16).digest()
