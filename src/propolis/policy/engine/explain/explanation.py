"""What an explanation holds: every rule with the engine's outcome, the trace, and what could be done."""

from typing import Any

import msgspec

from propolis.core.errors import Place
from propolis.core.resource import Document, ResourceRef
from propolis.lang.json_patch import Operation
from propolis.policy.engine.explain.trace import Node, Path

NO_MATCH = "no match"
NOTHING = "nothing"
"""The rule is for the resource and has nothing to say: an empty list, a deletion."""
LEFT_OUT = "left out"
"""A rule before it applied, and the policy applies one."""


class OtherChange(msgspec.Struct, frozen=True):
    """Another change with which the engine says pass."""

    operations: tuple[Operation, ...]
    document: Document


class Advice(msgspec.Struct, frozen=True, omit_defaults=True):
    """The smallest change with which the engine says pass, or why there is none.

    Attributes:
        operations: A JSON patch of the resource; empty when none was found.
        before: The resource as the rule saw it.
        document: The resource afterwards.
        others: Changes of other places with which the engine says pass too, cheapest first.
        evaluations: How often the engine was asked.
        note: Why there is none, or what a person must fill in.
    """

    operations: tuple[Operation, ...] = ()
    before: Document | None = None
    document: Document | None = None
    others: tuple[OtherChange, ...] = ()
    evaluations: int = 0
    note: str = ""


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a mutate or generate rule would do.

    Attributes:
        action: ``patch``, ``create``, ``update`` or ``delete``.
        before: Of a patch of the subject; None where it is not known.
    """

    action: str
    resource: ResourceRef
    operations: tuple[Operation, ...] = ()
    before: Document | None = None
    document: Document | None = None


class RuleExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule on one resource.

    Attributes:
        outcome: The engine's, or `NO_MATCH`, `NOTHING`, `LEFT_OUT`.
        traced: What the trace comes to by itself; another word than ``outcome`` is a fault of the trace.
        nodes: Match, exclude, context, preconditions, exceptions, the check.
        untold: Nodes beyond the limit.
        base: Way to the rule in the policy's document.
    """

    policy: str
    rule: str
    way: str
    outcome: str
    traced: str
    message: str = ""
    nodes: tuple[Node, ...] = ()
    untold: int = 0
    advice: Advice | None = None
    changes: tuple[Change, ...] = ()
    base: Path = ()
    place: Place | None = None

    @property
    def is_agreed(self) -> bool:
        """Whether trace and engine say the same."""
        return self.outcome == self.traced


def way_of(rule: Any) -> str:
    """What a rule does, as the policy calls it: ``validate.pattern``, ``mutate`` and so on."""
    if rule.validation is not None:
        names = {
            "pattern": "pattern", "any_pattern": "anyPattern", "deny": "deny", "foreach": "foreach",
            "pod_security": "podSecurity", "cel": "cel", "assertion": "assert", "manifests": "manifests",
        }  # fmt: skip
        found = next(
            (name for field, name in names.items() if getattr(rule.validation, field) is not None), ""
        )
        return f"validate.{found}"
    if rule.mutate is not None:
        return "mutate"
    return "generate" if rule.generate is not None else "verifyImages"
