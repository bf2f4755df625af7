"""Policies in CEL with one fault each: a condition or validation negated, or an entry of a list left out."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from propolis.policy.engine.coverage.cel_branches import BASE
from propolis.policy.engine.coverage.mutants import MOST_MUTANTS
from propolis.policy.engine.explain.trace import Path
from propolis.policy.model.cel.policy import CelMutation, CelPolicy, Generator

_FIELDS = {
    "match_conditions": ("matchConditions", "condition"),
    "target_match_conditions": ("targetMatchConditions", "condition of targets"),
    "conditions": ("conditions", "condition"),
    "validations": ("validations", "validation"),
    "mutations": ("mutations", "mutation"),
    "generate": ("generate", "generator"),
}
_NEGATED = ("match_conditions", "target_match_conditions", "conditions", "validations")
_KEPT = ("validations", "mutations", "generate")
"""Of these one stays: a policy that does nothing is no slip of a hand."""


class CelMutant(msgspec.Struct, frozen=True):
    """A policy in CEL with a fault.

    Attributes:
        source: Way to the fault in the policy's document.
        expression: What is said at the fault.
    """

    policy: CelPolicy
    rule: str
    what: str
    source: Path
    expression: str = ""


def cel_mutants_of(policy: CelPolicy, most: int = MOST_MUTANTS) -> list[CelMutant]:
    """The mutants of a policy, of each entry in turn."""
    return list(islice(_all(policy), most))


def _all(policy: CelPolicy) -> Iterator[CelMutant]:
    for field, (name, word) in _FIELDS.items():
        entries = getattr(policy.spec, field, None) or ()
        for index, entry in enumerate(entries):
            title = f"{word} {getattr(entry, 'name', '') or f'[{index}]'}"
            text = text_of(entry)
            source = (*BASE, name, index)
            before, after = entries[:index], entries[index + 1 :]
            if field in _NEGATED:
                other = msgspec.structs.replace(entry, expression=negated(text))
                made = _with(policy, field, (*before, other, *after))
                yield CelMutant(made, policy.name, f"negate {title}", (*source, "expression"), text)
            if field not in _KEPT or len(entries) > 1:
                made = _with(policy, field, (*before, *after))
                yield CelMutant(made, policy.name, f"drop {title}", source, text)


def text_of(entry: object) -> str:
    """The expression of a condition, validation, mutation or generator; of a template the whole of it."""
    if isinstance(entry, CelMutation):
        patch = entry.apply_configuration or entry.json_patch
        return patch.expression if patch else ""
    if isinstance(entry, Generator) and entry.template is not None:
        return entry.template.value
    return getattr(entry, "expression", None) or ""


def _with(policy: CelPolicy, field: str, entries: tuple[object, ...]) -> CelPolicy:
    return msgspec.structs.replace(policy, spec=msgspec.structs.replace(policy.spec, **{field: entries}))


def negated(text: str) -> str:
    """The opposite of an expression, which may end with a comment."""
    return f"!(\n{text}\n)"
