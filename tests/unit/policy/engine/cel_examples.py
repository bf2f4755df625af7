"""Short ways to policies in CEL and to what they say."""

from typing import Any

import yaml

from propolis.core.evaluation import Lookups
from propolis.core.finding import Finding
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.evaluate import Decision
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.exception import CelException
from propolis.policy.model.cel.parse import parse_binding, parse_cel_exception, parse_cel_policy
from propolis.policy.model.cel.policy import CelPolicy
from tests.unit.policy.engine.examples import NOW, subject

ON_PODS = {
    "resourceRules": [
        {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE", "UPDATE"]}
    ]
}
KUBERNETES_KINDS = ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")


def cel_policy(spec: str, kind: str = "ValidatingPolicy", **metadata: Any) -> CelPolicy:
    """A policy ``p`` from the YAML of its spec, on pods unless it says something else."""
    fields: dict[str, Any] = yaml.safe_load(spec)
    fields.setdefault("matchConstraints", ON_PODS)
    group = "admissionregistration.k8s.io" if kind in KUBERNETES_KINDS else "policies.kyverno.io"
    return parse_cel_policy(
        {
            "apiVersion": f"{group}/v1",
            "kind": kind,
            "metadata": {"name": "p", **metadata},
            "spec": fields,
        }
    )


def exception(spec: str, **metadata: Any) -> CelException:
    """An exception ``e`` to the policy ``p``."""
    fields = {"policyRefs": [{"name": "p", "kind": "ValidatingPolicy"}], **yaml.safe_load(spec)}
    return parse_cel_exception(
        {
            "apiVersion": "policies.kyverno.io/v1",
            "kind": "PolicyException",
            "metadata": {"name": "e", **metadata},
            "spec": fields,
        }
    )


def binding(spec: str, kind: str = "ValidatingAdmissionPolicyBinding") -> Binding:
    """A binding of the policy ``p``."""
    return parse_binding(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": "b"},
            "spec": {"policyName": "p", **yaml.safe_load(spec)},
        }
    )


def decided(
    policy: CelPolicy,
    document: dict[str, Any],
    lookups: Lookups | None = None,
    exceptions: tuple[CelException, ...] = (),
    bindings: tuple[Binding, ...] = (),
    **fields: Any,
) -> Decision:
    """What a policy means for a document."""
    rules = compile_policies([policy], exceptions, bindings)
    known = {} if lookups is None else lookups
    return evaluate(rules, subject(document, **fields), known, NOW)


def only(policy: CelPolicy, document: dict[str, Any], *args: Any, **fields: Any) -> Finding:
    """The one finding of a policy on a document."""
    (found,) = decided(policy, document, *args, **fields).findings
    return found


def said(policy: CelPolicy, document: dict[str, Any], *args: Any, **fields: Any) -> tuple[str, str]:
    """Outcome and message; ``none`` where the policy is not for the document."""
    found = decided(policy, document, *args, **fields).findings
    assert len(found) <= 1
    return (str(found[0].outcome), found[0].message) if found else ("none", "")
