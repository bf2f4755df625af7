from datetime import UTC, datetime
from typing import Any

import msgspec

from propolis.core.resource import Document, ResourceRef
from propolis.policy.engine.admission import (
    MOST_MESSAGE_BYTES,
    MOST_WARNING_BYTES,
    answer_of,
    refusal,
    request_subject,
)
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import Decision, evaluate
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model import parse_policy
from propolis.policy.model.action import Patch
from propolis.policy.model.admission_review import AdmissionRequest, ReviewUser
from propolis.policy.sources.documents import read_policies

NOW = datetime(2026, 11, 29, tzinfo=UTC)
KINDS = {("", "pods"): "Pod", ("apps", "deployments"): "Deployment"}


def parent(group: str, plural: str) -> str:
    return KINDS.get((group, plural), "")


def kind(group: str, version: str, name: str) -> dict[str, str]:
    return {"group": group, "version": version, "kind": name}


def resource(group: str, version: str, name: str) -> dict[str, str]:
    return {"group": group, "version": version, "resource": name}


def pod(**metadata: Any) -> Document:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", **metadata}, "spec": {}}


def request(**fields: Any) -> AdmissionRequest:
    given = {"uid": "u", "kind": kind("", "v1", "Pod"), "resource": resource("", "v1", "pods")}
    return AdmissionRequest(
        **{**given, "operation": "CREATE", "namespace": "shop", "object": pod(), **fields}
    )


def subject(**fields: Any) -> PolicySubject:
    return request_subject(request(**fields), parent)


def labels(*rules: Document, **spec: Any) -> Document:
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "labels"},
        "spec": {"validationFailureAction": "Enforce", "rules": list(rules or (rule(),)), **spec},
    }


def decided(*rules: Document, found: PolicySubject | None = None, **spec: Any) -> Decision:
    compiled = compile_policies([parse_policy(labels(*rules, **spec))])
    return evaluate(compiled, found or subject(), {}, NOW)


def rule(name: str = "team", **body: Any) -> Document:
    check = {"validate": {"message": "say who", "pattern": {"metadata": {"labels": {"team": "?*"}}}}}
    match = {"any": [{"resources": {"kinds": ["Pod"], "operations": ["CREATE", "DELETE"]}}]}
    return {"name": name, "match": match, **(body or check)}


def test_a_request_names_its_object() -> None:
    ref = subject(name="web").resource.ref
    assert (ref.api_version, ref.kind, ref.namespace, ref.name) == ("v1", "Pod", "shop", "web")


def test_an_object_without_a_name_is_known_by_what_its_name_will_begin_with() -> None:
    assert subject(object={"metadata": {"generateName": "web-"}}).resource.ref.name == "web-"


def test_a_namespace_is_in_none_though_its_request_says_so() -> None:
    found = subject(kind=kind("", "v1", "Namespace"), namespace="shop", name="shop")
    assert found.resource.ref.namespace == ""
    assert found.request["namespace"] == "shop"


def test_a_deletion_is_judged_by_the_object_that_goes() -> None:
    found = subject(operation="DELETE", object=None, old_object=pod(labels={"a": "b"}))
    assert found.resource.document["metadata"]["labels"] == {"a": "b"}
    assert found.old is None


def test_an_update_has_both_objects() -> None:
    found = subject(operation="UPDATE", old_object=pod(labels={"a": "b"}))
    assert found.old == pod(labels={"a": "b"})


def test_a_subresource_counts_as_the_kind_that_has_it() -> None:
    found = subject(
        kind=kind("autoscaling", "v1", "Scale"),
        resource=resource("apps", "v1", "deployments"),
        sub_resource="scale",
    )
    assert (found.resource.ref.api_version, found.resource.ref.kind) == ("apps/v1", "Deployment")
    assert found.subresource == "scale"


def test_a_subresource_of_a_kind_that_nobody_knows_keeps_its_own() -> None:
    found = subject(resource=resource("example.dev", "v1", "things"), sub_resource="exec")
    assert found.resource.ref.kind == "Pod"


def test_roles_and_the_user_are_those_of_the_request() -> None:
    asked = request(user_info=ReviewUser("ann", "7", ("team",), {"scopes": ("a",)}))
    user = request_subject(asked, parent, (("shop:edit",), ("view",))).user
    assert (user.username, user.uid, user.groups, user.extra) == ("ann", "7", ("team",), {"scopes": ["a"]})
    assert (user.roles, user.cluster_roles) == (("shop:edit",), ("view",))


