"""Policies in CEL beside their compiled forms: for what they name, and for controllers of pods."""

from collections.abc import Sequence

import msgspec

from propolis.policy.engine.cel.autogen import can_be_moved, for_controllers
from propolis.policy.engine.cel.extraction import for_custom_workloads
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.explain.trace import Path
from propolis.policy.engine.policy_set import CompiledRule, PolicySet
from propolis.policy.model.any import AnyException
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.policy import CelPolicy


class CelPair(msgspec.Struct, frozen=True):
    """A policy in CEL, as it is or as it stands for controllers, and its compiled form."""

    policy: CelPolicy
    compiled: CompiledRule
    base: Path = ("spec",)

    @property
    def alone(self) -> PolicySet:
        """The rule as a set of its own."""
        return PolicySet([self.compiled])


def cel_pairs(
    policy: CelPolicy, exceptions: Sequence[AnyException], bindings: Sequence[Binding]
) -> list[CelPair]:
    """All forms of a policy, each once for every binding of it."""
    custom = for_custom_workloads(policy) if can_be_moved(policy) else None
    forms = [policy, *for_controllers(policy), *([custom] if custom else ())]
    rules = compile_policies([policy], exceptions, bindings).rules
    each = max(len(rules) // len(forms), 1)
    return [CelPair(forms[number // each], compiled) for number, compiled in enumerate(rules)]
