"""The branches of a policy in CEL: itself, its conditions and validations both ways, its changes."""

from collections.abc import Iterator, Sequence

from propolis.policy.engine.coverage.branches import APPLIES, MOST_BRANCHES, Branch
from propolis.policy.engine.explain.trace import MET, SKIPPED, UNMET, Path
from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.cel.policy import (
    CelPolicy,
    DeletingSpec,
    GeneratingSpec,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)

CHANGES = "changes something"
MAKES = "makes something"
BASE: Path = ("spec",)

_CONSTANT = {"true": (MET,), "false": (UNMET,)}

Decision = tuple[str, str, tuple[str, ...], Path]


def cel_branches_of(policy: CelPolicy) -> list[Branch]:
    """All branches of a policy; its forms for controllers of pods run through the same."""
    found = [Branch(policy.name, "rule", policy.name, APPLIES, BASE)]
    for what, text, sides, source in _decisions(policy):
        found += [Branch(policy.name, what, text, side, (*BASE, *source)) for side in sides]
    return found[:MOST_BRANCHES]


def conditions_of(policy: CelPolicy) -> tuple[str, Sequence[NamedExpression]]:
    """The field of the conditions under which a policy acts, and what stands there."""
    if isinstance(policy.spec, DeletingSpec):
        return "conditions", policy.spec.conditions or ()
    return "matchConditions", policy.spec.match_conditions or ()


def _decisions(policy: CelPolicy) -> Iterator[Decision]:
    """Sources and words are those of the nodes of traces."""
    spec = policy.spec
    field, conditions = conditions_of(policy)
    for index, one in enumerate(conditions):
        yield "condition", one.name, (MET, SKIPPED), (field, index, "expression")
    if isinstance(spec, ValidatingSpec | ImageValidatingSpec):
        for index, check in enumerate(spec.validations or ()):
            text = " ".join(check.expression.split())
            yield "expression", text, _CONSTANT.get(text, (MET, UNMET)), ("validations", index, "expression")
    elif isinstance(spec, MutatingSpec):
        for index, change in enumerate(spec.mutations or ()):
            yield "mutation", f"[{index}] {change.patch_type}", (CHANGES,), ("mutations", index)
    elif isinstance(spec, GeneratingSpec):
        for index, _ in enumerate(spec.generate):
            yield "generation", f"[{index}]", (MAKES,), ("generate", index)
