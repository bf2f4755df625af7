"""Findings on identities: what their roles give only together, and how many they have."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from propolis.compliance.engine.rbac.access import CLUSTER, Access, met_scopes
from propolis.compliance.engine.rbac.binding_rules import MANY_IDENTITIES, MANY_ROLES
from propolis.compliance.engine.rbac.role_findings import grant_evidence
from propolis.compliance.engine.rbac.rule_set import CompiledGrant
from propolis.compliance.engine.rbac.system_identities import is_of_cluster
from propolis.compliance.model.rbac import SERVICE_ACCOUNT, Binding, Identity, Role
from propolis.core.finding import Finding, Outcome
from propolis.core.inventory import Inventory
from propolis.core.resource import Resource, ResourceRef
from propolis.lang.listing import some

CLOUD_ANNOTATIONS = {
    "eks.amazonaws.com/role-arn": "AWS IAM role",
    "iam.gke.io/gcp-service-account": "Google service account",
    "azure.workload.identity/client-id": "Azure application",
}


def identity_findings(access: Access, inventory: Inventory, now: datetime) -> Iterator[Finding]:
    """Findings on identities, service accounts and namespaces."""
    for identity in access.identities():
        if not is_of_cluster(identity):
            yield from _Holder(access, inventory, identity, now).findings()
    for resource in inventory.kind(SERVICE_ACCOUNT, group=""):
        yield _cloud_role(access, resource, now)
    yield from _crowded_namespaces(access, inventory, now)


class _Holder:
    """One identity with everything that it is granted."""

    def __init__(self, access: Access, inventory: Inventory, identity: Identity, now: datetime) -> None:
        self._access = access
        self._identity = identity
        self._held = list(access.held(identity))
        self._now = now
        account = None
        if identity.kind == SERVICE_ACCOUNT:
            account = inventory.get(SERVICE_ACCOUNT, identity.namespace, identity.name, group="")
        self._ref: ResourceRef | None = account.ref if account else None

    def findings(self) -> Iterator[Finding]:
        """Grants that no single role gives, then the number of roles."""
        roles = {role.ref.key for _, role in self._held}
        if len(roles) > 1:
            bits = self._access.bits(self._identity)
            for grant in self._access.rules.grants:
                scopes = met_scopes(self._access.rules, grant, bits)
                if scopes and not self._is_met_by_one(grant):
                    yield self._together(grant, scopes)
        yield self._number_of_roles(len(roles))

    def _is_met_by_one(self, grant: CompiledGrant) -> bool:
        """Whether one role gives the grant by itself, wherever it is bound."""
        rules = self._access.rules
        bound: dict[str, dict[str, int]] = defaultdict(dict)
        for binding, role in self._held:
            bound[role.ref.key][binding.namespace] = rules.index.of_role(role)
        return any(met_scopes(rules, grant, bits) for bits in bound.values())

    def _together(self, grant: CompiledGrant, scopes: list[str]) -> Finding:
        """A failure on the service account, or on the first binding of a user or a group."""
        parts = [
            (binding, role) for binding, role in self._held if self._plays_part(role, binding, grant, scopes)
        ]
        names = some((str(role.ref) for _, role in parts), separator=" and ")
        where = "the whole cluster" if CLUSTER in scopes else some(sorted(scopes))
        text = (
            f"{self._identity} may {grant.grant.power} in {where}: no single role says so, but {names}"
            f" do together. {grant.rule.remediation}"
        )
        evidence = grant_evidence(
            (binding for binding, _ in parts), (role for _, role in parts), self._texts(parts, grant), scopes
        )
        ref = self._ref or parts[0][0].ref
        subject = f"together: {self._identity}"
        return Finding(grant.rule, ref, Outcome.FAIL, text, self._now, evidence, subject)

    def _plays_part(self, role: Role, binding: Binding, grant: CompiledGrant, scopes: list[str]) -> bool:
        reaches = not binding.namespace or binding.namespace in scopes
        return reaches and bool(self._access.rules.index.of_role(role) & grant.all_bits)

    def _texts(self, parts: list[tuple[Binding, Role]], grant: CompiledGrant) -> list[str]:
        index = self._access.rules.index
        return [
            f"{role.ref} grants {rule.text}"
            for _, role in parts
            for rule in role.rules
            if index.of_rule(rule) & grant.all_bits
        ]

    def _number_of_roles(self, count: int) -> Finding:
        rule = self._access.rules.bindings.many_roles
        ref = self._ref or self._held[0][0].ref
        subject = "" if self._ref else str(self._identity)
        if count < MANY_ROLES:
            return Finding(rule, ref, Outcome.PASS, rule.title, self._now, subject=subject)
        text = f"{self._identity} has {count} roles. {rule.remediation}"
        roles = (role for _, role in self._held)
        evidence = grant_evidence((binding for binding, _ in self._held), roles, (), ())
        return Finding(rule, ref, Outcome.WARN, text, self._now, evidence, subject)


def _cloud_role(access: Access, resource: Resource, now: datetime) -> Finding:
    """Whether a service account stands for an identity of the cloud provider."""
    rule = access.rules.bindings.cloud_role
    for key, what in CLOUD_ANNOTATIONS.items():
        value = resource.annotations.get(key)
        if value:
            text = f"acts as the {what} {value}: metadata.annotations[{key}] is set. {rule.remediation}"
            return Finding(rule, resource.ref, Outcome.WARN, text, now)
    return Finding(rule, resource.ref, Outcome.PASS, rule.title, now)


def _crowded_namespaces(access: Access, inventory: Inventory, now: datetime) -> Iterator[Finding]:
    """Namespaces in which many identities have rights."""
    rule = access.rules.bindings.many_identities
    found: dict[str, set[Identity]] = defaultdict(set)
    for binding in access.roles.bindings:
        if binding.namespace:
            found[binding.namespace].update(one for one in binding.identities if not is_of_cluster(one))
    for resource in inventory.kind("Namespace", group=""):
        identities = sorted(found.get(resource.ref.name, ()))
        if len(identities) < MANY_IDENTITIES:
            yield Finding(rule, resource.ref, Outcome.PASS, rule.title, now)
        else:
            names = some(str(one) for one in identities)
            text = f"{len(identities)} identities have rights in this namespace: {names}. {rule.remediation}"
            yield Finding(rule, resource.ref, Outcome.WARN, text, now)
