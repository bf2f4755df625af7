"""The web application of admission, asked as an API server asks it."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from propolis.app import admission_application
from propolis.app.admission_application import AdmissionApplication
from propolis.app.admission_metrics import AdmissionMetrics
from propolis.app.admission_policies import AdmissionPolicies, PolicyFiles
from propolis.app.admission_rules import AdmissionRules, admission_rules
from propolis.app.admission_service import AdmissionService, World
from propolis.core.errors import DocumentError, SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.policy.sources.documents import read_policies
from tests.harness.asgi import Answer as HttpAnswer
from tests.harness.asgi import ask

ENFORCED = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: team}
spec:
  validationFailureAction: Enforce
  failurePolicy: FAILURE
  rules:
    - name: named
      match: {any: [{resources: {kinds: [ConfigMap]}}]}
      validate: {message: say who, pattern: {metadata: {labels: {team: "?*"}}}}
"""
CHANGING = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: default-team}
spec:
  rules:
    - name: default
      match: {any: [{resources: {kinds: [ConfigMap]}}]}
      mutate: {patchStrategicMerge: {metadata: {labels: {+(team): nobody}}}}
"""
ASKING = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: quota}
spec:
  validationFailureAction: Enforce
  failurePolicy: FAILURE
  rules:
    - name: free
      match: {any: [{resources: {kinds: [ConfigMap]}}]}
      context: [{name: settings, configMap: {name: settings, namespace: default}}]
      validate:
        message: closed
        deny: {conditions: {any: [{key: "{{settings.data.open}}", operator: NotEquals, value: "yes"}]}}
"""
FAIL, IGNORE = ("Fail", "Ignore")


def rules(*texts: str, failure: str = FAIL) -> AdmissionRules:
    read = read_policies("---".join(texts).replace("FAILURE", failure).encode(), "policies.yaml")
    assert not read.errors
    return admission_rules(read.policies, read.exceptions)


async def nothing(_key: LookupKey) -> Answer:
    return Answer(error="nobody knows")


def service(of: AdmissionRules, answer: Any = nothing) -> AdmissionService:
    world = World(answer, lambda _group, _plural: "", lambda _user, _groups: ((), ()))
    return AdmissionService(of, world, AdmissionMetrics())


def review(**fields: Any) -> bytes:
    labels = fields.pop("labels", {})
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": labels}}
    request = {
        "uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
        "resource": {"group": "", "version": "v1", "resource": "configmaps"},
        "operation": "CREATE",
        "namespace": "shop",
        "name": "a",
        "object": config_map,
    }
    document = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request | fields}
    return json.dumps(document).encode()


def post(of: AdmissionService, path: str, body: bytes | None = None, **headers: str) -> HttpAnswer:
    return ask(AdmissionApplication(of), path, headers=headers, method="POST", body=body or review())


def response(of: AdmissionService, path: str, body: bytes | None = None) -> dict[str, Any]:
    answer = post(of, path, body)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    found: dict[str, Any] = answer.json["response"]
    return found


def test_a_violation_is_refused_with_the_message_of_the_policy() -> None:
    found = response(service(rules(ENFORCED)), "/validate/fail?timeout=10s")
    assert (found["uid"], found["allowed"], found["status"]["code"]) == ("u-1", False, 403)
    assert "say who" in found["status"]["message"]


def test_what_meets_the_policy_is_let_in() -> None:
    found = response(service(rules(ENFORCED)), "/validate/fail", review(labels={"team": "a"}))
    assert found == {"uid": "u-1", "allowed": True}


def test_each_path_is_for_the_policies_of_its_failure_policy() -> None:
    ignoring = service(rules(ENFORCED, failure=IGNORE))
    allowed = [response(ignoring, f"/validate{path}")["allowed"] for path in ("/fail", "/ignore", "")]
    assert allowed == [True, False, False]


def test_the_mutating_webhook_answers_with_a_patch_and_judges_nothing() -> None:
    both = service(rules(ENFORCED, CHANGING))
    found = response(both, "/mutate/fail")
    assert json.loads(base64.b64decode(found["patch"])) == [
        {"op": "add", "path": "/metadata/labels/team", "value": "nobody"}
    ]
    assert "patch" not in response(both, "/validate/fail")


