"""What stands before the work of a policy: conditions, exceptions, limits of cost."""

from datetime import timedelta

import pytest

from propolis.policy.engine.cel.budget import OUT_OF_BUDGET
from tests.unit.policy.engine.cel_examples import cel_policy, decided, exception, only, said
from tests.unit.policy.engine.examples import NOW, outcome, pod

CHECK = "validations: [{expression: 'false', message: m}]"


@pytest.mark.parametrize(
    ("conditions", "fields", "expected"),
    [
        ("{name: a, expression: 'true'}", "", ("fail", "m")),
        ("{name: a, expression: 'false'}", "", ("skip", "skip")),
        ("{name: a, expression: object.spec.no == 1}, {name: b, expression: 'false'}", "", ("skip", "skip")),
        (
            "{name: a, expression: object.spec.no == 1}",
            "",
            ("error", "failed to load context: no such key: no"),
        ),
        ("{name: a, expression: object.spec.no == 1}", "failurePolicy: Ignore", ("skip", "skip")),
    ],
)
def test_a_condition_that_is_false_decides_before_errors_do(
    conditions: str, fields: str, expected: tuple[str, str]
) -> None:
    assert said(cel_policy(f"{CHECK}\nmatchConditions: [{conditions}]\n{fields}"), pod()) == expected


def test_a_whole_exception_lets_off_and_says_which() -> None:
    policy = cel_policy(CHECK)
    found = said(policy, pod(), None, (exception("{}", namespace="shop"),))
    assert found == ("skip", "rule is skipped due to policy exception: shop/e")
    passed = exception("reportResult: pass")
    assert said(policy, pod(), None, (passed,)) == ("pass", "rule is passed due to policy exception: e")


def test_the_exception_of_the_highest_priority_says_the_outcome() -> None:
    skip, passed = exception("{}"), exception("reportResult: pass", labels={"polex.kyverno.io/priority": "2"})
    assert said(cel_policy(CHECK), pod(), None, (skip, passed))[0] == "pass"


@pytest.mark.parametrize(("hours", "expected"), [(1, "skip"), (0, "fail"), (-1, "fail")])
def test_an_exception_whose_time_has_passed_lets_nothing_off(hours: int, expected: str) -> None:
    end = (NOW + timedelta(hours=hours)).isoformat()
    assert said(cel_policy(CHECK), pod(), None, (exception(f"expiresAt: '{end}'"),))[0] == expected


def test_conditions_of_an_exception_choose_its_requests() -> None:
    for name, expected in (("web", "skip"), ("other", "fail")):
        text = f"matchConditions: [{{name: a, expression: \"object.metadata.name == '{name}'\"}}]"
        assert said(cel_policy(CHECK), pod(), None, (exception(text),))[0] == expected


def test_an_error_of_an_exception_counts_only_where_no_other_lets_off_whole() -> None:
    broken = exception("matchConditions: [{name: a, expression: object.spec.no == 1}]")
    assert said(cel_policy(CHECK), pod(), None, (broken,))[0] == "error"
    assert said(cel_policy(CHECK), pod(), None, (exception("{}"), broken))[0] == "skip"


def test_expressions_see_the_images_and_values_that_exceptions_allow() -> None:
    policy = cel_policy("""
        validations:
          - expression: >-
              object.spec.containers.all(c, c.image in exceptions.allowedImages)
              && exceptions.allowedValues == ['v']
    """)
    assert said(policy, pod())[0] == "fail"
    allowed = exception("{images: ['nginx:1.27'], allowedValues: [v]}")
    assert said(policy, pod(), None, (allowed,))[0] == "pass"


def test_an_exception_to_another_kind_lets_nothing_off() -> None:
    other = exception("policyRefs: [{name: p, kind: MutatingPolicy}]")
    assert said(cel_policy(CHECK), pod(), None, (other,))[0] == "fail"


