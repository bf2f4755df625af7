"""All roles and bindings of an inventory, with aggregation done."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from propolis.compliance.engine.rbac.default_roles import DEFAULT_ROLES
from propolis.compliance.model.rbac import GROUP, Binding, Role, RoleKey, RoleRule
from propolis.compliance.model.rbac_parse import parse_binding, parse_role
from propolis.core.errors import DocumentError
from propolis.core.inventory import Inventory
from propolis.core.resource import Resource

Refused: TypeAlias = tuple[Resource, DocumentError]
"""A document of wrong shape and what is wrong with it."""


class Roles:
    """Roles and bindings by name.

    Attributes:
        bindings: Every valid binding, in the order of the inventory.
        refused: Documents of wrong shape, each with its error.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.refused: list[Refused] = []
        declared = {role.key: role for role in self._parsed_roles(inventory)}
        self._declared = tuple(declared)
        by_name = {role.ref.name: role for role in declared.values() if not role.namespace}
        by_name |= {role.ref.name: _restored(role, by_name.get(role.ref.name)) for role in DEFAULT_ROLES}
        self._cluster = list(by_name.values())
        namespaced = [role for role in declared.values() if role.namespace]
        self._roles = {role.key: self._aggregated(role) for role in (*namespaced, *self._cluster)}
        self.bindings: list[Binding] = list(self._parsed_bindings(inventory))
        self._bindings_of: dict[RoleKey, list[Binding]] = defaultdict(list)
        for binding in self.bindings:
            self._bindings_of[binding.role_key].append(binding)

    def _parsed_roles(self, inventory: Inventory) -> Iterator[Role]:
        for resource in inventory.kind("ClusterRole", "Role", group=GROUP):
            try:
                yield parse_role(resource)
            except DocumentError as error:
                self.refused.append((resource, error))

    def _parsed_bindings(self, inventory: Inventory) -> Iterator[Binding]:
        for resource in inventory.kind("ClusterRoleBinding", "RoleBinding", group=GROUP):
            try:
                yield parse_binding(resource)
            except DocumentError as error:
                self.refused.append((resource, error))

    def _aggregated(self, role: Role) -> Role:
        """The role with the rules of all ClusterRoles that it takes over, directly or through others."""
        if not role.aggregates:
            return role
        found: dict[RoleRule, None] = dict.fromkeys(role.rules)
        seen, waiting = {role.ref.name}, [role]
        while waiting:
            for other in self._taken_over(waiting.pop()):
                if other.ref.name not in seen:
                    seen.add(other.ref.name)
                    found.update(dict.fromkeys(_taken(rule, other) for rule in other.rules))
                    waiting.append(other)
        return Role(role.ref, tuple(found), role.aggregates, role.labels)

    def _taken_over(self, role: Role) -> Iterator[Role]:
        for other in self._cluster:
            if any(selector.matches(other.labels) for selector in role.aggregates):
                yield other

    def declared(self) -> Iterator[Role]:
        """The roles of the inventory, aggregation done."""
        for key in self._declared:
            yield self._roles[key]

    def of(self, binding: Binding) -> Role | None:
        """The role that a binding names; None when it is not there."""
        return self._roles.get(binding.role_key)

    def bindings_of(self, role: Role) -> list[Binding]:
        """Bindings that name a role."""
        return self._bindings_of.get(role.key, [])


def _taken(rule: RoleRule, owner: Role) -> RoleRule:
    """A rule as an aggregated role has it, with the name of the role in which a person finds it."""
    return msgspec.structs.replace(rule, taken_from=rule.taken_from or owner.ref.name)


def _restored(default: Role, declared: Role | None) -> Role:
    """A role of the cluster itself: when it starts, the API server puts back what was taken from it."""
    if declared is None:
        return default
    rules = (*declared.rules, *default.rules)
    return Role(declared.ref, rules, (*declared.aggregates, *default.aggregates), declared.labels)