def test_a_look_up_is_answered_while_the_review_waits() -> None:
    async def answer(key: LookupKey) -> Answer:
        assert key.arguments == ("default", "settings")
        await asyncio.sleep(0)
        return Answer({"data": {"open": "yes"}})

    assert response(service(rules(ASKING), answer), "/validate/fail")["allowed"] is True


@pytest.mark.parametrize(("failure", "allowed"), [(FAIL, False), (IGNORE, True)])
def test_a_look_up_that_hangs_is_an_error_before_the_time_out(failure: str, *, allowed: bool) -> None:
    async def hang(_key: LookupKey) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    found = response(service(rules(ASKING, failure=failure), hang), "/validate?timeout=20ms")
    assert found["allowed"] is allowed
    if not allowed:
        assert "no answer within the time-out of the webhook" in found["status"]["message"]


@pytest.mark.parametrize(("path", "allowed"), [("/validate/fail", False), ("/validate/ignore", True)])
def test_a_fault_of_the_program_counts_as_the_failure_policy_says(path: str, *, allowed: bool) -> None:
    def fault(_key: LookupKey) -> Any:
        raise ZeroDivisionError

    texts = rules(ASKING, failure=FAIL if path.endswith("fail") else IGNORE)
    found = response(service(texts, fault), path)
    assert found["allowed"] is allowed
    told = found["warnings"][0] if allowed else found["status"]["message"]
    assert told == "the policies could not be evaluated: ZeroDivisionError"


def test_a_review_of_wrong_shape_with_a_uid_is_answered() -> None:
    found = response(service(rules(ENFORCED)), "/validate/fail", review(operation="PATCH"))
    assert (found["uid"], found["allowed"], found["status"]["code"]) == ("u-1", False, 400)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\x00" * 100, b'{"request": {"uid": 7}}'])
def test_what_is_no_review_is_a_bad_request(body: bytes) -> None:
    assert post(service(rules(ENFORCED)), "/validate/fail", body).status == 400


def test_a_review_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_application, "MOST_BODY_BYTES", 100)
    judging = service(rules(ENFORCED))
    assert post(judging, "/validate/fail").status == 413
    assert post(judging, "/validate/fail", b"{}", **{"content-length": "101"}).status == 413


def test_other_methods_and_paths_are_told() -> None:
    application = AdmissionApplication(service(rules(ENFORCED)))
    statuses = [ask(application, path).status for path in ("/validate", "/", "/health/readiness")]
    assert statuses == [405, 404, 200]


def test_what_was_done_is_counted_under_the_names_of_kyverno() -> None:
    judging = service(rules(ENFORCED))
    response(judging, "/validate/fail")
    post(judging, "/validate/fail", b"{")
    text = ask(AdmissionApplication(judging), "/metrics").text
    assert (
        'kyverno_admission_requests_total{request_allowed="false",'
        'request_webhook="ValidatingWebhookConfiguration",'
        'resource_kind="ConfigMap",resource_namespace="shop",resource_request_operation="create"} 1.0'
    ) in text
    assert 'policy_name="team",policy_namespace="-"' in text
    assert 'propolis_admission_failures_total{request_webhook="ValidatingWebhookConfiguration",' in text
    assert "kyverno_admission_review_duration_seconds_count{" in text


def test_policies_that_act_after_a_request_are_asked_apart() -> None:
    generating = CHANGING.replace(
        "mutate: {patch", "mutate: {targets: [{apiVersion: v1, kind: Secret}], patch"
    )
    found = rules(generating)
    assert (found.policies, sorted(found.sets)) == (1, ["all", "fail", "fail/acting", "ignore"])
    assert not found.sets["fail"].mutate.rules
    assert rules(ENFORCED.replace("rules:", "admission: false\n  rules:")).policies == 0
    assert rules(ENFORCED, CHANGING).policies == 2


def test_a_policy_that_asks_for_roles_is_known() -> None:
    by_role = ENFORCED.replace("{resources:", "{clusterRoles: [view], resources:")
    assert (rules(by_role).asks_roles, rules(ENFORCED).asks_roles) == (True, False)


