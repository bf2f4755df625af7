"""Which permissions of interest a rule grants, as bits of one number.

Each permission that some risky grant needs has a bit; a rule, a role and an identity are then
numbers, and a grant is a few ANDs. Matching follows ``VerbMatches``, ``APIGroupMatches`` and
``ResourceMatches`` of kubernetes/pkg/apis/rbac/v1, with one difference: ``pods/*`` is taken as
written, for all subresources, though the API server gives it no meaning.
"""

from collections import defaultdict
from collections.abc import Iterable

from propolis.compliance.model.grant import CLUSTER_SCOPED, Need, Permission, RiskyGrant
from propolis.compliance.model.rbac import ALL, Role, RoleRule


class PermissionIndex:
    """The permissions that a set of grants needs.

    Attributes:
        namespaced: Bits of permissions that a RoleBinding can grant.
    """

    def __init__(self, grants: Iterable[RiskyGrant]) -> None:
        wanted = (permission for grant in grants for need in grant.needs for permission in need)
        self._bits: dict[Permission, int] = {}
        for permission in wanted:
            self._bits.setdefault(permission, 1 << len(self._bits))
        self._by_resource: dict[str, list[tuple[Permission, int]]] = defaultdict(list)
        for permission, bit in self._bits.items():
            self._by_resource[permission.resource].append((permission, bit))
        self.namespaced = sum(
            bit for found, bit in self._bits.items() if found.resource not in CLUSTER_SCOPED
        )
        self._known: dict[RoleRule, int] = {}

    def need(self, need: Need) -> int:
        """Bits of which one must be set."""
        return sum(self._bits[permission] for permission in need)

    def of_role(self, role: Role) -> int:
        """Bits of everything that a role grants."""
        bits = 0
        for rule in role.rules:
            bits |= self.of_rule(rule)
        return bits

    def of_rule(self, rule: RoleRule) -> int:
        """Bits of everything that a rule grants; equal rules are matched once."""
        bits = self._known.get(rule)
        if bits is None:
            found = self._candidates(rule.resources)
            bits = sum(bit for permission, bit in found.items() if _grants(rule, permission))
            self._known[rule] = bits
        return bits

    def _candidates(self, resources: frozenset[str]) -> dict[Permission, int]:
        """Permissions on the resources of a rule."""
        if ALL in resources:
            return self._bits
        found: dict[Permission, int] = {}
        for resource in resources:
            found.update(self._by_resource.get(resource, ()))
            if resource.startswith("*/") or resource.endswith("/*"):
                found.update(
                    (one, bit) for one, bit in self._bits.items() if _is_within(one.resource, resource)
                )
        return found


def _is_within(resource: str, pattern: str) -> bool:
    """Whether a subresource is meant by ``*/sub`` or ``resource/*``."""
    name, slash, sub = resource.partition("/")
    return bool(slash) and pattern in (f"*/{sub}", f"{name}/*")


def _grants(rule: RoleRule, permission: Permission) -> bool:
    """Whether verb, group and names of a rule cover a permission on one of its resources."""
    if permission.verb not in rule.verbs and ALL not in rule.verbs:
        return False
    if permission.group not in rule.groups and ALL not in rule.groups:
        return False
    if permission.resource == ALL and ALL not in rule.resources:
        return False
    if not rule.names:
        return True
    return not permission.is_for_all and (not permission.name or permission.name in rule.names)
