"""Settings that Kyverno's admission refuses."""

from typing import Any

import pytest

from propolis.policy.engine.wrong_settings import wrong_settings
from propolis.policy.model.cleanup import parse_cleanup_policy
from propolis.policy.model.exception import parse_exception
from propolis.policy.model.parse import parse_policy

MATCH: dict[str, Any] = {"any": [{"resources": {"kinds": ["Pod"]}}]}
OF_USERS: dict[str, Any] = {"any": [{"resources": {"kinds": ["Pod"]}, "clusterRoles": ["admin"]}]}
DENY: dict[str, Any] = {"validate": {"message": "m", "deny": {}}}
CHANGE: dict[str, Any] = {"mutate": {"patchStrategicMerge": {"a": "b"}}}
VERIFY: dict[str, Any] = {"verifyImages": [{"imageReferences": ["*"]}]}


def _document(kind: str, version: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": f"kyverno.io/{version}", "kind": kind, "metadata": {"name": "p"}, "spec": spec}


def _places(rule: dict[str, Any], **spec: Any) -> list[tuple[str | int, ...]]:
    rules = [{"name": "r", "match": MATCH, **rule}]
    policy = parse_policy(_document("ClusterPolicy", "v1", {"rules": rules, **spec}))
    return [one.path for one in wrong_settings(policy)]


def test_a_plain_policy_is_right() -> None:
    assert _places(DENY) == []
    assert _places(DENY, webhookTimeoutSeconds=30, admission=False) == []
    assert _places({**DENY, "match": OF_USERS}, background=False) == []
    assert _places(VERIFY) == []


@pytest.mark.parametrize("seconds", [0, 31])
def test_time_outs_have_bounds(seconds: int) -> None:
    assert _places(DENY, webhookTimeoutSeconds=seconds) == [("webhookTimeoutSeconds",)]
    found = _places(DENY, webhookConfiguration={"timeoutSeconds": seconds})
    assert found == [("webhookConfiguration", "timeoutSeconds")]


def test_a_policy_is_for_something() -> None:
    assert _places(DENY, admission=False, background=False) == [("admission",)]
    assert _places(CHANGE, admission=False) == [("rules", 0, "mutate")]


def test_scans_do_not_know_who_asks() -> None:
    place = ("rules", 0, "match", "any", 0, "clusterRoles")
    assert _places({**DENY, "match": OF_USERS}) == [place]
    assert _places({**DENY, "exclude": OF_USERS}) == [("rules", 0, "exclude", *place[3:])]
    message = {"validate": {"message": "{{ request.userInfo.username }}", "deny": {}}}
    assert _places(message) == [("rules", 0, "validate", "message")]
    assert _places({"validate": {"message": "{{ request.object.request.roles }}", "deny": {}}}) == []


def test_images_are_verified_of_kinds_by_name() -> None:
    assert _places({**VERIFY, "match": {"any": [{"resources": {"kinds": ["*"]}}]}}) == [("rules", 0, "match")]


def test_what_exists_is_changed_through_targets() -> None:
    assert _places(CHANGE, mutateExistingOnPolicyUpdate=True) == [("rules", 0, "mutate")]
    targets = [{"apiVersion": "v1", "kind": "Pod", "name": "a"}]
    assert (
        _places({"mutate": {**CHANGE["mutate"], "targets": targets}}, mutateExistingOnPolicyUpdate=True) == []
    )


def test_cleanup_policies_know_no_users_and_ask_the_api_server_alone() -> None:
    context = [{"name": "c", "configMap": {"name": "x", "namespace": "y"}}]
    spec = {"schedule": "* * * * *", "match": OF_USERS, "context": context}
    found = wrong_settings(parse_cleanup_policy(_document("ClusterCleanupPolicy", "v2", spec)))
    assert [one.path for one in found] == [("match", "any", 0, "clusterRoles"), ("context", 0, "configMap")]


def test_exceptions_for_users_are_not_for_scans() -> None:
    spec = {"match": OF_USERS, "exceptions": [{"policyName": "p", "ruleNames": ["r"]}]}
    for background, wanted in {None: 1, True: 1, False: 0}.items():
        given = spec if background is None else {**spec, "background": background}
        found = wrong_settings(parse_exception(_document("PolicyException", "v2", given)))
        assert len(list(found)) == wanted


def _exclusions(*exclude: dict[str, Any]) -> list[tuple[str, tuple[str | int, ...]]]:
    """What is wrong with exclusions, in a rule and in an exception alike; places below the exclusions."""
    security = {"validate": {"podSecurity": {"level": "restricted", "exclude": list(exclude)}}}
    rules = [{"name": "r", "match": MATCH, **security}]
    policy = parse_policy(_document("ClusterPolicy", "v1", {"rules": rules}))
    below = ("rules", 0, "validate", "podSecurity", "exclude")
    found = [(one.message, one.path) for one in wrong_settings(policy)]
    assert all(path[:5] == below for _, path in found)
    named = [{"policyName": "p", "ruleNames": ["r"]}]
    spec = {"exceptions": named, "match": MATCH, "podSecurity": list(exclude)}
    exception = parse_exception(_document("PolicyException", "v2", spec))
    assert [(one.message, one.path[1:]) for one in wrong_settings(exception)] == [
        (text, path[5:]) for text, path in found
    ]
    return [(text, path[5:]) for text, path in found]


def test_controls_of_containers_are_let_off_by_image_and_those_of_pods_are_not() -> None:
    assert _exclusions({"controlName": "Capabilities", "images": ["x*"]}, {"controlName": "Sysctls"}) == []
    wrong = _exclusions({"controlName": "Capabilities"}, {"controlName": "Sysctls", "images": ["x*"]})
    assert [path for _, path in wrong] == [(0, "controlName"), (1, "controlName")]
    assert "must be specified" in wrong[0][0]
    assert "must not be specified" in wrong[1][0]


def test_a_restricted_field_and_its_values_go_together() -> None:
    of_both: dict[str, Any] = {"controlName": "Seccomp", "images": ["*"]}
    field, values = {"restrictedField": "spec.securityContext.seccompProfile.type"}, {"values": ["a"]}
    assert _exclusions({**of_both, **field, **values}) == []
    assert _exclusions({**of_both, **field}) == [("values is required", (0, "values"))]
    assert _exclusions({**of_both, **values}) == [("restrictedField is required", (0, "restrictedField"))]


def test_a_policy_of_a_namespace_names_no_namespaces() -> None:
    match = {"all": [{"resources": {"kinds": ["Pod"], "namespaces": ["shop"]}}]}
    document = _document("Policy", "v1", {"rules": [{"name": "r", "match": match, **DENY}]})
    document["metadata"]["namespace"] = "shop"
    (found,) = wrong_settings(parse_policy(document))
    assert found.path == ("rules", 0, "match", "all", 0, "resources", "namespaces")
    assert _places({**DENY, "match": match}) == []


@pytest.mark.parametrize(
    ("made", "places"),
    [
        ({"namespace": "shop", "data": {}}, []),
        ({"namespace": "other", "data": {}}, [("namespace",)]),
        ({"namespace": "shop", "clone": {"name": "a", "namespace": "shop"}}, []),
        ({"namespace": "shop", "clone": {"name": "a", "namespace": "other"}}, [("clone", "namespace")]),
        ({"namespace": "shop", "cloneList": {"kinds": ["v1/Secret"]}}, [("cloneList", "namespace")]),
        ({"foreach": [{"list": "[]", "namespace": "other", "data": {}}]}, [("foreach", 0, "namespace")]),
    ],
)
def test_a_policy_of_a_namespace_makes_and_copies_within_it(
    made: dict[str, Any], places: list[tuple[str | int, ...]]
) -> None:
    rule = {
        "name": "r",
        "match": MATCH,
        "generate": {"apiVersion": "v1", "kind": "Secret", "name": "s", **made},
    }
    document = _document("Policy", "v1", {"rules": [rule]})
    document["metadata"]["namespace"] = "shop"
    found = [one.path for one in wrong_settings(parse_policy(document))]
    assert found == [("rules", 0, "generate", *place) for place in places]
    assert _places({"generate": rule["generate"]}) == []