def test_a_refusal_names_resource_policy_rule_and_message() -> None:
    answer = answer_of("u", subject(name="web"), decided(rule()), (), may_change=False)
    assert answer.allowed is False
    assert answer.status is not None
    assert answer.status.code == 403
    assert answer.status.message.startswith(
        "\n\nresource Pod/shop/web was blocked due to the following policies \n\nlabels:\n  team: "
    )
    assert "say who" in answer.status.message


def test_policies_in_cel_alone_say_what_they_refuse_one_after_another() -> None:
    constraints = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["pods"]}

    def in_cel(name: str, expression: str) -> Document:
        return {
            "apiVersion": "policies.kyverno.io/v1",
            "kind": "ValidatingPolicy",
            "metadata": {"name": name},
            "spec": {
                "validationActions": ["Deny"],
                "matchConstraints": {"resourceRules": [constraints]},
                "validations": [{"expression": expression, "message": "say who"}],
            },
        }

    documents = [in_cel("named", "false"), in_cel("broken", "object.spec.nothing == 1")]
    policies = [
        one for document in documents for one in read_policies(msgspec.json.encode(document), "").policies
    ]
    found = evaluate(compile_policies(policies), subject(), {}, NOW)
    answer = answer_of("u", subject(), found, {"named"}, may_change=False)
    assert answer.status is not None
    lines = answer.status.message.split("; ")
    assert lines[0] == "Policy named failed: say who"
    assert lines[1].startswith("Policy broken error: ")
    assert answer.warnings == ("Policy named failed: say who",)
    of_both = evaluate(compile_policies([*policies, parse_policy(labels())]), subject(), {}, NOW)
    mixed = answer_of("u", subject(), of_both, (), may_change=False)
    assert mixed.status is not None
    assert mixed.status.message.startswith("\n\nresource Pod/shop/web was blocked")


def test_a_violation_that_is_only_audited_is_let_in() -> None:
    found = decided(rule(), validationFailureAction="Audit")
    answer = answer_of("u", subject(), found, (), may_change=False)
    assert (answer.allowed, answer.warnings) == (True, ())


def test_a_policy_that_warns_tells_the_user() -> None:
    found = decided(rule(), validationFailureAction="Audit")
    (warning,) = answer_of("u", subject(), found, {"labels"}, may_change=False).warnings
    assert warning.startswith("policy labels.team: ")


def test_warnings_end_where_the_api_server_cuts_them() -> None:
    long = {"message": "x" * 1500, "deny": {}}
    found = decided(
        *(rule(f"r{number}", validate=long) for number in range(9)), validationFailureAction="Audit"
    )
    warnings = answer_of("u", subject(), found, {"labels"}, may_change=False).warnings
    assert 0 < len(warnings) < 9
    assert sum(map(len, warnings)) <= MOST_WARNING_BYTES


def test_a_change_is_a_json_patch_in_the_mutating_webhook_alone() -> None:
    found = decided(rule(mutate={"patchStrategicMerge": {"metadata": {"labels": {"team": "a"}}}}))
    patch = answer_of("u", subject(), found, (), may_change=True).patch
    assert patch is not None
    assert msgspec.json.decode(patch) == [{"op": "add", "path": "/metadata/labels", "value": {"team": "a"}}]
    assert answer_of("u", subject(), found, (), may_change=False).patch is None


def test_what_goes_is_not_changed() -> None:
    change = Patch(pod_ref(), "why", ("labels/team",), ({"op": "add", "path": "/a", "value": 1},), pod())
    found, going = Decision(actions=(change,)), subject(operation="DELETE", object=None, old_object=pod())
    assert answer_of("u", going, found, (), may_change=True).patch is None
    assert answer_of("u", subject(), found, (), may_change=True).patch is not None


def pod_ref() -> ResourceRef:
    return subject().resource.ref


def test_a_message_of_any_length_is_told_in_part() -> None:
    status = refusal("u", "x" * 10 * MOST_MESSAGE_BYTES).status
    assert status is not None
    assert len(status.message) < 2 * MOST_MESSAGE_BYTES


def test_a_message_that_means_something_in_yaml_is_quoted() -> None:
    found = decided(rule(validate={"message": "no: it's\nwrong", "deny": {}}))
    status = answer_of("u", subject(), found, (), may_change=False).status
    assert status is not None
    assert status.message.endswith("  team: 'no: it''s\n\n    wrong'\n")
