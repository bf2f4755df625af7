"""Policies with one fault each."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from propolis.policy.engine.coverage.faults import Fault, changed
from propolis.policy.engine.coverage.rule_faults import rule_faults
from propolis.policy.engine.explain.trace import Path
from propolis.policy.model.check import check_rule
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

MOST_MUTANTS = 500
"""Mutants of one policy; a larger policy is judged by its first ones, and the report says so."""


class Mutant(msgspec.Struct, frozen=True):
    """A policy with a fault in one of its rules.

    Attributes:
        number: Of the rule.
        source: Way to the fault in the policy's document.
    """

    policy: Policy
    rule: str
    number: int
    what: str
    source: Path


def mutants_of(policy: Policy, most: int = MOST_MUTANTS) -> list[Mutant]:
    """The mutants of a policy, each another than the policy; none of them is malformed."""
    return list(islice(_all(policy), most))


def _all(policy: Policy) -> Iterator[Mutant]:
    for number, rule in enumerate(policy.spec.rules):
        document = msgspec.to_builtins(rule)
        for fault in rule_faults(document):
            made = _made(document, fault)
            if made is None or made == rule:
                continue
            rules = (*policy.spec.rules[:number], made, *policy.spec.rules[number + 1 :])
            spec = msgspec.structs.replace(policy.spec, rules=rules)
            mutated = msgspec.structs.replace(policy, spec=spec)
            source = ("spec", "rules", number, *fault.place)
            yield Mutant(mutated, rule.name, number, fault.what, source)


def _made(document: dict[str, object], fault: Fault) -> PolicyRule | None:
    try:
        rule = msgspec.convert(changed(document, fault.path, fault.value), PolicyRule)
    except msgspec.ValidationError:
        return None
    return None if check_rule(rule) else rule
