import msgspec
import pytest

from propolis.core.resource import Origin, Resource, reference_of
from propolis.policy.engine.convert.conversion import convert_policy
from propolis.policy.engine.convert.proof import prove
from propolis.policy.engine.convert.settle import CONVERTED, DIFFERS, REFUSED, UNPROVED, settle
from propolis.policy.model.cel.parse import parse_cel_policy
from propolis.policy.model.kyverno_test import TestDocument
from propolis.policy.model.policy_test import PolicyTest
from tests.unit.policy.engine.examples import NOW, pod, pod_rule, policy

pytestmark = pytest.mark.engine


def test_resources_around_a_leaf_tell_a_wrong_conversion() -> None:
    original = policy(pod_rule("pattern: {spec: {=(hostNetwork): false}}"))
    (found,) = convert_policy(original)
    document = dict(found.documents[0])
    text = "!has(object.spec.hostNetwork)"
    document["spec"] = {**document["spec"], "validations": [{"expression": text}]}
    proof = prove(original, 0, [parse_cel_policy(document)], [], NOW)
    assert proof.difference is not None
    assert proof.difference.document["spec"]["hostNetwork"] is False
    assert (proof.difference.before.says, proof.difference.after.says) == ("passed", "refused")


def test_a_rule_is_converted_with_the_number_of_resources_that_agree() -> None:
    (one,) = settle(policy(pod_rule("pattern: {spec: {hostNetwork: false}}")), [], NOW)
    assert one.status == CONVERTED
    assert one.proof is not None
    assert one.proof.counts["passed"] > 0
    assert one.proof.counts["refused"] > 0


def test_a_refused_rule_has_its_reason() -> None:
    (one,) = settle(policy(pod_rule("podSecurity: {level: baseline, version: latest}")), [], NOW)
    assert (one.status, one.documents) == (REFUSED, ())
    assert one.reason


def test_a_difference_withholds_the_policy() -> None:
    condition = "{key: '{{request.object.spec.priorityClassName}}', operator: Equals, value: 5m}"
    rules = pod_rule(f"deny: {{conditions: {{all: [{condition}]}}}}")
    (one,) = settle(policy(rules), [], NOW)
    assert one.status in (REFUSED, DIFFERS)
    assert one.documents == ()


def test_a_rule_that_nothing_at_hand_meets_is_not_proved() -> None:
    condition = "{key: '{{request.object.metadata.name}}', operator: Equals, value: nobody-has-this-name}"
    rules = pod_rule("pattern: {spec: {hostNetwork: false}}", f"preconditions: {{all: [{condition}]}}")
    (one,) = settle(policy(rules), [], NOW)
    assert one.status in (UNPROVED, CONVERTED)
    assert bool(one.documents) == (one.status == CONVERTED)


def test_fixtures_are_compared_too() -> None:
    document = pod(containers=[{"name": "a", "image": "b"}])
    resource = Resource(reference_of(document), document, Origin("pod.yaml"))
    test = PolicyTest("", TestDocument(), resources=(resource,))
    rules = pod_rule("pattern: {spec: {hostNetwork: false}}")
    (with_fixture,) = settle(policy(rules), [test], NOW)
    (without,) = settle(policy(rules), [], NOW)
    assert with_fixture.proof is not None
    assert without.proof is not None
    assert with_fixture.proof.at_hand == without.proof.at_hand + 1
    assert msgspec.json.encode(with_fixture.documents) == msgspec.json.encode(without.documents)
