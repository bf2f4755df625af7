from typing import Any

import pytest

from propolis.core.evaluation import Answer, MissingLookups
from propolis.core.finding import Outcome
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.subject import UserInfo
from propolis.policy.lookups import namespace_key
from propolis.policy.model import parse_policy
from tests.unit.policy.engine.examples import NOW, pod, subject

LABELLED = {namespace_key("shop"): Answer({"metadata": {"labels": {"tier": "prod"}}})}
PRIVILEGED = {"name": "b", "securityContext": {"privileged": True}}
PATTERN = {"spec": {"containers": [{"=(securityContext)": {"=(privileged)": "false"}}]}}


def refused(
    document: dict[str, Any],
    validate: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Whether the only finding is a failure that refuses."""
    rule = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": {"pattern": PATTERN, **(validate or {})},
    }
    policy = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p"},
        "spec": {**(spec or {}), "rules": [rule]},
    }
    rules = compile_policies([parse_policy(policy)])
    decision = evaluate(rules, subject(document, **fields), LABELLED, NOW)
    assert [finding.outcome for finding in decision.findings] == [Outcome.FAIL]
    assert decision.refusing in ((), decision.findings)
    return bool(decision.refusing)


BAD = pod(containers=[PRIVILEGED])
IN_SHOP = {"action": "Enforce", "namespaces": ["sh*"]}
IN_PROD = {"action": "Enforce", "namespaceSelector": {"matchLabels": {"tier": "prod"}}}
IN_TEST = {"action": "Enforce", "namespaceSelector": {"matchLabels": {"tier": "test"}}}


@pytest.mark.parametrize(
    ("validate", "spec", "wanted"),
    [
        ({}, {}, False),
        ({"failureAction": "Enforce"}, {}, True),
        ({}, {"validationFailureAction": "enforce"}, True),
        ({"failureAction": "Audit"}, {"validationFailureAction": "Enforce"}, False),
        ({"failureActionOverrides": [IN_SHOP]}, {}, True),
        ({"failureActionOverrides": [IN_PROD]}, {}, True),
        ({"failureActionOverrides": [IN_TEST]}, {}, False),
        ({"failureActionOverrides": [{**IN_SHOP, **IN_TEST}]}, {}, False),
        ({}, {"validationFailureActionOverrides": [IN_SHOP]}, True),
        ({"failureAction": "Audit"}, {"validationFailureActionOverrides": [IN_SHOP]}, False),
        (
            {
                "failureAction": "Enforce",
                "failureActionOverrides": [{"action": "Audit", "namespaces": ["shop"]}],
            },
            {},
            False,
        ),
    ],
)
def test_the_rule_and_its_overrides_say_whether_a_failure_refuses(
    validate: dict[str, Any], spec: dict[str, Any], wanted: object
) -> None:
    assert refused(BAD, validate, spec) is wanted


def test_a_scan_refuses_nothing() -> None:
    assert not refused(BAD, {"failureAction": "Enforce"}, is_background=True)


def test_an_update_may_keep_a_violation_and_bring_none_where_there_was_none() -> None:
    enforce = {"failureAction": "Enforce"}
    changed = {**BAD, "metadata": {**BAD["metadata"], "labels": {"a": "b"}}}
    assert not refused(changed, enforce, operation="UPDATE", old=BAD)
    assert refused(changed, {**enforce, "allowExistingViolations": False}, operation="UPDATE", old=BAD)
    assert refused(BAD, enforce, operation="UPDATE", old=pod())
    elsewhere = pod(containers=[{"name": "a"}, PRIVILEGED])
    assert not refused(elsewhere, enforce, operation="UPDATE", old=BAD)


@pytest.mark.parametrize(
    "extra",
    [
        {"match": {"any": [{"resources": {"kinds": ["Pod"], "operations": ["UPDATE"]}}]}},
        {
            "preconditions": {
                "all": [{"key": "{{ request.operation }}", "operator": "Equals", "value": "UPDATE"}]
            }
        },
    ],
)
def test_a_rule_for_updates_alone_has_no_violation_from_before(extra: dict[str, Any]) -> None:
    rule = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": {"failureAction": "Enforce", "deny": {}},
        **extra,
    }
    policy = {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "p"}}
    rules = compile_policies([parse_policy({**policy, "spec": {"rules": [rule]}})])
    assert evaluate(rules, subject(BAD, operation="UPDATE", old=BAD), {}, NOW).refusing


def _refuses(rule: dict[str, Any], old: dict[str, Any] = BAD, **fields: Any) -> bool:
    """Whether a rule refuses an update of what violates it before and after."""
    whole = {"name": "r", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, **rule}
    policy = {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "p"}}
    spec = {"background": False, "rules": [whole]}
    rules = compile_policies([parse_policy({**policy, "spec": spec})])
    found = evaluate(rules, subject(BAD, operation="UPDATE", old=old, **fields), {}, NOW)
    assert [one.outcome for one in found.findings] == [Outcome.FAIL]
    return bool(found.refusing)


def test_expressions_in_cel_allow_no_violation_from_before() -> None:
    cel = {"cel": {"expressions": [{"expression": "false", "message": "no"}]}}
    assert _refuses({"validate": {"failureAction": "Enforce", **cel}})
    assert not _refuses({"validate": {"failureAction": "Enforce", "deny": {}}})


@pytest.mark.parametrize("kinds", [["Pod/ephemeralcontainers"], ["*/ephemeralcontainers"]])
def test_what_asks_for_a_subresource_was_not_made_by_one(kinds: list[str]) -> None:
    deny = {"validate": {"failureAction": "Enforce", "deny": {}}}
    match = {"match": {"any": [{"resources": {"kinds": kinds}}]}}
    assert _refuses({**deny, **match}, subresource="ephemeralcontainers")
    assert not _refuses(deny, subresource="ephemeralcontainers")


def test_who_made_what_is_there_is_not_known() -> None:
    deny = {"validate": {"failureAction": "Enforce", "deny": {}}}
    user = UserInfo("eve", groups=("dev",))
    named = {"resources": {"kinds": ["Pod"]}, "subjects": [{"kind": "User", "name": "eve"}]}
    assert _refuses({**deny, "match": {"any": [named]}}, user=user)
    assert not _refuses(deny, user=user)


def test_a_selector_of_namespaces_asks_only_when_a_rule_fails() -> None:
    validate = {"pattern": PATTERN, "failureActionOverrides": [IN_PROD]}
    rule = {"name": "r", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}, "validate": validate}
    policy = {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "p"}}
    rules = compile_policies([parse_policy({**policy, "spec": {"rules": [rule]}})])
    assert evaluate(rules, subject(pod()), {}, NOW).refusing == ()
    with pytest.raises(MissingLookups):
        evaluate(rules, subject(BAD), {}, NOW)


@pytest.mark.parametrize(("failure_policy", "count"), [("Fail", 1), ("Ignore", 0)])
def test_an_error_refuses_unless_the_policy_ignores_errors(failure_policy: str, count: int) -> None:
    deny = {"conditions": {"all": [{"key": "{{ nothing.there }}", "operator": "Equals", "value": 1}]}}
    rule = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "validate": {"failureAction": "Enforce", "deny": deny},
    }
    policy = {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "p"}}
    spec = {"failurePolicy": failure_policy, "rules": [rule]}
    decision = evaluate(compile_policies([parse_policy({**policy, "spec": spec})]), subject(pod()), {}, NOW)
    assert [finding.outcome for finding in decision.findings] == [Outcome.ERROR]
    assert len(decision.refusing) == count
