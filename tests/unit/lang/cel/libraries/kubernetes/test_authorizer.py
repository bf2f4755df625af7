import json
from typing import Any

import pytest

from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.authorizer import (
    AUTHORIZATION,
    AUTHORIZER_LIBRARY,
    AUTHORIZER_SELECTORS_LIBRARY,
    authorizer_for,
    resource_authorizer_for,
)
from tests.harness.cel import run

USER = {"username": "ada", "groups": ["dev"], "extra": {}, "uid": "", "other": 1}
USER_TEXT = '{"groups":["dev"],"username":"ada"}'
PATH = LookupKey(AUTHORIZATION, (USER_TEXT, "path", "/healthz", "get"))


def _check() -> Any:
    group = run(AUTHORIZER_LIBRARY, "authorizer_group", authorizer_for(USER), "apps")
    return run(AUTHORIZER_LIBRARY, "groupcheck_resource", group, "deployments")


def test_a_check_of_a_path_asks_for_the_user() -> None:
    check = run(AUTHORIZER_LIBRARY, "authorizer_path", authorizer_for(USER), "/healthz")
    with pytest.raises(MissingLookups) as caught:
        run(AUTHORIZER_LIBRARY, "pathcheck_check", check, "get")
    assert caught.value.keys == {PATH}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer({"allowed": True, "reason": "a rule"}), [True, "a rule", False, ""]),
        (Answer({"allowed": False}), [False, "", False, ""]),
        (Answer(None), [False, "", False, ""]),
        (Answer({"allowed": True}, error="no authorizer"), [False, "", True, "no authorizer"]),
    ],
)
def test_a_decision_tells_what_was_answered(answer: Answer, expected: list[Any]) -> None:
    check = run(AUTHORIZER_LIBRARY, "authorizer_path", authorizer_for(USER), "/healthz")
    decision = run(AUTHORIZER_LIBRARY, "pathcheck_check", check, "get", answers={PATH: answer})
    found = [
        run(AUTHORIZER_LIBRARY, f"decision_{name}", decision)
        for name in ("allowed", "reason", "errored", "error")
    ]
    assert found == expected


def test_a_check_of_a_resource_has_every_detail() -> None:
    check = _check()
    for name in ("subresource", "namespace", "name"):
        check = run(AUTHORIZER_LIBRARY, f"resourcecheck_{name}", check, f"the-{name}")
    check = run(AUTHORIZER_SELECTORS_LIBRARY, "authorizer_fieldselector", check, "spec.nodeName=n")
    check = run(AUTHORIZER_SELECTORS_LIBRARY, "authorizer_labelselector", check, "app=a")
    with pytest.raises(MissingLookups) as caught:
        run(AUTHORIZER_LIBRARY, "resourcecheck_check", check, "create")
    details = (
        "apps",
        "deployments",
        "the-subresource",
        "the-namespace",
        "the-name",
        "create",
        "spec.nodeName=n",
        "app=a",
    )
    assert caught.value.keys == {LookupKey(AUTHORIZATION, (USER_TEXT, "resource", *details))}


def test_a_check_is_not_changed_by_what_is_built_from_it() -> None:
    check = _check()
    assert run(AUTHORIZER_LIBRARY, "resourcecheck_namespace", check, "a") != check
    assert check == resource_authorizer_for(USER, "apps", "deployments", "", "", "")


def test_a_service_account_has_its_groups() -> None:
    authorizer = run(AUTHORIZER_LIBRARY, "authorizer_serviceaccount", authorizer_for(USER), "ns", "sa")
    assert json.loads(authorizer.user) == {
        "username": "system:serviceaccount:ns:sa",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:ns"],
    }


@pytest.mark.parametrize(
    ("namespace", "name", "problem"),
    [
        ("ns", "Not a name", "Invalid service account name"),
        ("a.b", "sa", "Invalid service account namespace"),
    ],
)
def test_a_service_account_has_a_valid_name(namespace: str, name: str, problem: str) -> None:
    with pytest.raises(EvaluationError, match=problem):
        run(AUTHORIZER_LIBRARY, "authorizer_serviceaccount", authorizer_for(USER), namespace, name)


def test_a_path_and_a_resource_are_not_blank() -> None:
    with pytest.raises(EvaluationError, match="path must not be empty"):
        run(AUTHORIZER_LIBRARY, "authorizer_path", authorizer_for(USER), " ")
    group = run(AUTHORIZER_LIBRARY, "authorizer_group", authorizer_for(USER), "")
    with pytest.raises(EvaluationError, match="resource must not be empty"):
        run(AUTHORIZER_LIBRARY, "groupcheck_resource", group, "\t")
