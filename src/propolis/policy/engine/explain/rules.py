"""The rules of a policy beside their compiled forms, those of autogen too."""

from collections.abc import Sequence

import msgspec

from propolis.policy.engine.autogen import CRON_JOB, generated_rules
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.explain.trace import Path
from propolis.policy.engine.policy_set import CompiledRule, PolicySet
from propolis.policy.model.any import AnyException
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule


class PairedRule(msgspec.Struct, frozen=True):
    """A rule of the model and its compiled form.

    Attributes:
        number: Of the rule in the policy that it is, or was made of.
        shift: Keys that autogen put around its patterns.
    """

    policy: Policy
    rule: PolicyRule
    compiled: CompiledRule
    number: int
    shift: int = 0

    @property
    def base(self) -> Path:
        """Way to the rule in the policy's document."""
        return ("spec", "rules", self.number)

    @property
    def alone(self) -> PolicySet:
        """The rule as a set of its own."""
        return PolicySet([self.compiled])


def paired_rules(policy: Policy, exceptions: Sequence[AnyException]) -> list[PairedRule]:
    """All rules of a policy in the order in which the engine takes them."""
    waiting: dict[str, list[tuple[PolicyRule, int, int]]] = {}
    for number, rule in enumerate(policy.spec.rules):
        waiting.setdefault(rule.name, []).append((rule, number, 0))
    for made in generated_rules(policy):
        name = made.rule.name
        number = _origin(policy, name)
        waiting.setdefault(name, []).append((made.rule, number, 4 if CRON_JOB in made.kinds else 2))
    pairs = []
    for compiled in compile_policies([policy], exceptions).rules:
        rule, number, shift = waiting[compiled.rule.name].pop(0)
        pairs.append(PairedRule(policy, rule, compiled, number, shift))
    return pairs


def _origin(policy: Policy, name: str) -> int:
    """Number of the rule that a generated one was made of; long names were cut."""
    for number, rule in enumerate(policy.spec.rules):
        if name in (f"autogen-{rule.name}"[:63], f"autogen-cronjob-{rule.name}"[:63]):
            return number
    return 0
