"""What a CEL policy found, for people and for reports."""

import msgspec

from propolis.core.finding import Evidence


class CelEvidence(Evidence, frozen=True):
    """The validation that decided.

    Attributes:
        index: Its place among the validations of the policy; -1 where none decided.
        expression: Its text; empty where it had no value.
        annotations: Audit annotations by key.
    """

    index: int = -1
    expression: str = ""
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
