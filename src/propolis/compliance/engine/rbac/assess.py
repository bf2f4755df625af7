"""The RBAC assessment of an inventory: roles first, then bindings, then identities.

A finding stands on what a person changes: the role that grants too much, the binding that names a
role of the cluster itself, or the service account whose roles are risky only together.
"""

from collections.abc import Iterator
from datetime import datetime

from propolis.compliance.engine.rbac.access import Access
from propolis.compliance.engine.rbac.binding_findings import binding_findings
from propolis.compliance.engine.rbac.identity_findings import identity_findings
from propolis.compliance.engine.rbac.role_findings import role_findings
from propolis.compliance.engine.rbac.rule_set import RbacRules
from propolis.core.evaluation import Evaluation, Lookups
from propolis.core.finding import Finding, Outcome
from propolis.core.inventory import Inventory


def evaluate(rules: RbacRules, subject: Inventory, lookups: Lookups, now: datetime) -> Evaluation:
    """Judges the roles, bindings and identities of an inventory; asks for no look-up."""
    del lookups
    access = Access(subject, rules)
    findings = [
        *_refused(access, now),
        *role_findings(access, now),
        *binding_findings(access, now),
        *identity_findings(access, subject, now),
    ]
    return Evaluation(findings=tuple(findings))


def _refused(access: Access, now: datetime) -> Iterator[Finding]:
    """Documents that cannot be read: errors, so that nobody takes them for harmless."""
    for resource, error in access.roles.refused:
        text = f"{error}; nothing that it grants is judged"
        yield Finding(access.rules.bindings.readable, resource.ref, Outcome.ERROR, text, now)
