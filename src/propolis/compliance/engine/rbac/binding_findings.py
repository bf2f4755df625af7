"""Findings on bindings: whom they name, and which of the cluster's own roles."""

from collections.abc import Iterator
from datetime import datetime

from propolis.compliance.engine.rbac.access import Access, met_scopes
from propolis.compliance.engine.rbac.role_findings import grant_evidence
from propolis.compliance.engine.rbac.rule_set import EVERYTHING
from propolis.compliance.engine.rbac.system_identities import (
    ANONYMOUS,
    EVERYBODY,
    MASTERS,
    is_made_by_cluster,
    is_of_cluster,
    is_public_by_design,
)
from propolis.compliance.model.rbac import SERVICE_ACCOUNT, Binding, Identity
from propolis.core.finding import Finding, Outcome, Rule
from propolis.lang.listing import some


def binding_findings(access: Access, now: datetime) -> Iterator[Finding]:
    """Findings on every binding that names somebody beside the cluster's own parts."""
    for binding in access.roles.bindings:
        named = tuple(one for one in binding.identities if not is_of_cluster(one))
        if named or not is_made_by_cluster(binding):
            yield from _BindingJudge(access, binding, named, now).findings()


_DELETE = "Delete the binding, or create the role"


def _some(powers: list[str]) -> str:
    """The first few powers, and how many more there are."""
    return some(powers, shown=3, separator="; ")


class _BindingJudge:
    """One binding and those whom it names beside the cluster's own parts."""

    def __init__(self, access: Access, binding: Binding, named: tuple[Identity, ...], now: datetime) -> None:
        self._access = access
        self._rules = access.rules.bindings
        self._binding = binding
        self._named = named
        self._role = access.roles.of(binding)
        self._now = now

    def findings(self) -> Iterator[Finding]:
        """One finding a rule."""
        yield self._role_exists()
        public = is_public_by_design(self._binding)
        anonymous = [] if public else self._of(ANONYMOUS)
        everybody = [] if public else self._of(EVERYBODY)
        masters = [] if is_made_by_cluster(self._binding) else self._of(MASTERS)
        yield self._judged(self._rules.anonymous, anonymous, "callers without credentials")
        yield self._judged(self._rules.everybody, everybody, "everybody who has credentials")
        yield self._judged(self._rules.masters, masters, "the group that passes every authorizer")
        yield self._default_account()
        yield from self._built_in()

    def _of(self, wanted: frozenset[str]) -> list[Identity]:
        """Identities of the binding whose name is one of these; service accounts have other names."""
        return [one for one in self._binding.identities if one.kind != SERVICE_ACCOUNT and one.name in wanted]

    def _role_exists(self) -> Finding:
        rule = self._rules.role_exists
        if self._role is not None or self._binding.role_name.startswith("system:"):
            return self._pass(rule)
        what = f"{self._binding.role_kind} {self._binding.role_name}"
        text = f"names {what}, which is not there: whoever may create it decides what this grants. {_DELETE}"
        return self._finding(rule, Outcome.FAIL, text)

    def _judged(self, rule: Rule, found: list[Identity], who: str) -> Finding:
        """Whether certain identities are bound; a role without risk makes it a warning."""
        if not found:
            return self._pass(rule)
        names = some(str(one) for one in found)
        granted = self._powers()
        powers = f", which lets them {_some(granted)}" if granted else ""
        text = f"grants {self._role_text()} to {who} ({names}){powers}. {rule.remediation}"
        return self._finding(rule, Outcome.FAIL if granted or self._role is None else Outcome.WARN, text)

    def _powers(self) -> list[str]:
        """What the role lets its holders do that is risky where the binding grants it."""
        if self._role is None:
            return []
        rules = self._access.rules
        bits = {self._binding.namespace: rules.index.of_role(self._role)}
        met = {grant.id: grant for grant in rules.grants if met_scopes(rules, grant, bits)}
        if EVERYTHING in met:
            return [met[EVERYTHING].grant.power]
        return [grant.grant.power for grant in met.values()]

    def _default_account(self) -> Finding:
        rule = self._rules.default_account
        found = [one for one in self._named if one.kind == SERVICE_ACCOUNT and one.name == "default"]
        if not found:
            return self._pass(rule)
        names = some(str(one) for one in found)
        text = f"grants {self._role_text()} to {names}, which pods get that name no other. {rule.remediation}"
        return self._finding(rule, Outcome.FAIL, text)

    def _built_in(self) -> Iterator[Finding]:
        """Risky roles of the cluster itself: nobody may narrow them, so the binding has to change."""
        admin, other = self._rules.cluster_admin, self._rules.built_in_role
        powers = self._powers() if self._role is not None and self._role.is_built_in and self._named else []
        is_admin = self._binding.role_name == "cluster-admin" and bool(powers)
        yield self._risky_role(admin, powers) if is_admin else self._pass(admin)
        yield self._risky_role(other, powers) if powers and not is_admin else self._pass(other)

    def _risky_role(self, rule: Rule, powers: list[str]) -> Finding:
        who = some(str(one) for one in self._named)
        where = (
            f"in namespace {self._binding.namespace}" if self._binding.namespace else "in the whole cluster"
        )
        text = f"lets {who} {_some(powers)}, {where}, by {self._role_text()}. {rule.remediation}"
        return self._finding(rule, Outcome.FAIL, text)

    def _role_text(self) -> str:
        return f"{self._binding.role_kind} {self._binding.role_name}"

    def _pass(self, rule: Rule) -> Finding:
        return Finding(rule, self._binding.ref, Outcome.PASS, rule.title, self._now)

    def _finding(self, rule: Rule, outcome: Outcome, text: str) -> Finding:
        roles = [self._role] if self._role else []
        evidence = grant_evidence([self._binding], roles, (), [self._binding.namespace])
        return Finding(rule, self._binding.ref, outcome, text, self._now, evidence)
