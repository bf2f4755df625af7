"""Reviews of policies themselves, asked as an API server asks them."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from propolis.app import policy_reviews
from propolis.app.admission_application import AdmissionApplication
from propolis.app.admission_metrics import AdmissionMetrics
from propolis.app.admission_rules import admission_rules
from propolis.app.admission_service import AdmissionService, World
from propolis.app.admission_webhooks import Target
from propolis.app.policy_reviews import PATH, PolicyReviews, judged
from propolis.app.policy_webhook import policy_configuration
from propolis.policy.engine.remarks import remarks_on
from propolis.policy.model.admission_review import AdmissionResponse, parse_review
from propolis.policy.sources.pack import load
from tests.harness.asgi import ask

if TYPE_CHECKING:
    from propolis.cluster.discovery import Served

POD = {"any": [{"resources": {"kinds": ["Pod"]}}]}
Document = dict[str, Any]


def policy(**rule: Any) -> Document:
    own = {"name": "r", "match": POD, "validate": {"message": "m", "pattern": {"spec": {}}}} | rule
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p", "managedFields": [{"manager": "kubectl"}]},
        "spec": {"rules": [own]},
    }


def body(document: Document | None, old: Document | None = None, **fields: Any) -> bytes:
    request = {
        "uid": "u-1",
        "kind": {"group": "kyverno.io", "version": "v1", "kind": "ClusterPolicy"},
        "resource": {"group": "kyverno.io", "version": "v1", "resource": "clusterpolicies"},
        "operation": "UPDATE" if old else "CREATE",
        "name": "p",
        "object": document,
        "oldObject": old,
        **fields,
    }
    return json.dumps(
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    ).encode()


def answer(document: Document | None, old: Document | None = None, **fields: Any) -> AdmissionResponse:
    return judged(parse_review(body(document, old, **fields)))


def told(found: AdmissionResponse) -> str:
    return found.status.message if found.status else ""


def test_a_policy_that_is_right_is_let_in_without_a_word() -> None:
    assert answer(policy()) == AdmissionResponse("u-1", allowed=True)


def test_an_error_of_lint_is_refused_with_its_place_and_what_is_right() -> None:
    found = answer(policy(validate={"message": "{{ nobody.knows }}", "deny": {}}))
    assert not found.allowed
    assert told(found).startswith("ClusterPolicy p cannot be used:\nspec.rules[0].validate.message: ")
    assert "expected a context entry, or one of request, images" in told(found)


def test_a_rule_that_does_nothing_is_refused() -> None:
    assert "spec.rules[0]: a rule does one thing" in told(answer(policy(validate=None)))


def test_an_expression_that_does_not_compile_is_refused() -> None:
    document = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ValidatingPolicy",
        "metadata": {"generateName": "p-"},
        "spec": {"validations": [{"expression": "object.spec.replicas <"}]},
    }
    assert "spec.validations[0].expression: " in told(answer(document))
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}
    right = [{"expression": "object.spec.replicas < 3"}]
    document["spec"] = {"validations": right, "matchConstraints": {"resourceRules": [rule]}}
    assert answer(document).allowed


def test_what_is_not_evaluated_is_a_warning() -> None:
    conditions = [{"name": "c", "expression": "true"}]
    found = answer(policy(celPreconditions=conditions))
    assert found.allowed
    assert ["spec.rules[0].celPreconditions: " in one for one in found.warnings] == [True]


def test_many_errors_are_told_up_to_a_limit() -> None:
    message = "".join(f"{{{{ nobody{number} }}}}" for number in range(30))
    lines = told(answer(policy(validate={"message": message, "deny": {}}))).split("\n")
    assert len(lines) == 1 + policy_reviews.MOST_TOLD + 1
    assert lines[-1] == "and 10 more"


def test_an_update_that_leaves_the_spec_alone_is_not_judged() -> None:
    wrong = policy(validate=None)
    labelled = {**wrong, "metadata": {**wrong["metadata"], "labels": {"a": "b"}}}
    assert answer(labelled, wrong).allowed
    assert not answer(wrong, policy()).allowed


def test_deletions_and_subresources_are_not_judged() -> None:
    assert answer(None, operation="DELETE").allowed
    assert answer(policy(validate=None), subResource="status").allowed


@pytest.mark.parametrize("document", [{}, {"kind": "Pod"}, {"apiVersion": 1, "kind": [], "metadata": 5}])
def test_what_is_no_policy_is_let_in(document: Document) -> None:
    assert answer(document).allowed


@pytest.mark.parametrize("metadata", [None, [], {"name": 5}, {"name": {}}])
def test_metadata_of_wrong_shape_is_refused(metadata: Any) -> None:
    assert not answer({**policy(), "metadata": metadata}).allowed


def test_a_policy_that_takes_too_long_is_let_in_with_a_warning() -> None:
    found = asyncio.run(PolicyReviews().review(body(policy(validate=None)), timeout_seconds=0))
    response = json.loads(found)["response"]
    assert response["allowed"]
    assert "no time" in response["warnings"][0]


def application() -> AdmissionApplication:
    world = World(_never, lambda _group, _plural: "", lambda _user, _groups: ((), ()))
    return AdmissionApplication(AdmissionService(admission_rules(()), world, AdmissionMetrics()))


async def _never(_key: Any) -> Any:
    raise AssertionError


def test_the_path_of_policies_answers_reviews() -> None:
    found = ask(application(), f"{PATH}?timeout=10s", method="POST", body=body(policy(validate=None)))
    assert (found.status, found.json["response"]["uid"]) == (200, "u-1")
    assert "cannot be used" in found.json["response"]["status"]["message"]


@pytest.mark.parametrize(
    ("sent", "status"), [(b"{", 400), (b"", 400), (b"[1]", 400), (b"x" * (16 << 20 | 1), 413)]
)
def test_what_is_no_review_is_refused(sent: bytes, status: int) -> None:
    assert ask(application(), PATH, method="POST", body=sent).status == status
    assert ask(application(), PATH).status == 404


def test_a_review_of_another_version_is_answered() -> None:
    sent = body(policy()).replace(b"admission.k8s.io/v1", b"admission.k8s.io/v9")
    response = ask(application(), PATH, method="POST", body=sent).json["response"]
    assert (response["allowed"], response["status"]["code"]) == (False, 400)


def test_the_webhook_asks_about_policies_alone_and_never_about_deletions() -> None:
    configuration = policy_configuration(Target(b"authority", url="https://127.0.0.1:9443", name="n"))
    (webhook,) = configuration["webhooks"]
    assert configuration["metadata"]["name"] == "n-policies"
    assert webhook["clientConfig"]["url"] == f"https://127.0.0.1:9443{PATH}"
    assert {group for rule in webhook["rules"] for group in rule["apiGroups"]} == {
        "kyverno.io",
        "policies.kyverno.io",
    }
    assert all(rule["operations"] == ["CREATE", "UPDATE"] for rule in webhook["rules"])
    assert not any("/" in name or "*" in name for rule in webhook["rules"] for name in rule["resources"])


def test_the_policies_of_the_pack_have_no_errors() -> None:
    wrong = {
        one.name: found for one in load() if (found := [r for r in remarks_on(one) if r.level == "error"])
    }
    assert not wrong


@pytest.mark.parametrize("kind", ["ValidatingPolicy", "NamespacedValidatingPolicy", "ImageValidatingPolicy"])
def test_a_policy_in_cel_says_what_it_is_about_unless_it_is_on_images(kind: str) -> None:
    is_of_images = kind == "ImageValidatingPolicy"
    images = {"matchImageReferences": [{"glob": "*"}], "attestors": [{"name": "a", "cosign": {}}]}
    document = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": kind,
        "metadata": {"name": "p", "namespace": "shop"} if kind.startswith("Namespaced") else {"name": "p"},
        "spec": {"validations": [{"expression": "true"}], **(images if is_of_images else {})},
    }
    found = answer(document)
    assert found.allowed is is_of_images, told(found)
    assert found.allowed or "spec.matchConstraints: a matchConstraints with at least" in told(found)


class Kinds:
    """An API server that serves Widgets from the second look on."""

    def __init__(self) -> None:
        self.names = {("", "v1", "Pod", "")}
        self.served: list[Served] = []
        self.problems: list[str] = []
        self.looks = 0

    async def discover(self) -> None:
        self.looks += 1
        self.names.add(("example.org", "v1", "Widget", ""))


def reviewed(kinds: Kinds, document: Document) -> bool:
    reviews = PolicyReviews()
    reviews.kinds = kinds
    answered = json.loads(asyncio.run(reviews.review(body(document), 10)))
    return bool(answered["response"]["allowed"])


def named(kind: str) -> Document:
    return policy(match={"any": [{"resources": {"kinds": [kind]}}]})


def test_kinds_that_are_not_known_are_looked_up_once_before_a_policy_is_refused() -> None:
    kinds = Kinds()
    assert reviewed(kinds, named("Pod"))
    assert kinds.looks == 0
    assert reviewed(kinds, named("Widget"))
    assert not reviewed(kinds, named("Gadget"))
    assert kinds.looks == 2
    assert not reviewed(kinds, policy(validate={"message": "{{ nobody.knows }}", "deny": {}}))
    assert kinds.looks == 2, "what is wrong anyway needs no look"


def test_no_kind_is_wrong_while_groups_do_not_answer() -> None:
    kinds = Kinds()
    kinds.problems = ["metrics.k8s.io did not answer"]
    assert reviewed(kinds, named("Gadget"))
