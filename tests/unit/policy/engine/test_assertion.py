import pytest

from tests.unit.policy.engine.examples import outcome, pod, pod_rule

TWO = [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:2"}]


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        ("{object: {metadata: {name: web}}}", "pass"),
        ("{object: {metadata: {name: other}}}", "fail"),
        ("{object: {spec: {nothing: 1}}}", "fail"),
        ("{object: {spec: {(length(containers)): 2}}}", "pass"),
        ("{object: {spec: {(length(containers) > `2`): true}}}", "fail"),
        ("{object: {spec: {~containers: {\"(contains(image, ':'))\": true}}}}", "pass"),
        ("{object: {spec: {~containers: {name: a}}}}", "fail"),
        ("{object: {spec: {containers: [{name: a}, {name: b}]}}}", "pass"),
        ("{object: {spec: {containers: [{name: a}]}}}", "fail"),
        ("{object: {metadata: {name: \"(join('', ['we', 'b']))\"}}}", "pass"),
        ("{object: {metadata: {name: '\\web\\'}}}", "pass"),
        ("{operation: CREATE}", "pass"),
        ("{object: {spec: {'containers->c': {}}}}", "error"),
        ("{object: {spec: {'~i.containers': {}}}}", "error"),
        ("{object: {spec: {(nothing(@)): 1}}}", "error"),
        ("{object: {spec: {(length(absent)): 1}}}", "error"),
    ],
)
def test_an_assertion_is_met_or_told(tree: str, wanted: str) -> None:
    assert outcome(pod_rule(f"assert: {tree}"), pod(containers=TWO))[0] == wanted


def test_a_disagreement_names_its_place() -> None:
    rule = pod_rule("message: no good\nassert: {object: {spec: {~containers: {name: a}}}}")
    found = "object.spec.containers[1].name: Invalid value: b: Expected value: a"
    assert outcome(rule, pod(containers=TWO)) == ("fail", f"no good; {found}")
