"""The policies of a scan, each compiled alone and known by what is in it: a change touches only its own."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from propolis.core.resource import Origin, ResourceRef
from propolis.policy.controllers.moments import asks_time, dates_in
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.policy_set import RESOURCES, CompiledRule, Phase, PolicySet
from propolis.policy.engine.wrong_settings import knows_who_asks
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.policy import KUBERNETES, CelPolicy

JUDGING = (Phase.VERIFY, Phase.JUDGE)
"""What changes or makes resources is not carried out by a scan."""
_NOWHERE = Origin("")
_RULE_KINDS = frozenset({"ClusterPolicy", "Policy"})
_NATIVE_KINDS = frozenset({"ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"})


class Unit(msgspec.Struct, frozen=True):
    """One policy as a scan runs it.

    Attributes:
        key: Kind, namespace and name.
        policy: The same, for events.
        enforces: Whether a request is refused that does not meet it.
        digest: Changes whenever the policy, its bindings or the exceptions to it do.
        rules: Those that scans judge by.
        dates: Moments at which it may judge otherwise, in seconds since 1970.
        asks_time: Whether resources must be judged again as time goes by.
        is_apart: Whether its rules may change what others see, so that it is evaluated alone.
    """

    key: str
    policy: ResourceRef
    enforces: bool
    digest: bytes
    rules: PolicySet
    dates: tuple[float, ...]
    asks_time: bool
    is_apart: bool


class ScanRules:
    """All policies of a scan.

    Attributes:
        units: By key.
        whole: What a resource is judged by when it is due for everything.
    """

    def __init__(self, units: Mapping[str, Unit]) -> None:
        self.units = dict(sorted(units.items()))
        together: list[CompiledRule] = []
        self.whole: list[PolicySet] = []
        self._unit_of: dict[int, str] = {}
        self._alike: dict[object, tuple[CompiledRule, set[str]]] = {}  # thousands of policies name few kinds
        for number, unit in enumerate(self.units.values()):
            for rule in unit.rules.rules:
                self._unit_of[id(rule.rule)] = unit.key
                self._alike.setdefault((rule.selectors, rule.only_kinds), (rule, set()))[1].add(unit.key)
            if unit.is_apart:
                self.whole.append(unit.rules)
            else:
                together += [msgspec.structs.replace(rule, policy=number) for rule in unit.rules.rules]
        self.whole.insert(0, PolicySet(together))
        self._of_kind: dict[tuple[str, str, str], frozenset[str]] = {}

    def unit_of(self, rule: object) -> str:
        """The key of the policy that a finding's rule belongs to."""
        return self._unit_of[id(rule)]

    def for_kind(self, group: str, version: str, kind: str) -> frozenset[str]:
        """Keys of the policies that may be for objects of a kind."""
        found = self._of_kind.get((group, version, kind))
        if found is None:
            alike = [keys for one, keys in self._alike.values() if one.may_be_for(group, version, kind, "")]
            found = self._of_kind[group, version, kind] = frozenset().union(*alike)
        return found

    def changed_from(self, before: "ScanRules") -> frozenset[str]:
        """Keys of the policies that are new, other than before, or gone."""
        keys = self.units.keys() | before.units.keys()
        return frozenset(key for key in keys if _digest(self, key) != _digest(before, key))


def _digest(rules: ScanRules, key: str) -> bytes:
    unit = rules.units.get(key)
    return unit.digest if unit else b""


def scan_rules(
    policies: Iterable[AnyPolicy],
    exceptions: Sequence[AnyException] = (),
    bindings: Sequence[Binding] = (),
    before: ScanRules | None = None,
) -> ScanRules:
    """Compiles the policies that are for scans; what has not changed is taken from before.

    Of two policies of one kind and name the later counts.
    """
    known = before.units if before else {}
    units = {}
    for policy in policies:
        about = [one for one in exceptions if is_about(one, policy)]
        bound = [one for one in bindings if _is_bound(one, policy)]
        text = _text(policy, about, bound)
        key = unit_key(policy)
        digest = hashlib.blake2b(text, digest_size=16).digest()
        unit = known.get(key)
        if unit is None or unit.digest != digest:
            unit = _compiled(policy, about, bound, key, digest, text)
        if unit.rules.rules:
            units[key] = unit
        else:
            units.pop(key, None)
    return ScanRules(units)


def _compiled(
    policy: AnyPolicy,
    exceptions: Sequence[AnyException],
    bindings: Sequence[Binding],
    key: str,
    digest: bytes,
    text: bytes,
) -> Unit:
    rules = compile_policies([policy], exceptions, bindings).rules if _is_for_scans(policy) else ()
    chosen = PolicySet([rule for rule in rules if _is_for_resources(rule)])
    asks = asks_time(text)
    expiring = b"" if asks else msgspec.json.encode(list(exceptions))
    return Unit(
        key=key,
        policy=policy_reference(key),
        enforces=any(rule.enforcement is not None and rule.enforcement.enforces for rule in chosen.rules),
        digest=digest,
        rules=chosen,
        dates=tuple(dict.fromkeys(dates_in(text if asks else expiring))),
        asks_time=asks,
        is_apart=any(rule.phase is Phase.VERIFY for rule in chosen.rules),
    )


def _is_for_resources(rule: CompiledRule) -> bool:
    return rule.in_background and rule.phase in JUDGING and bool(rule.modes & RESOURCES)


def _is_for_scans(policy: AnyPolicy) -> bool:
    """A policy with rules that ask who sent a request is for no scan, whole, as Kyverno has it."""
    return isinstance(policy, CelPolicy) or not knows_who_asks(policy)


def policy_reference(key: str) -> ResourceRef:
    """The policy of a unit, by its key."""
    kind, namespace, name = key.split("/", 2)
    group = "kyverno.io" if kind in _RULE_KINDS else "policies.kyverno.io"
    group = KUBERNETES if kind in _NATIVE_KINDS else group
    return ResourceRef(f"{group}/v1", kind, name, namespace)


def unit_key(policy: AnyPolicy) -> str:
    """Kind, namespace and name."""
    return f"{policy.kind}/{policy.namespace}/{policy.name}"


def is_about(exception: AnyException, policy: AnyPolicy) -> bool:
    """Whether an exception names a policy."""
    if isinstance(exception, CelException):
        refs = exception.spec.policy_refs
        return isinstance(policy, CelPolicy) and any(
            (one.kind, one.name) == (policy.kind, policy.name) for one in refs
        )
    if isinstance(policy, CelPolicy):
        return False
    name = f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name
    return any(entry.policy_name == name for entry in exception.spec.exceptions)


def _is_bound(binding: Binding, policy: AnyPolicy) -> bool:
    return binding.kind == f"{policy.kind}Binding" and binding.spec.policy_name == policy.name


def _text(policy: AnyPolicy, exceptions: Sequence[AnyException], bindings: Sequence[Binding]) -> bytes:
    """All that decides, as text; where it stands does not."""
    parts = [msgspec.structs.replace(one, origin=_NOWHERE) for one in (policy, *exceptions, *bindings)]
    return msgspec.json.encode([(type(one).__name__, one) for one in parts])
