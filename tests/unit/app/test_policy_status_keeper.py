"""Which policies need a webhook, so that their statuses speak of it."""

from typing import Any

import pytest

from propolis.app.policy_status_keeper import is_asked_about
from propolis.policy.model.cel.parse import parse_cel_policy

ON_PODS = {
    "resourceRules": [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    ]
}
PATCH = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}


@pytest.mark.parametrize(
    ("kind", "spec", "wanted"),
    [
        ("ValidatingPolicy", {"validations": [{"expression": "true"}]}, True),
        ("GeneratingPolicy", {"generate": [{"expression": "true"}]}, True),
        (
            "MutatingPolicy",
            {"evaluation": {"mutateExisting": {"enabled": True}}, "mutations": [PATCH]},
            True,
        ),
        ("GeneratingPolicy", {"generate": [], "evaluation": {"admission": {"enabled": False}}}, False),
    ],
)
def test_policies_that_act_after_requests_need_a_webhook_too(
    kind: str,
    spec: dict[str, Any],
    wanted: bool,  # noqa: FBT001  # what a case wants
) -> None:
    document = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": kind,
        "metadata": {"name": "p"},
        "spec": {"matchConstraints": ON_PODS, "targetMatchConstraints": ON_PODS, **spec},
    }
    if kind != "MutatingPolicy":
        document["spec"] = {"matchConstraints": ON_PODS, **spec}
    assert is_asked_about(parse_cel_policy(document)) is wanted
