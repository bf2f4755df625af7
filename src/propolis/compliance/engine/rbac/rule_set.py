"""The compiled rules of the RBAC assessment."""

from collections.abc import Iterable
from functools import cached_property

from propolis.compliance.engine.rbac import grants_takeover, grants_workloads
from propolis.compliance.engine.rbac.binding_rules import BindingRules, binding_rules
from propolis.compliance.engine.rbac.permissions import PermissionIndex
from propolis.compliance.model.grant import RiskyGrant, Scope
from propolis.core.finding import Rule

BUILT_IN: tuple[RiskyGrant, ...] = (*grants_takeover.GRANTS, *grants_workloads.GRANTS)
PRIVILEGED_NAMESPACES = frozenset({"kube-system"})
EVERYTHING = "everything"
WHOLE = (EVERYTHING, "everything-in-namespace")
"""Grants of which the others are parts."""


class CompiledGrant:
    """A grant with its needs as bits."""

    __slots__ = ("grant", "id", "needs", "rule", "scope")

    def __init__(self, grant: RiskyGrant, index: PermissionIndex) -> None:
        self.grant = grant
        self.id = grant.id
        self.rule = grant.rule
        self.scope = grant.scope
        self.needs = tuple(index.need(need) for need in grant.needs)

    def is_met(self, bits: int) -> bool:
        """Whether permissions meet every need."""
        return all(bits & need for need in self.needs)

    @property
    def all_bits(self) -> int:
        """Bits of all permissions that play a part."""
        found = 0
        for need in self.needs:
            found |= need
        return found


class RbacRules:
    """Grants and binding rules, ready to judge.

    Attributes:
        index: Bits of the permissions of all grants.
        privileged_namespaces: Namespaces whose service accounts can take over the cluster.
    """

    def __init__(
        self,
        grants: Iterable[RiskyGrant] = BUILT_IN,
        privileged_namespaces: Iterable[str] = PRIVILEGED_NAMESPACES,
    ) -> None:
        found = tuple(grants)
        self.index = PermissionIndex(found)
        self.grants = tuple(CompiledGrant(grant, self.index) for grant in found)
        self.bindings: BindingRules = binding_rules()
        self.privileged_namespaces = frozenset(privileged_namespaces)

    @cached_property
    def by_id(self) -> dict[str, CompiledGrant]:
        """Grants by id."""
        return {grant.id: grant for grant in self.grants}

    def rules(self) -> tuple[Rule, ...]:
        """Every rule of the assessment."""
        return (*(grant.rule for grant in self.grants), *self.bindings.all())

    def is_risky_in(self, scope: Scope, namespace: str) -> bool:
        """Whether permissions in a namespace, or the whole cluster (empty), fall into a scope."""
        match scope:
            case Scope.CLUSTER:
                return not namespace
            case Scope.PRIVILEGED:
                return not namespace or namespace in self.privileged_namespaces
            case Scope.KUBE_SYSTEM:
                return not namespace or namespace == "kube-system"
            case Scope.WEAK:
                return bool(namespace) and namespace not in self.privileged_namespaces
            case Scope.NAMESPACE:
                return bool(namespace)
            case Scope.ANY:
                return True


def rbac_rules(privileged_namespaces: Iterable[str] = PRIVILEGED_NAMESPACES) -> RbacRules:
    """The built-in rules."""
    return RbacRules(BUILT_IN, privileged_namespaces)
