from typing import Any

import pytest

from propolis.policy.engine.evidence import DenyEvidence
from propolis.policy.engine.operators import OPERATORS
from tests.unit.policy.engine.examples import findings, outcome, pod, pod_rule, policy

HOST = "'{{ request.object.spec.hostNetwork || `false` }}'"


def deny(conditions: str, extra: str = "") -> str:
    return pod_rule(f"message: no host network\ndeny: {{conditions: {conditions}}}", extra)


@pytest.mark.parametrize(
    ("operator", "key", "value", "holds"),
    [
        ("Equals", "a", "a", True),
        ("Equals", "nginx:1", "nginx:*", True),
        ("Equals", "1h", "60m", True),
        ("Equals", "1Gi", "1024Mi", True),
        ("Equals", 5, "5", True),
        ("Equals", True, "true", False),
        ("Equals", [1, 2], [1, 2.0], True),
        ("Equals", {"a": 1}, {"a": 2}, False),
        ("Equals", None, None, False),
        ("NotEquals", None, "a", False),
        ("NotEquals", "a", "b", True),
        ("NotEquals", "a", 1, True),
        ("NotEquals", "10", "", True),
        ("AnyIn", "a", ["a", "b"], True),
        ("AnyIn", ["x", "a"], ["a*"], True),
        ("AnyIn", [], ["a"], False),
        ("AnyIn", 5, "1-10", True),
        ("AnyIn", ["x"], '["x","y"]', True),
        ("AllIn", ["a", "b"], ["a", "b", "c"], True),
        ("AllIn", ["a", "z"], ["a", "b"], False),
        ("AllIn", [], ["a"], True),
        ("AnyNotIn", ["a", "z"], ["a"], True),
        ("AnyNotIn", ["a"], ["a"], False),
        ("AllNotIn", ["y", "z"], ["a"], True),
        ("AllNotIn", ["a", "z"], ["a"], False),
        ("AnyNotIn", ["20"], "1-10", True),
        ("In", "a", ["a*"], True),
        ("NotIn", ["a", "b"], ["a"], True),
        ("GreaterThan", 3, 2, True),
        ("GreaterThan", "2Gi", "1Gi", True),
        ("GreaterThan", "1h", 30, True),
        ("GreaterThan", "1.10.0", "1.9.0", True),
        ("LessThanOrEquals", "1.0.0-rc.1", "1.0.0", True),
        ("LessThan", "abc", 1, False),
        ("GreaterThanOrEquals", [1], 1, False),
        ("DurationGreaterThan", "2h", "1h", True),
        ("DurationLessThan", 10, "1m", True),
        ("DurationLessThan", "soon", "1m", False),
    ],
)
def test_an_operator_compares(operator: str, key: Any, value: Any, holds: bool) -> None:  # noqa: FBT001
    assert OPERATORS[operator.lower()](key, value) is holds


def test_deny_refuses_when_its_conditions_hold_and_shows_them() -> None:
    rule = deny(f"{{any: [{{key: {HOST}, operator: Equals, value: true, message: it has}}]}}")
    assert outcome(rule, pod()) == ("pass", "validation rule 'r' passed.")
    (finding,) = findings(policy(rule), pod(hostNetwork=True))
    assert (finding.outcome, finding.message) == ("fail", "no host network; it has")
    assert finding.evidence == DenyEvidence(("true Equals true",))


def test_deny_without_conditions_refuses_always() -> None:
    assert outcome(pod_rule("message: never\ndeny: {}"), pod()) == ("fail", "never")


def test_any_and_all_must_both_hold() -> None:
    any_all = "{any: [{key: a, operator: Equals, value: a}], all: [{key: b, operator: Equals, value: c}]}"
    assert outcome(deny(any_all), pod())[0] == "pass"


def test_the_older_list_holds_when_every_entry_holds() -> None:
    listed = "[{key: a, operator: Equals, value: a}, {key: b, operator: Equals, value: b}]"
    assert outcome(deny(listed), pod())[0] == "fail"


def test_preconditions_that_do_not_hold_skip_the_rule() -> None:
    extra = "preconditions: {all: [{key: '{{request.operation}}', operator: Equals, value: UPDATE}]}"
    assert outcome(deny("{}", extra), pod()) == ("skip", "preconditions not met")


def test_an_unknown_operator_is_an_error() -> None:
    found = outcome(deny("{any: [{key: a, operator: Resembles, value: a}]}"), pod())
    assert found == ("error", "failed to check deny conditions: unknown condition operator 'Resembles'")


def test_a_message_with_a_variable_is_filled_in() -> None:
    rule = pod_rule("message: '{{request.object.metadata.name}} refused'\ndeny: {}")
    assert outcome(rule, pod()) == ("fail", "web refused")
