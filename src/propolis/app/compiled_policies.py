"""Compiled policies that stay compiled: when one of thousands changes, the others are not compiled again."""

from collections.abc import Iterator, Sequence

import msgspec

from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.policy_set import CompiledRule, PolicySet
from propolis.policy.model.any import AnyException, AnyPolicy

_Key = tuple[str, str, str, bytes]
_encode = msgspec.json.Encoder().encode


class CompiledPolicies:
    """What was compiled last, by what policies say; where they stand does not count."""

    def __init__(self) -> None:
        self._rules: dict[_Key, tuple[CompiledRule, ...]] = {}
        self._exceptions: tuple[AnyException, ...] = ()

    def compile(self, policies: Sequence[AnyPolicy], exceptions: Sequence[AnyException]) -> PolicySet:
        """The same as `compile_policies`; a rule that has not changed is the same object as before."""
        if tuple(exceptions) != self._exceptions:
            self._rules, self._exceptions = {}, tuple(exceptions)
        keys = [_key(one) for one in policies]
        new = {key: policy for key, policy in zip(keys, policies, strict=True) if key not in self._rules}
        made: dict[int, list[CompiledRule]] = {}
        for rule in compile_policies(new.values(), exceptions).rules:
            made.setdefault(rule.policy, []).append(rule)
        fresh = {key: tuple(made.get(number, ())) for number, key in enumerate(new)}
        self._rules = {key: fresh[key] if key in fresh else self._rules[key] for key in keys}
        return PolicySet(list(self._numbered(keys)))

    def _numbered(self, keys: Sequence[_Key]) -> Iterator[CompiledRule]:
        for number, key in enumerate(keys):
            for rule in self._rules[key]:
                yield rule if rule.policy == number else msgspec.structs.replace(rule, policy=number)


def _key(policy: AnyPolicy) -> _Key:
    said = _encode((policy.spec, policy.labels, policy.annotations))
    return policy.kind, policy.namespace, policy.name, said
