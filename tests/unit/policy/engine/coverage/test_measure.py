import msgspec
import pytest

from propolis.policy.engine.coverage.measure import measure
from tests.unit.policy.engine.coverage.measured import (
    alive,
    doubtful,
    measured,
    missed,
    named,
    with_test,
    without_tests,
)
from tests.unit.policy.engine.examples import NOW, pod_rule

pytestmark = pytest.mark.engine

REPLICAS = pod_rule("pattern: {spec: {priority: '>=2'}}")


def test_a_bound_that_no_test_stands_at_lets_a_mutant_live() -> None:
    coverage = measured(REPLICAS, (named("a", priority=5), "pass"), (named("b", priority=0), "fail"))
    assert alive(coverage) == ["'>=2' becomes '>2'"]
    example = coverage.survivors[0].example
    assert example is not None
    assert example.document["spec"]["priority"] == 2
    assert (example.expected, example.mutated) == ("pass", "fail")


def test_tests_at_the_bound_kill_all_mutants() -> None:
    coverage = measured(REPLICAS, (named("a", priority=2), "pass"), (named("b", priority=1), "fail"))
    assert (coverage.killed, coverage.survivors, coverage.missed) == (1, (), ())
    assert coverage.covered == coverage.items


def test_a_policy_without_tests_misses_all_of_its_branches_and_tries_no_mutants() -> None:
    coverage = without_tests(REPLICAS)
    assert missed(coverage) == [("rule", "applies"), ("pattern", "met"), ("pattern", "not met")]
    assert (coverage.missed_rules, coverage.missed_branches, coverage.killed) == (1, 2, 0)


def test_a_rule_that_no_resource_is_for_is_missed() -> None:
    other = {**named("a"), "kind": "Service"}
    assert ("rule", "applies") in missed(measured(REPLICAS, (other, "skip")))


EXCLUDE = "exclude: {any: [{resources: {namespaces: [kube-*]}}]}"


def test_an_exclude_that_no_test_uses_is_missed_and_its_fault_lives() -> None:
    rule = pod_rule("pattern: {spec: {priority: 1}}", EXCLUDE)
    coverage = measured(rule, (named("a", priority=1), "pass"), (named("b", priority=2), "fail"))
    assert missed(coverage) == [("filter", "met")]
    assert "drop exclude" in alive(coverage)
    example = coverage.survivors[0].example
    assert example is not None
    assert example.document["metadata"]["namespace"].startswith("kube-")


def test_a_test_of_the_exclude_takes_its_branch() -> None:
    rule = pod_rule("pattern: {spec: {priority: 1}}", EXCLUDE)
    left_out = named("c", priority=2)
    left_out["metadata"]["namespace"] = "kube-system"
    coverage = measured(
        rule, (named("a", priority=1), "pass"), (named("b", priority=2), "fail"), (left_out, "skip")
    )
    assert missed(coverage) == []
    assert "drop exclude" not in alive(coverage)


PRECONDITIONS = """
preconditions:
  all:
    - {key: "{{ request.object.spec.kind || '' }}", operator: Equals, value: web}
"""


def test_conditions_count_both_ways() -> None:
    rule = pod_rule("pattern: {spec: {priority: 1}}", PRECONDITIONS)
    coverage = measured(
        rule, (named("a", kind="web", priority=1), "pass"), (named("b", kind="web", priority=2), "fail")
    )
    assert missed(coverage) == [("condition", "not met")]
    assert "drop preconditions" in alive(coverage)


ANY = "anyPattern: [{spec: {a: 1}}, {spec: {b: 1}}]"


def test_an_alternative_that_no_test_takes_is_missed_and_can_be_dropped() -> None:
    coverage = measured(pod_rule(ANY), (named("a", a=1), "pass"), (named("b"), "fail"))
    assert missed(coverage) == [("alternative", "met")]
    assert "drop an alternative" in alive(coverage)


FOREACH = "foreach: [{list: request.object.spec.items, pattern: {size: '<5'}}]"


def test_a_list_counts_with_and_without_elements() -> None:
    rule = pod_rule(FOREACH)
    some = measured(
        rule, (named("a", items=[{"size": 4}]), "pass"), (named("b", items=[{"size": 5}]), "fail")
    )
    assert missed(some) == [("foreach", "without elements")]
    assert alive(some) == []


