"""Rules that make resources or change ones that are there, as an operator carries them out."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from propolis.core.resource import Origin
from propolis.policy.controllers.units import is_about, unit_key
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.generated_labels import LONGEST
from propolis.policy.engine.policy_set import CompiledRule, Phase, PolicySet
from propolis.policy.engine.wrong_settings import knows_who_asks
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cel.policy import KYVERNO, CelPolicy, GeneratingSpec, MutatingSpec
from propolis.policy.model.generation import Generation
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

_NOWHERE = Origin("")
_ASKS_REQUEST = re.compile(rb"request\.(?!object\b|oldObject\b)|serviceAccountName|oldObject")

WITHOUT_REQUEST = ("CREATE", "UPDATE")
"""Operations that are tried where nobody sent a request."""
_TRIED = frozenset(WITHOUT_REQUEST)


class Owner(msgspec.Struct, frozen=True, order=True):
    """A rule, as UpdateRequests name it.

    Attributes:
        policy: ``namespace/name``, or the name alone.
        rule: Empty for a policy in CEL, which is one rule.
    """

    policy: str
    rule: str

    @property
    def label(self) -> str:
        """``policy/rule``, as actions name it."""
        return f"{self.policy}/{self.rule}"

    @property
    def labels(self) -> tuple[str, str, str]:
        """Namespace, name and rule as the labels of what it made have them."""
        namespace, _, name = self.policy.rpartition("/")
        return namespace[:LONGEST], name[:LONGEST], self.rule[:LONGEST]


class ActingRule(msgspec.Struct, frozen=True):
    """One rule that acts.

    Attributes:
        policy: Kind, namespace and name of its policy, as `unit_key` has them.
        digest: Changes whenever the policy or the exceptions to it do.
        rules: To evaluate; all of the policy where one that applies leaves out others.
        generates: Whether it makes resources; else it changes ones that are there.
        synchronizes: Whether what it made is kept as it is to be.
        goes_with_policy: Whether what it made is deleted when its policy goes.
        goes_with_rule: The same when the rule alone goes.
        on_delete: Whether the deletion of its trigger is what it waits for.
        for_existing: Whether it acts on what is there when it comes or changes.
        needs_request: Whether it can be told to be for something only by the request that brought it.
    """

    owner: Owner
    policy: str
    digest: bytes
    rules: PolicySet
    generates: bool
    synchronizes: bool = False
    goes_with_policy: bool = False
    goes_with_rule: bool = False
    on_delete: bool = False
    for_existing: bool = False
    needs_request: bool = False


ActingRules = dict[Owner, ActingRule]


def acting_rules(
    policies: Iterable[AnyPolicy], exceptions: Sequence[AnyException] = (), before: ActingRules | None = None
) -> ActingRules:
    """The rules that act; those of policies that have not changed are taken from before."""
    known: dict[tuple[str, bytes], list[ActingRule]] = {}
    for rule in (before or {}).values():
        known.setdefault((rule.policy, rule.digest), []).append(rule)
    found: ActingRules = {}
    for policy in policies:
        if not _may_act(policy):
            continue
        about = [one for one in exceptions if is_about(one, policy)]
        digest = _digest(policy, about)
        own = known.get((unit_key(policy), digest))
        found |= {rule.owner: rule for rule in own or _compiled(policy, about, digest)}
    return found


def _may_act(policy: AnyPolicy) -> bool:
    if isinstance(policy, CelPolicy):
        return policy.group == KYVERNO and isinstance(policy.spec, GeneratingSpec | MutatingSpec)
    return any(map(_acts, policy.spec.rules))


def _acts(rule: PolicyRule) -> bool:
    return rule.generate is not None or bool(rule.mutate is not None and rule.mutate.targets)


def _digest(policy: AnyPolicy, exceptions: Sequence[AnyException]) -> bytes:
    parts = [msgspec.structs.replace(one, origin=_NOWHERE) for one in (policy, *exceptions)]
    text = msgspec.json.encode([(type(one).__name__, one) for one in parts])
    return hashlib.blake2b(text, digest_size=16).digest()


def _compiled(policy: AnyPolicy, exceptions: Sequence[AnyException], digest: bytes) -> Iterator[ActingRule]:
    if isinstance(policy, CelPolicy):
        rules = compile_policies([policy], exceptions).rules
        own = [one for one in rules if one.rule.name == "" and one.phase in (Phase.GENERATE, Phase.MUTATE)]
        yield from _of_cel(policy, PolicySet(own), digest)
        return
    acting = msgspec.structs.replace(
        policy,
        spec=msgspec.structs.replace(policy.spec, rules=tuple(filter(_acts, policy.spec.rules))),
    )
    compiled = compile_policies([acting], exceptions).rules
    for rule in acting.spec.rules:
        own = [one for one in compiled if one.rule.name == rule.name]
        is_one = policy.spec.apply_rules == "One"
        yield _of_rule(policy, rule, PolicySet(list(compiled) if is_one else own), own, digest)


def _of_rule(
    policy: Policy, rule: PolicyRule, rules: PolicySet, own: Sequence[CompiledRule], digest: bytes
) -> ActingRule:
    name = f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name
    made = rule.generate or Generation()
    alone = msgspec.structs.replace(policy, spec=msgspec.structs.replace(policy.spec, rules=(rule,)))
    operations = [one.resources.operations or () for one in rule.match.filters() if one.resources]
    has_data = made.data is not None or any(one.data is not None for one in made.foreach or ())
    is_kept = bool(made.synchronize) and not made.orphan_downstream_on_policy_delete
    lists = made.clone_list is not None or any(one.clone_list is not None for one in made.foreach or ())
    return ActingRule(
        owner=Owner(name, rule.name),
        policy=unit_key(policy),
        digest=digest,
        rules=rules,
        generates=rule.generate is not None,
        synchronizes=bool(made.synchronize),
        goes_with_policy=is_kept and (has_data or lists),
        goes_with_rule=is_kept and has_data,
        on_delete=any("DELETE" in one for one in operations),
        for_existing=any(one.in_background for one in own),
        needs_request=knows_who_asks(alone)
        or any(one and not _TRIED & set(one) for one in operations)
        or _ASKS_REQUEST.search(msgspec.json.encode(rule)) is not None,
    )


def _of_cel(policy: CelPolicy, rules: PolicySet, digest: bytes) -> Iterator[ActingRule]:
    spec, evaluation = policy.spec, getattr(policy.spec, "evaluation", None)

    def is_on(name: str) -> bool:
        switch = getattr(evaluation, name, None)
        return bool(switch and switch.enabled)

    generates = isinstance(spec, GeneratingSpec)
    if not rules.rules or not (generates or is_on("mutate_existing")):
        return
    constraints = getattr(spec, "match_constraints", None)
    stated = [one.operations or () for one in (constraints.resource_rules or () if constraints else ())]
    synchronizes = generates and is_on("synchronize")
    is_kept = synchronizes and not is_on("orphan_downstream_on_policy_delete")
    yield ActingRule(
        owner=Owner(policy.key, ""),
        policy=unit_key(policy),
        digest=digest,
        rules=rules,
        generates=generates,
        synchronizes=synchronizes,
        goes_with_policy=is_kept,
        goes_with_rule=is_kept,
        on_delete=bool(stated) and all(set(one) == {"DELETE"} for one in stated),
        for_existing=any(one.in_background for one in rules.rules),
        needs_request=any(not {"*", *_TRIED} & set(one) for one in stated)
        or _ASKS_REQUEST.search(msgspec.json.encode(spec)) is not None,
    )
