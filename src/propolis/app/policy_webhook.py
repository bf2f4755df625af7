"""The webhook by which an API server asks about policies themselves.

Its failure policy is Fail, as Kyverno's is: a wrong policy that replaced a right one would take it out of
force. No cluster stands still for it: it is asked about kinds of policies alone, and never about deletions.
"""

from propolis.app.admission_webhooks import Target, client_config
from propolis.app.configured_webhooks import OF_LABEL
from propolis.app.policy_reviews import PATH
from propolis.core.resource import Document
from propolis.policy.model.schema.kinds import KINDS, REPORTS

_TIMEOUT_SECONDS = 10


def policy_webhook_name(target: Target) -> str:
    """Of the configuration."""
    return f"{target.name}-policies"


def policy_configuration(target: Target) -> Document:
    """The configuration; it is the same whatever policies there are."""
    groups: dict[str, list[str]] = {}
    for kind in KINDS:
        if kind.group != REPORTS:
            groups.setdefault(kind.group, []).append(kind.plural)
    webhook: Document = {
        "name": "policies.propolis.svc",
        "clientConfig": client_config(target, PATH),
        "rules": [
            {
                "apiGroups": [group],
                "apiVersions": ["*"],
                "resources": sorted(plurals),
                "operations": ["CREATE", "UPDATE"],
                "scope": "*",
            }
            for group, plurals in groups.items()
        ],
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": _TIMEOUT_SECONDS,
        "admissionReviewVersions": ["v1"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {
            "name": policy_webhook_name(target),
            "labels": {"app.kubernetes.io/managed-by": "propolis", OF_LABEL: target.name},
        },
        "webhooks": [webhook],
    }
