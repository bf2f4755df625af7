"""What tests exercise of policies in CEL."""

import pytest

from propolis.core.resource import Origin
from propolis.policy.engine.coverage.measure_cel import measure_cel
from propolis.policy.model.kyverno_test import Expectation, TestDocument
from propolis.policy.model.policy_test import Payload, PolicyTest
from propolis.policy.sources.test_files import resource_of
from tests.unit.policy.engine.cel_examples import cel_policy, exception
from tests.unit.policy.engine.coverage.measured import missed, named
from tests.unit.policy.engine.coverage.measured_cel import IN_SHOP, NOT_ADMIN, PRIORITY, measured
from tests.unit.policy.engine.examples import NOW

pytestmark = pytest.mark.engine


def test_a_validation_that_fails_in_no_test_misses_that_side() -> None:
    coverage = measured(PRIORITY, (named("a", priority=5), "pass"))
    assert missed(coverage) == [("expression", "not met")]
    assert (coverage.rules, coverage.branches, coverage.failing) == (1, 2, 0)
    assert coverage.missed[0].source == ("spec", "validations", 0, "expression")


def test_a_validation_that_passes_and_fails_is_covered() -> None:
    coverage = measured(PRIORITY, (named("a", priority=5), "pass"), (named("b", priority=1), "fail"))
    assert coverage.missed == ()


def test_a_constant_validation_has_one_side() -> None:
    coverage = measured("validations: [{expression: 'false'}]", (named("a"), "fail"))
    assert (coverage.branches, coverage.missed) == (1, ())


def test_each_validation_counts_by_itself_though_the_policy_stops_at_the_first() -> None:
    spec = "validations: [{expression: 'false'}, {expression: 'object.spec.priority >= 2'}]"
    coverage = measured(spec, (named("a", priority=1), "fail"))
    assert [(one.source[2], one.side) for one in coverage.missed] == [(1, "met")]


def test_a_policy_that_no_resource_is_for_misses_all() -> None:
    coverage = measured(PRIORITY, ({**named("a"), "kind": "Service"}, "skip"))
    assert missed(coverage) == [("rule", "applies"), ("expression", "met"), ("expression", "not met")]


def test_a_condition_that_is_not_met_is_told_apart_from_the_others() -> None:
    spec = f"matchConditions: [{IN_SHOP}, {NOT_ADMIN}]\n{PRIORITY}"
    found = measured(spec, (named("admin", priority=5), "skip"))
    assert missed(found) == [
        ("rule", "applies"),
        ("condition", "skipped"),
        ("condition", "met"),
        ("expression", "met"),
        ("expression", "not met"),
    ]
    assert [one.text for one in found.missed[1:3]] == ["in-shop", "not-admin"]


def test_a_condition_without_a_value_takes_no_side() -> None:
    spec = f"matchConditions: [{{name: c, expression: 'object.spec.nothing'}}]\n{PRIORITY}"
    assert ("condition", "met") in missed(measured(spec, (named("a", priority=5), "error")))


def test_a_resource_that_an_exception_lets_off_takes_nothing() -> None:
    spec = f"matchConditions: [{IN_SHOP}]\n{PRIORITY}"
    coverage = measured(spec, (named("a", priority=5), "skip"), exceptions=(exception("{}"),))
    assert len(coverage.missed) == 5


def test_a_deletion_takes_its_conditions_both_ways() -> None:
    spec = f"schedule: '0 0 * * *'\nconditions: [{IN_SHOP}, {NOT_ADMIN}]"
    coverage = measured(spec, (named("a"), "pass"), (named("admin"), "fail"), kind="DeletingPolicy")
    assert [(one.text, one.side) for one in coverage.missed] == [("in-shop", "skipped")]


MUTATIONS = """
mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: 'Object{spec: Object.spec{priority: 3}}'}
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: 'Object{metadata: Object.metadata{name: "a"}}'}
"""


def test_a_mutation_that_changes_nothing_is_missed() -> None:
    coverage = measured(MUTATIONS, (named("a", priority=1), "pass"), kind="MutatingPolicy")
    assert [(one.what, one.text, one.side) for one in coverage.missed] == [
        ("mutation", "[1] ApplyConfiguration", "changes something")
    ]


GENERATE = """
generate:
  - expression: >-
      generator.Apply('shop', [{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'm'}}])
  - expression: 'true'
"""


def test_a_generator_that_makes_nothing_is_missed() -> None:
    coverage = measured(GENERATE, (named("a"), "pass"), kind="GeneratingPolicy")
    assert [(one.what, one.text, one.side) for one in coverage.missed] == [
        ("generation", "[1]", "makes something")
    ]


IMAGES = """
matchImageReferences: [{glob: '*'}]
attestors: [{name: key, cosign: {key: {data: x}}}]
validationConfigurations: {verifyDigest: false, required: false}
validations: [{expression: "images.containers.size() == 1"}]
"""


def test_an_image_policy_takes_what_the_engine_says_of_its_images() -> None:
    pod = named("a", containers=[{"name": "c", "image": "registry.example/app:1"}])
    coverage = measured(IMAGES, (pod, "pass"), kind="ImageValidatingPolicy")
    assert missed(coverage) == [("expression", "not met")]


def test_a_document_that_is_no_resource_is_judged_in_its_mode() -> None:
    policy = cel_policy("evaluation: {mode: JSON}\nvalidations: [{expression: 'object.size == 1'}]")
    payload = Payload("JSON", resource_of({"size": 1}, Origin("payload.json")))
    document = TestDocument(results=(Expectation(policy="p", result="pass"),))
    coverage = measure_cel(policy, [PolicyTest("t.yaml", document, (policy,), payloads=(payload,))], NOW)
    assert missed(coverage) == [("expression", "not met")]
