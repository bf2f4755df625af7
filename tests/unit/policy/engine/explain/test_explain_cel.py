import pytest

from propolis.policy.engine.explain.cel_pairs import cel_pairs
from propolis.policy.engine.explain.explain_cel import explain_cel
from propolis.policy.engine.explain.explanation import RuleExplanation
from propolis.policy.engine.explain.trace import ERROR, MET, SKIPPED, UNMET
from propolis.policy.model.cel.parse import parse_cel_policy
from tests.unit.policy.engine.examples import NOW, pod, pod_rule, subject
from tests.unit.policy.engine.explain.explained import Document, explained, node

pytestmark = pytest.mark.engine

RESOURCE_RULE = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["pods"],
}


def judged(document: Document, *validations: str, condition: str = "true") -> RuleExplanation:
    policy = parse_cel_policy(
        {
            "apiVersion": "policies.kyverno.io/v1",
            "kind": "ValidatingPolicy",
            "metadata": {"name": "p"},
            "spec": {
                "matchConstraints": {"resourceRules": [RESOURCE_RULE]},
                "matchConditions": [{"name": "c", "expression": condition}],
                "variables": [{"name": "names", "expression": "object.spec.containers.map(c, c.name)"}],
                "validations": [{"expression": one, "message": "no"} for one in validations],
            },
        }
    )
    found = explain_cel(cel_pairs(policy, (), ())[0], subject(document), {}, NOW).rule
    assert found is not None
    return found


def test_every_expression_tells_its_value_and_its_parts() -> None:
    found = judged(pod(), "variables.names.size() > 1", "object.spec.containers.size() == 1")
    assert found.outcome == "fail"
    first, second = (one for one in found.nodes if one.what == "expression")
    assert (first.outcome, second.outcome) == (UNMET, MET)
    assert ("variables.names", '["app"]') in [(part.text, part.value) for part in first.children]
    assert first.source == ("spec", "validations", 0, "expression")


def test_variables_tell_their_values() -> None:
    assert node(judged(pod(), "true"), "variable").value == '["app"]'


def test_a_condition_that_leaves_the_resource_out_is_marked() -> None:
    found = judged(pod(), "true", condition="object.metadata.name == 'other'")
    assert found.outcome == "skip"
    assert node(found, "condition").outcome == SKIPPED


def test_an_expression_without_a_value_tells_why() -> None:
    found = judged(pod(), "object.spec.nowhere == 1")
    assert found.outcome == "error"
    assert node(found, "expression").outcome == ERROR
    assert "nowhere" in node(found, "expression").note


def test_a_policy_that_is_not_for_the_resource_traces_nothing() -> None:
    found = judged({**pod(), "kind": "Service"}, "true")
    assert found.outcome == "no match"
    assert [one.what for one in found.nodes] == ["match"]


def test_a_rule_in_cel_tells_its_expressions_too() -> None:
    rule = pod_rule("cel: {expressions: [{expression: 'object.spec.containers.size() > 1'}]}")
    found = explained(rule, pod())
    assert found.outcome == "fail"
    assert node(found, "expression").outcome == UNMET
    assert ("object.spec.containers.size()", "1") in [
        (part.text, part.value) for part in node(found, "expression").children
    ]
