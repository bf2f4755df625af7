"""What one rule says about one resource."""

import msgspec

from propolis.core.action import Action
from propolis.core.errors import DocumentError
from propolis.core.finding import Evidence, Outcome
from propolis.core.resource import Document


class RuleResult(msgspec.Struct, frozen=True):
    """An outcome, Kyverno's message for it, and the detail for people.

    Attributes:
        patched: The subject's document as the rule changed it; later rules see it so.
        actions: What else is to be done.
        properties: Of the rule in reports, where they have variables: filled in.
    """

    outcome: Outcome
    message: str = ""
    evidence: Evidence | None = None
    patched: Document | None = None
    actions: tuple[Action, ...] = ()
    properties: dict[str, str] | None = None


def error_result(what: str, error: DocumentError) -> RuleResult:
    """The rule cannot be evaluated."""
    return RuleResult(Outcome.ERROR, f"{what}: {error.message}")
