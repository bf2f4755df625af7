"""Who can what: the permissions of every identity over all of its roles together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from propolis.compliance.engine.rbac.roles import Roles
from propolis.compliance.engine.rbac.rule_set import WHOLE, CompiledGrant, RbacRules, rbac_rules
from propolis.compliance.model.rbac import ALL, Binding, Identity, Role, RoleRule
from propolis.core.inventory import Inventory

CLUSTER = ""
"""The scope of a ClusterRoleBinding."""


class Access:
    """The bindings of an inventory by identity.

    A service account also holds what the groups hold to which every service account belongs.
    """

    def __init__(self, inventory: Inventory, rules: RbacRules | None = None) -> None:
        self.rules = rules or rbac_rules()
        self.roles = Roles(inventory)
        self._held: dict[Identity, list[tuple[Binding, Role]]] = defaultdict(list)
        for binding in self.roles.bindings:
            role = self.roles.of(binding)
            for identity in dict.fromkeys(binding.identities) if role else ():
                self._held[identity].append((binding, role))  # type: ignore[arg-type]

    def identities(self) -> Iterator[Identity]:
        """Everybody whom a binding names."""
        yield from self._held

    def held(self, identity: Identity) -> Iterator[tuple[Binding, Role]]:
        """Bindings and roles of an identity and of the groups to which it belongs."""
        for one in (identity, *identity.groups):
            yield from self._held.get(one, ())

    def bits(self, identity: Identity) -> dict[str, int]:
        """Permissions of an identity by scope: the whole cluster (empty) and namespaces."""
        found: dict[str, int] = {}
        for binding, role in self.held(identity):
            bits = self.rules.index.of_role(role)
            found[binding.namespace] = found.get(binding.namespace, 0) | bits
        return found

    def risky(self, identity: Identity) -> tuple[str, ...]:
        """Ids of the risky grants that an identity holds, over all its roles together.

        Whoever may do everything holds all of them, so that one alone is named.
        """
        bits = self.bits(identity)
        met = [grant for grant in self.rules.grants if met_scopes(self.rules, grant, bits)]
        whole = next((grant for grant in met if grant.id in WHOLE), None)
        return tuple(grant.id for grant in met if whole is None or not is_part(grant, whole))

    def can(
        self,
        identity: Identity,
        verb: str,
        resource: str,
        *,
        group: str = "",
        namespace: str = "",
        name: str = "",
    ) -> bool:
        """Whether RBAC allows a request, as the API server judges it; ``resource`` may name a subresource."""
        for binding, role in self.held(identity):
            if binding.namespace in (CLUSTER, namespace) and _allows(role.rules, verb, group, resource, name):
                return True
        return False

    def who_can(
        self, verb: str, resource: str, *, group: str = "", namespace: str = "", name: str = ""
    ) -> tuple[Identity, ...]:
        """Identities named by bindings that are allowed a request, sorted."""
        found = (
            one
            for one in self._held
            if self.can(one, verb, resource, group=group, namespace=namespace, name=name)
        )
        return tuple(sorted(found))


def is_part(grant: CompiledGrant, whole: CompiledGrant) -> bool:
    """Whether a grant adds nothing to that of everything; one that is worse does."""
    return grant is not whole and grant.rule.severity.rank <= whole.rule.severity.rank


def permissions_of(inventory: Inventory, rules: RbacRules | None = None) -> Access:
    """The index of who can what."""
    return Access(inventory, rules)


def met_scopes(rules: RbacRules, grant: CompiledGrant, bits: dict[str, int]) -> list[str]:
    """Scopes in which permissions by scope meet a grant.

    A grant that is met in the whole cluster is not met again in each namespace; permissions on
    what has no namespace count for the whole cluster alone.
    """
    everywhere = bits.get(CLUSTER, 0)
    if grant.is_met(everywhere):
        return [CLUSTER] if rules.is_risky_in(grant.scope, CLUSTER) else []
    return [
        scope
        for scope, own in bits.items()
        if scope
        and rules.is_risky_in(grant.scope, scope)
        and grant.is_met(everywhere | own & rules.index.namespaced)
    ]


def _allows(rules: Iterable[RoleRule], verb: str, group: str, resource: str, name: str) -> bool:
    """Whether one rule covers a request; follows ``RuleAllows`` of the RBAC authorizer."""
    _, slash, sub = resource.partition("/")
    wanted = {ALL, resource, f"*/{sub}"} if slash else {ALL, resource}
    return any(
        (verb in rule.verbs or ALL in rule.verbs)
        and (group in rule.groups or ALL in rule.groups)
        and not wanted.isdisjoint(rule.resources)
        and (not rule.names or (bool(name) and name in rule.names))
        for rule in rules
    )
