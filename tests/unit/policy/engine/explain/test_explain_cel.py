"""Explanations of policies in CEL: what expressions see, and for what a policy is not."""

from typing import Any

from propolis.core.evaluation import Answer, Lookups
from propolis.policy.engine.explain.cel_pairs import cel_pairs
from propolis.policy.engine.explain.explain_cel import explain_cel
from propolis.policy.engine.explain.explanation import NO_MATCH, RuleExplanation
from propolis.policy.engine.explain.trace import MET, UNMET
from propolis.policy.model.cel.policy import CelPolicy
from tests.unit.policy.engine.cel.test_parameters import SPEC, VAP, config, key
from tests.unit.policy.engine.cel_examples import binding, cel_policy, exception
from tests.unit.policy.engine.examples import NOW, pod, subject


def explained(
    policy: CelPolicy, lookups: Lookups, exceptions: Any = (), bindings: Any = (), **fields: Any
) -> RuleExplanation:
    pair = cel_pairs(policy, exceptions, bindings)[0]
    found = explain_cel(pair, subject(pod(), **fields), lookups, NOW).rule
    assert found is not None
    return found


def test_a_policy_for_another_operation_is_not_for_the_request() -> None:
    policy = cel_policy("validations: [{expression: 'false'}]")
    assert explained(policy, {}).outcome == "fail"
    assert explained(policy, {}, operation="DELETE").outcome == NO_MATCH


def test_expressions_see_what_exceptions_allow() -> None:
    policy = cel_policy("validations: [{expression: \"exceptions.allowedValues == ['v']\"}]")
    found = explained(policy, {}, (exception("allowedValues: [v]"),))
    assert found.outcome == "pass"
    assert found.nodes[-1].outcome == MET


def test_expressions_see_the_parameter() -> None:
    bound = binding("{validationActions: [Deny], paramRef: {name: limits, parameterNotFoundAction: Deny}}")
    found = explained(cel_policy(SPEC, VAP), {key(): Answer([config(0)])}, (), (bound,))
    assert found.outcome == "fail"
    assert "no such" not in found.nodes[-1].note
    assert found.nodes[-1].outcome == UNMET
