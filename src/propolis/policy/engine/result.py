"""What one rule says about one resource."""

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.finding import Evidence, Outcome


class RuleResult(msgspec.Struct, frozen=True):
    """An outcome, Kyverno's message for it, and the detail for people."""

    outcome: Outcome
    message: str = ""
    evidence: Evidence | None = None


def error_result(what: str, error: DocumentError) -> RuleResult:
    """The rule cannot be evaluated."""
    return RuleResult(Outcome.ERROR, f"{what}: {error.message}")
