"""Findings on roles: each risky grant that a role holds by itself."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from propolis.compliance.engine.rbac.access import CLUSTER, Access, is_part, met_scopes
from propolis.compliance.engine.rbac.rule_set import WHOLE, CompiledGrant
from propolis.compliance.model.grant import GrantEvidence
from propolis.compliance.model.rbac import ALL, Binding, Role
from propolis.core.finding import Finding, Outcome
from propolis.lang.listing import some


def role_findings(access: Access, now: datetime) -> Iterator[Finding]:
    """Findings on every role of the inventory that is not the cluster's own."""
    for role in access.roles.declared():
        if not role.is_built_in:
            yield _wildcards(access, role, now)
            yield from _RoleJudge(access, role, now).findings()


class _RoleJudge:
    """One role, where it is bound, and what it grants there."""

    def __init__(self, access: Access, role: Role, now: datetime) -> None:
        self._access = access
        self._role = role
        self._now = now
        self._bindings = [binding for binding in access.roles.bindings_of(role) if binding.identities]
        self._granted = access.rules.index.of_role(role)
        scopes = {binding.namespace for binding in self._bindings} or {role.namespace}
        self._bits = dict.fromkeys(scopes, self._granted)

    def findings(self) -> Iterator[Finding]:
        """One finding a grant; what is part of everything is not said again."""
        all_of_it = self._everything()
        for grant in self._access.rules.grants:
            scopes = met_scopes(self._access.rules, grant, self._bits)
            reaches = bool(scopes) or self._is_out_of_reach(grant)
            if reaches and all_of_it and is_part(grant, all_of_it):
                text = f"part of {all_of_it.id}, which the role grants"
                yield Finding(grant.rule, self._role.ref, Outcome.SKIP, text, self._now)
            elif scopes:
                yield self._risky(grant, scopes)
            elif reaches:
                yield self._without_effect(grant)
            else:
                yield Finding(grant.rule, self._role.ref, Outcome.PASS, grant.rule.title, self._now)

    def _everything(self) -> CompiledGrant | None:
        """The grant of everything that the role holds, if any."""
        rules = self._access.rules
        for name in WHOLE:
            if name in rules.by_id and met_scopes(rules, rules.by_id[name], self._bits):
                return rules.by_id[name]
        return None

    def _is_out_of_reach(self, grant: CompiledGrant) -> bool:
        """Whether the role is bound in namespaces alone but the grant is of the whole cluster."""
        rules = self._access.rules
        return (
            CLUSTER not in self._bits
            and grant.is_met(self._granted)
            and not grant.is_met(self._granted & rules.index.namespaced)
            and any(rules.is_risky_in(grant.scope, scope) for scope in self._bits)
        )

    def _risky(self, grant: CompiledGrant, scopes: list[str]) -> Finding:
        """A failure where the role is bound; a warning while nothing binds it."""
        bindings = [binding for binding in self._bindings if binding.namespace in scopes]
        rules = _granting_rules(self._access, self._role, grant)
        who = some(sorted({str(identity) for binding in bindings for identity in binding.identities}))
        by = some(str(binding.ref) for binding in bindings)
        what = f"{some(rules, separator='; ')}. {grant.rule.remediation}"
        if bindings:
            text = f"lets {who} {grant.grant.power} ({_where(scopes)}, by {by}): {what}"
            return self._finding(grant, Outcome.FAIL, text, bindings, scopes)
        text = f"would let its holders {grant.grant.power}, though nothing binds it yet: {what}"
        return self._finding(grant, Outcome.WARN, text, bindings, scopes)

    def _without_effect(self, grant: CompiledGrant) -> Finding:
        """Permissions on what has no namespace, bound in a namespace: one binding away from a risk."""
        text = (
            f"would let its holders {grant.grant.power} if a ClusterRoleBinding named it; the RoleBindings"
            f" that do grant nothing on resources outside of namespaces: "
            f"{some(_granting_rules(self._access, self._role, grant), separator='; ')}. Remove these rules"
        )
        return self._finding(grant, Outcome.WARN, text, self._bindings, list(self._bits))

    def _finding(
        self, grant: CompiledGrant, outcome: Outcome, text: str, bindings: list[Binding], scopes: list[str]
    ) -> Finding:
        evidence = grant_evidence(
            bindings, [self._role], _granting_rules(self._access, self._role, grant), scopes
        )
        return Finding(grant.rule, self._role.ref, outcome, text, self._now, evidence)


def grant_evidence(
    bindings: Iterable[Binding], roles: Iterable[Role], permissions: Iterable[str], scopes: Iterable[str]
) -> GrantEvidence:
    """Evidence from the bindings and roles that play a part."""
    found = list(bindings)
    return GrantEvidence(
        identities=tuple(sorted({str(identity) for binding in found for identity in binding.identities})),
        bindings=tuple(str(binding.ref) for binding in found),
        roles=tuple(dict.fromkeys(str(role.ref) for role in roles)),
        permissions=tuple(permissions),
        scopes=tuple(scope or "cluster" for scope in scopes),
    )


def _granting_rules(access: Access, role: Role, grant: CompiledGrant) -> list[str]:
    """The rules of a role that play a part in a grant, as text with their place."""
    wanted = grant.all_bits
    return [
        f"{rule.place} grants {rule.text}" for rule in role.rules if access.rules.index.of_rule(rule) & wanted
    ]


def _wildcards(access: Access, role: Role, now: datetime) -> Finding:
    """Whether a role writes ``*`` where it could list what it needs."""
    rule = access.rules.bindings.wildcards
    found = [
        f"{one.place} {field}"
        for one in role.rules
        for field, values in (("verbs", one.verbs), ("resources", one.resources), ("apiGroups", one.groups))
        if ALL in values
    ]
    if not found:
        return Finding(rule, role.ref, Outcome.PASS, rule.title, now)
    text = f"grants what does not exist yet: {some(found)} is *. {rule.remediation}"
    return Finding(rule, role.ref, Outcome.FAIL, text, now, grant_evidence((), [role], found, ()))


def _where(scopes: list[str]) -> str:
    return "in the whole cluster" if CLUSTER in scopes else f"in {some(sorted(scopes))}"