def test_a_deny_without_conditions_refuses_always_and_counts_one_way() -> None:
    assert missed(measured(pod_rule("deny: {}"), (named("a"), "fail"))) == []
    assert missed(without_tests(pod_rule("deny: {}"))) == [("rule", "applies"), ("deny", "not met")]


def test_optional_keys_count_there_and_absent() -> None:
    rule = pod_rule("pattern: {spec: {'=(hostPID)': false}}")
    coverage = measured(rule, (named("a"), "pass"))
    assert missed(coverage) == [("pattern", "not met"), ("anchor", "there")]


def test_a_fault_deep_below_what_no_resource_has_gets_an_example() -> None:
    rule = pod_rule("pattern: {spec: {'=(init)': [{'=(security)': {'=(level)': 'a | b'}}]}}")
    coverage = measured(rule, (named("a"), "pass"))
    assert "drop 'b' of 'a | b'" in alive(coverage)
    assert doubtful(coverage) == []


def test_what_no_resource_tells_apart_is_told_apart_from_the_survivors() -> None:
    rule = pod_rule(
        "deny: {conditions: {any: [{key: '{{ request.object.spec.a }}', operator: AnyIn, value: [x]}]}}"
    )
    coverage = measured(rule, (named("a", a="x"), "fail"), (named("b", a="y"), "pass"))
    assert doubtful(coverage) == ["AnyIn becomes AllIn"]
    assert coverage.alive == 0
    assert coverage.covered == coverage.items


def test_a_mutation_is_killed_by_a_test_that_compares_its_result() -> None:
    head = REPLICAS.split("  validate:", maxsplit=1)[0]
    rules = f"{head}  mutate: {{patchStrategicMerge: {{spec: {{priority: 7}}}}}}\n"
    coverage = measured(rules, (named("a"), "pass"))
    assert alive(coverage) == ["7 becomes 8"]
    policy, test = with_test(rules, (named("a"), "pass"))
    result = msgspec.structs.replace(test.document.results[0], patched_resources="after.yaml")
    document = msgspec.structs.replace(test.document, results=(result,))
    files = {"after.yaml": (named("a", priority=7),)}
    compared = msgspec.structs.replace(test, document=document, files=files)
    assert measure(policy, [compared], NOW).killed == 1


def test_rows_that_do_not_hold_are_counted() -> None:
    assert measured(REPLICAS, (named("a", priority=5), "fail")).failing == 1


def test_rules_that_the_engine_does_not_evaluate_count_nowhere() -> None:
    rule = pod_rule("deny: {}", "celPreconditions: [{name: a, expression: 'true'}]")
    coverage = measured(rule, (named("a"), "pass"))
    assert (coverage.unjudged, coverage.rules, coverage.branches, coverage.killed) == (("r",), 0, 0, 0)


def test_expressions_in_cel_count_both_ways_and_are_negated() -> None:
    rule = pod_rule("cel: {expressions: [{expression: 'object.spec.a == 1'}, {expression: 'true'}]}")
    coverage = measured(rule, (named("a", a=1), "pass"))
    assert missed(coverage) == [("expression", "not met"), ("expression", "not met")]
    assert coverage.killed == 2


def test_no_mutants_are_tried_where_nobody_wants_them() -> None:
    coverage = measured(REPLICAS, (named("a", priority=5), "pass"), with_mutants=False)
    assert (coverage.killed, coverage.survivors) == (0, ())


def test_a_policy_with_very_many_mutants_is_tried_in_part_and_says_so() -> None:
    rule = pod_rule("pattern: {spec: {priority: '1 | 2 | 3 | 4 | 5'}}")
    coverage = measured(rule, (named("a", priority=1), "pass"), most_mutants=3)
    assert coverage.untried
    assert coverage.killed + len(coverage.survivors) == 3


def test_every_mutant_is_told_as_it_is_tried() -> None:
    told: list[int] = []
    coverage = measured(REPLICAS, (named("a", priority=5), "pass"), tick=lambda: told.append(1))
    assert len(told) == coverage.killed + len(coverage.survivors)