CONTAINS = "object.spec.t.contains(object.spec.t)"
"""Costs a hundredth of the square of the characters of ``t``."""
SMALL, BELOW_ONE_CALL, ABOVE_ONE_CALL = 100, 9_000, 11_000


def large(characters: int) -> dict[str, object]:
    return pod(t="a" * characters)


@pytest.mark.parametrize("kind", ["ValidatingPolicy", "ValidatingAdmissionPolicy"])
def test_an_expression_that_costs_more_than_it_may_is_an_error(kind: str) -> None:
    policy = cel_policy(f'validations: [{{expression: "{CONTAINS}"}}]', kind)
    assert said(policy, large(BELOW_ONE_CALL))[0] == "pass"
    outcome, message = said(policy, large(ABOVE_ONE_CALL))
    assert outcome == "error"
    assert "cost limit exceeded" in message
    assert decided(policy, large(ABOVE_ONE_CALL)).refusing


def test_the_failure_policy_decides_whether_that_refuses() -> None:
    policy = cel_policy(f'failurePolicy: Ignore\nvalidations: [{{expression: "{CONTAINS}"}}]')
    assert only(policy, large(ABOVE_ONE_CALL)).outcome == "error"
    assert not decided(policy, large(ABOVE_ONE_CALL)).refusing


def several(count: int) -> str:
    return ", ".join(
        f'{{name: c{number}, expression: "{CONTAINS} && {number} >= 0"}}' for number in range(count)
    )


def validations(count: int) -> str:
    checks = ", ".join(f'{{expression: "{CONTAINS} && {number} >= 0"}}' for number in range(count))
    return f"validations: [{checks}]"


@pytest.mark.parametrize("kind", ["ValidatingPolicy", "ValidatingAdmissionPolicy"])
def test_all_expressions_of_a_policy_share_one_budget(kind: str) -> None:
    assert said(cel_policy(validations(20), kind), large(SMALL))[0] == "pass"
    assert said(cel_policy(validations(10), kind), large(BELOW_ONE_CALL))[0] == "pass"
    outcome, message = said(cel_policy(validations(20), kind), large(BELOW_ONE_CALL))
    assert outcome == "error"
    assert OUT_OF_BUDGET in message


def test_match_conditions_have_a_smaller_budget_of_their_own() -> None:
    def text(count: int) -> str:
        return f"matchConditions: [{several(count)}]\n{validations(10)}"

    assert said(cel_policy(text(2)), large(BELOW_ONE_CALL))[0] == "pass"
    error = ("error", f"failed to load context: {OUT_OF_BUDGET}")
    assert said(cel_policy(text(4)), large(BELOW_ONE_CALL)) == error
    assert said(cel_policy(f"failurePolicy: Ignore\n{text(4)}"), large(BELOW_ONE_CALL)) == ("skip", "skip")


def test_variables_count_against_the_budget_of_what_names_them() -> None:
    names = " && ".join(f"variables.c{number}" for number in range(20))
    policy = cel_policy(f"variables: [{several(20)}]\nvalidations: [{{expression: '{names}'}}]")
    assert said(policy, large(SMALL))[0] == "pass"
    assert said(policy, large(BELOW_ONE_CALL))[0] == "error"


def test_what_a_variable_holds_counts_where_it_is_used() -> None:
    policy = cel_policy("""
        variables: [{name: v, expression: "object.spec.t + object.spec.t"}]
        validations: [{expression: "variables.v.contains(variables.v)"}]
    """)
    assert said(policy, large(SMALL))[0] == "pass"
    assert said(policy, large(BELOW_ONE_CALL))[0] == "error"


def test_the_rule_of_an_older_policy_has_the_same_limits() -> None:
    rules = f"""
    - name: r
      match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}
      validate: {{cel: {{expressions: [{{expression: "{CONTAINS}"}}]}}}}
    """
    assert outcome(rules, large(BELOW_ONE_CALL))[0] == "pass"
    assert outcome(rules, large(ABOVE_ONE_CALL))[0] == "fail"
