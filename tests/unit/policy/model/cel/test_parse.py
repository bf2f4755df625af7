"""Documents of CEL policies, exceptions and bindings; every error has its place."""

from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.policy.model.cel.check import MOST_CONDITIONS
from propolis.policy.model.cel.parse import (
    SPECS,
    is_binding,
    is_cel_exception,
    is_cel_policy,
    parse_binding,
    parse_cel_exception,
    parse_cel_policy,
)

SPEC_OF: dict[str, dict[str, Any]] = {
    "ValidatingPolicy": {"validations": [{"expression": "true"}]},
    "MutatingPolicy": {"mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}]},
    "GeneratingPolicy": {"generate": [{"expression": "true"}]},
    "DeletingPolicy": {"schedule": "* * * * *"},
    "ImageValidatingPolicy": {"attestors": [{"name": "a"}], "validations": [{"expression": "true"}]},
    "ValidatingAdmissionPolicy": {"matchConstraints": {}, "validations": [{"expression": "true"}]},
    "MutatingAdmissionPolicy": {
        "matchConstraints": {},
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}],
    },
}


def document(kind: str, group: str = "policies.kyverno.io", **spec: Any) -> dict[str, Any]:
    base = SPEC_OF[kind.removeprefix("Namespaced")]
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": "p"},
        "spec": {**base, **spec},
    }


@pytest.mark.parametrize(("group", "kind"), SPECS)
def test_every_kind_is_parsed(group: str, kind: str) -> None:
    # the smallest constraints that say anything
    given = document(kind, group, matchConstraints={"resourceRules": [{"resources": ["pods"]}]})
    assert is_cel_policy(given)
    policy = parse_cel_policy(given)
    assert (policy.kind, policy.base_kind) == (kind, kind.removeprefix("Namespaced"))
    assert policy.key == ("default/p" if kind.startswith("Namespaced") else "p")
    assert policy.mode == "Kubernetes"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (document("ValidatingPolicy", nonsense=1), "nonsense"),
        (document("ValidatingPolicy", validations=[]), "nothing is validated"),
        (document("ValidatingPolicy", paramKind={"kind": "ConfigMap"}), "no such field"),
        (document("ValidatingPolicy", failurePolicy="Maybe"), "failurePolicy"),
        (document("ValidatingPolicy", validations=[{"expression": 1}]), "expression"),
        (document("MutatingPolicy", mutations=[]), "nothing is changed"),
        (document("MutatingPolicy", mutations=[{"patchType": "JSONPatch"}]), "no expression"),
        (document("MutatingPolicy", mutations=[{"patchType": "Nonsense"}]), "patchType"),
        (document("GeneratingPolicy", generate=[{}]), "does not say one thing"),
        (
            document("GeneratingPolicy", generate=[{"expression": "a", "template": {"value": "b"}}]),
            "does not say one thing",
        ),
        (document("DeletingPolicy", schedule=None), "schedule"),
        (document("ImageValidatingPolicy", attestors=None), "attestors"),
        (
            document("ValidatingPolicy", variables=[{"name": "v", "expression": "1"}] * 2),
            "two are called 'v'",
        ),
        (document("ValidatingPolicy", matchConditions=[{"name": "v", "expression": " "}]), "is empty"),
        (
            document(
                "ValidatingPolicy",
                matchConditions=[
                    {"name": f"v{number}", "expression": "true"} for number in range(MOST_CONDITIONS + 1)
                ],
            ),
            f"at most {MOST_CONDITIONS}",
        ),
        (document("ValidatingPolicy", evaluation={"mode": "Nonsense"}), "no mode"),
        ({**document("ValidatingPolicy"), "spec": None}, "spec"),
        ({**document("ValidatingPolicy"), "metadata": None}, "metadata"),
        ({**document("ValidatingPolicy"), "metadata": {}}, "name"),
        ({**document("ValidatingPolicy"), "extra": 1}, "extra"),
        ({**document("ValidatingPolicy"), "kind": "Pod"}, "no policy in CEL"),
    ],
)
def test_what_is_wrong_is_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_cel_policy(given)
    assert message in str(caught.value)


def test_kinds_of_the_api_server_know_less_and_must_say_what_they_are_for() -> None:
    group = "admissionregistration.k8s.io"
    rules = {"resourceRules": [{"resources": ["pods"]}]}
    given = document("ValidatingAdmissionPolicy", group, matchConstraints=rules, autogen={})
    with pytest.raises(DocumentError, match="no such field"):
        parse_cel_policy(given)
    with pytest.raises(DocumentError, match="nothing says which requests"):
        parse_cel_policy(document("ValidatingAdmissionPolicy", group, matchConstraints=None))


def test_an_exception_names_policies() -> None:
    given: dict[str, Any] = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "PolicyException",
        "metadata": {"name": "e", "namespace": "n"},
        "spec": {
            "policyRefs": [{"kind": "ValidatingPolicy", "name": "p"}],
            "expiresAt": "2026-01-01T00:00:00Z",
        },
    }
    assert is_cel_exception(given)
    found = parse_cel_exception(given)
    assert found.key == "n/e"
    assert found.spec.expires_at is not None
    wrong: list[dict[str, Any]] = [
        {"policyRefs": []}, {}, {**given["spec"], "expiresAt": "soon"}, {**given["spec"], "x": 1},
    ]  # fmt: skip
    for spec in wrong:
        with pytest.raises(DocumentError):
            parse_cel_exception({**given, "spec": spec})


@pytest.mark.parametrize(
    ("ref", "is_right"),
    [
        ({"name": "a"}, True),
        ({"selector": {}}, True),
        ({}, False),
        ({"name": "a", "selector": {}}, False),
        ({"name": "a", "parameterNotFoundAction": "Maybe"}, False),
    ],
)
def test_parameters_are_found_by_one_of_name_and_selector(ref: dict[str, Any], is_right: bool) -> None:  # noqa: FBT001  # a parameter
    given = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "b"},
        "spec": {"policyName": "p", "paramRef": ref},
    }
    assert is_binding(given)
    if is_right:
        assert parse_binding(given).spec.policy_name == "p"
    else:
        with pytest.raises(DocumentError):
            parse_binding(given)
