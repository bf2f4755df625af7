from datetime import UTC, datetime
from typing import Any

import pytest

from propolis.policy.engine.policy_state import PolicyState, status_of
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.schema.kinds import KINDS, CustomKind
from propolis.policy.sources.documents import read_policies

NOW, LATER = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
RULES = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: p}
spec:
  rules:
    - {name: a, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {deny: {}}}
    - {name: b, match: {any: [{resources: {kinds: [Pod]}}]}, mutate: {patchStrategicMerge: {spec: {}}}}
"""
CEL = """
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: p}
spec:
  evaluation: {background: {enabled: BACKGROUND}}
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  autogen: {podControllers: {controllers: [jobs, cronjobs, rollouts.v1alpha1.argoproj.io]}}
  validations: [{expression: object.spec.hostPID != true}]
"""


def policy(text: str) -> AnyPolicy:
    read = read_policies(text.encode(), "p.yaml")
    assert not read.errors
    return read.policies[0]


def kind(name: str, group: str = "kyverno.io") -> CustomKind:
    return next(one for one in KINDS if (one.kind, one.group) == (name, group))


def of_rules(**fields: Any) -> PolicyState:
    return PolicyState(kind("ClusterPolicy"), "", "p", **{"policy": policy(RULES), **fields})


def of_cel(*, background: str = "true", **fields: Any) -> PolicyState:
    read = policy(CEL.replace("BACKGROUND", background))
    return PolicyState(kind("ValidatingPolicy", "policies.kyverno.io"), "", "p", **{"policy": read, **fields})


def conditions(state: PolicyState) -> dict[str, tuple[str, str, str]]:
    status = status_of(state, NOW)
    found = status.get("conditionStatus", status)["conditions"]
    return {one["type"]: (one["status"], one["reason"], one["message"]) for one in found}


def test_a_policy_in_force_is_ready_and_counts_its_own_rules() -> None:
    status = status_of(of_rules(), NOW)
    assert conditions(of_rules()) == {"Ready": ("True", "Succeeded", "Ready")}
    assert status["conditions"][0]["lastTransitionTime"] == "2026-01-02T03:04:05Z"
    assert status["rulecount"] == {"generate": 0, "mutate": 1, "validate": 1, "verifyimages": 0}
    assert status["validatingadmissionpolicy"] == {"generated": False, "message": ""}


def test_rules_that_were_made_for_controllers_are_told() -> None:
    names = [one["name"] for one in status_of(of_rules(), NOW)["autogen"]["rules"]]
    assert names == ["autogen-a", "autogen-cronjob-a", "autogen-b", "autogen-cronjob-b"]


def test_an_object_that_cannot_be_used_says_why() -> None:
    broken = of_rules(policy=None, problem="spec.rules: the policy has no rules")
    assert conditions(broken) == {"Ready": ("False", "Failed", "spec.rules: the policy has no rules")}
    found = conditions(of_cel(policy=None, problem="spec.validations: no"))
    assert found == {"PolicyCached": ("False", "Failed", "spec.validations: no")}
    assert status_of(of_cel(policy=None, problem="x" * 9000), NOW)["conditionStatus"]["ready"] is False


def test_a_policy_that_no_webhook_brings_requests_for_is_not_ready() -> None:
    assert conditions(of_rules(is_configured=False)) == {"Ready": ("False", "Failed", "Not Ready")}
    assert conditions(of_rules(is_configured=False, asks=False))["Ready"][0] == "True"


def test_a_condition_keeps_its_time_as_long_as_it_holds() -> None:
    before = status_of(of_rules(), NOW)
    assert status_of(of_rules(), LATER, before) == before
    after = status_of(of_rules(problem="gone"), LATER, before)
    assert after["conditions"][0]["lastTransitionTime"] == "2026-02-02T00:00:00Z"


@pytest.mark.parametrize("before", [{"conditions": 5}, {"conditions": ["x"]}, {"conditionStatus": []}])
def test_a_status_of_odd_shape_is_written_anew(before: Any) -> None:
    assert status_of(of_rules(), NOW, before) == status_of(of_rules(), NOW)
    assert status_of(of_cel(), NOW, before) == status_of(of_cel(), NOW)


def test_a_policy_in_cel_tells_its_webhook_and_the_permissions_of_scans() -> None:
    assert conditions(of_cel()) == {
        "WebhookConfigured": ("True", "Succeeded", "Webhook configured."),
        "RBACPermissionsGranted": ("True", "Succeeded", "Policy is ready for reporting."),
    }
    found = conditions(of_cel(is_configured=False, missing=("list pods",)))
    assert found["WebhookConfigured"][::2] == ("False", "Policy is not configured in the webhook.")
    assert found["RBACPermissionsGranted"][::2] == (
        "False", "Policy is not ready for reporting, missing permissions: list pods.",
    )  # fmt: skip
    told = conditions(of_cel(background="false", missing=("list pods",)))["RBACPermissionsGranted"]
    assert told[0] == "True"
    assert "WebhookConfigured" not in conditions(of_cel(asks=False))


def test_what_a_policy_in_cel_says_of_controllers_is_told_by_key() -> None:
    configs = status_of(of_cel(), NOW)["autogen"]["configs"]
    assert {key: [one["kind"] for one in config["targets"]] for key, config in configs.items()} == {
        "cronjobs": ["CronJob"],
        "defaults": ["Job"],
        "extract": ["Rollout"],
    }
    (validation,) = configs["cronjobs"]["spec"]["validations"]
    assert validation["expression"] == "object.spec.jobTemplate.spec.template.spec.hostPID != true"