def test_policies_of_files_are_read_again_when_they_change(tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(ENFORCED.replace("FAILURE", FAIL))
    files = PolicyFiles([str(tmp_path)])
    before = files.stamp()
    assert len(files.load().policies) == 1
    file.write_text((ENFORCED + "---" + CHANGING).replace("FAILURE", FAIL))
    assert files.stamp() != before
    assert len(files.load().policies) == 2


def test_policies_that_cannot_be_used_are_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(ENFORCED.replace("FAILURE", FAIL))
    (tmp_path / "bad.yaml").write_text(ENFORCED.replace("FAILURE", "Perhaps"))
    with pytest.raises(DocumentError, match="bad.yaml"):
        PolicyFiles([str(tmp_path)]).load()


def written(folder: Path, *texts: str) -> None:
    (folder / "policies.yaml").write_text("---".join(texts).replace("FAILURE", FAIL))


def test_what_is_in_force_changes_with_the_files_and_stays_when_they_cannot_be_used(tmp_path: Path) -> None:
    written(tmp_path, ENFORCED)
    policies = AdmissionPolicies(PolicyFiles([str(tmp_path)]))
    assert (asyncio.run(policies.look()), policies.rules.policies) == (False, 1)
    written(tmp_path, ENFORCED, CHANGING)
    assert (asyncio.run(policies.look()), policies.rules.policies) == (True, 2)
    written(tmp_path, ENFORCED.replace("rules:", "rulez:"))
    with pytest.raises(DocumentError, match="has no rules"):
        asyncio.run(policies.look())
    assert (asyncio.run(policies.look()), policies.rules.policies) == (False, 2)


def test_roles_that_are_not_known_yet_are_not_taken_for_none() -> None:
    by_role = rules(ENFORCED.replace("{resources:", "{clusterRoles: [view], resources:"))
    unknown = service(by_role)

    def ask_roles(_user: str, _groups: tuple[str, ...]) -> Any:
        raise SourceError("know the roles of users", "", "the first list is on its way")

    unknown.world = World(nothing, unknown.world.parent, ask_roles)
    assert response(unknown, "/validate/fail")["allowed"] is False
    assert response(unknown, "/validate/ignore")["allowed"] is True


CONDITIONED = ENFORCED.replace(
    "failurePolicy: FAILURE",
    "failurePolicy: FAILURE\n  webhookConfiguration: {matchConditions: [{name: c, expression: 'CONDITION'}]}",
)


def test_a_policy_with_conditions_is_judged_on_its_own_path_alone() -> None:
    judging = service(rules(CONDITIONED.replace("CONDITION", 'request.namespace == "shop"')))
    paths = ("/validate/fail", "/validate/fail/finegrained/team", "/validate")
    assert [response(judging, path)["allowed"] for path in paths] == [True, False, False]
    elsewhere = review(namespace="other")
    assert response(judging, "/validate/fail/finegrained/team", elsewhere)["allowed"] is True


def test_a_path_of_a_policy_that_has_moved_stands_for_all_of_its_failure_policy() -> None:
    judging = service(rules(ENFORCED))
    assert response(judging, "/validate/fail/finegrained/team")["allowed"] is False
    assert response(judging, "/validate/ignore/finegrained/team")["allowed"] is True


def test_shared_webhooks_stand_for_policies_that_have_moved_until_api_servers_know() -> None:
    before, now = rules(ENFORCED), rules(CONDITIONED.replace("CONDITION", "true"))
    moving = service(now.after(before.sets))
    paths = ("/validate/fail", "/validate/fail/finegrained/team")
    assert [response(moving, path)["allowed"] for path in paths] == [False, False]
    assert now.after(now.sets) is now


def test_other_paths_below_are_nothing() -> None:
    application = AdmissionApplication(service(rules(ENFORCED)))
    paths = ("/validate/fail/", "/validate/perhaps/a", "/validate//fail/a", "/metrics/fail/a")
    assert [ask(application, path, method="POST").status for path in paths] == [404, 404, 404, 404]
