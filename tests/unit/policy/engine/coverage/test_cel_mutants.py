"""Faults of policies in CEL: which there are, and which no test notices."""

import pytest

from propolis.policy.engine.coverage.cel_faults import cel_mutants_of
from tests.unit.policy.engine.cel_examples import cel_policy
from tests.unit.policy.engine.coverage.measured import alive, doubtful, named
from tests.unit.policy.engine.coverage.measured_cel import IN_SHOP, NOT_ADMIN, PRIORITY, measured

pytestmark = pytest.mark.engine

TWO = "validations: [{expression: 'object.spec.priority >= 2'}, {expression: 'object.spec.priority <= 8'}]"


def test_conditions_are_negated_and_dropped_and_the_only_validation_stays() -> None:
    found = cel_mutants_of(cel_policy(f"matchConditions: [{IN_SHOP}]\n{PRIORITY}"))
    assert [one.what for one in found] == [
        "negate condition in-shop",
        "drop condition in-shop",
        "negate validation [0]",
    ]
    assert found[0].source == ("spec", "matchConditions", 0, "expression")


def test_of_several_validations_each_is_left_out() -> None:
    found = [one.what for one in cel_mutants_of(cel_policy(TWO))]
    assert found == [f"{way} validation [{index}]" for index in (0, 1) for way in ("negate", "drop")]


def test_the_number_of_mutants_has_a_limit() -> None:
    assert len(cel_mutants_of(cel_policy(TWO), 3)) == 3
    coverage = measured(TWO, (named("a", priority=5), "pass"), most_mutants=3)
    assert (coverage.untried, coverage.killed + len(coverage.survivors)) == (True, 3)


def test_an_expression_that_ends_with_a_comment_is_negated() -> None:
    spec = "validations: [{expression: 'object.spec.priority >= 2 // at least'}]"
    coverage = measured(spec, (named("a", priority=5), "pass"))
    assert (coverage.killed, coverage.survivors) == (1, ())
    assert measured(spec, (named("a", priority=1), "fail")).killed == 1


def test_tests_of_both_sides_kill_all_mutants() -> None:
    coverage = measured(
        TWO,
        (named("a", priority=5), "pass"),
        (named("b", priority=1), "fail"),
        (named("c", priority=9), "fail"),
    )
    assert (coverage.killed, coverage.survivors) == (4, ())
    assert coverage.covered == coverage.items


def test_a_validation_that_no_test_needs_lives_with_an_example() -> None:
    coverage = measured(TWO, (named("a", priority=5), "pass"), (named("b", priority=1), "fail"))
    assert alive(coverage) == ["drop validation [1]"]
    example = coverage.survivors[0].example
    assert example is not None
    assert example.operations == ({"op": "replace", "path": "/spec/priority", "value": 9},)
    assert (example.expected, example.mutated) == ("fail", "pass")


def test_a_field_that_is_not_there_is_set_for_an_example() -> None:
    spec = f"matchConditions: [{NOT_ADMIN}]\nvalidations: [{{expression: '!has(object.spec.hostNetwork)'}}, \
{{expression: '!object.spec.?securityContext.?privileged.orValue(false)'}}]"
    coverage = measured(spec, (named("a"), "pass"))
    changes = [one.example.operations[0]["path"] for one in coverage.survivors if one.example is not None]
    assert alive(coverage) == ["drop condition not-admin", "drop validation [0]", "drop validation [1]"]
    assert changes == ["/metadata/name", "/spec/hostNetwork", "/spec/securityContext"]


def test_an_object_of_a_list_is_changed_for_an_example() -> None:
    spec = """
validations:
  - expression: object.spec.containers.size() < 5
  - expression: object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))
"""
    coverage = measured(spec, (named("a", containers=[{"name": "c"}]), "pass"))
    examples = {one.what: one.example for one in coverage.survivors}
    example = examples["drop validation [1]"]
    assert example is not None
    assert example.document["spec"]["containers"] == [{"name": "c", "securityContext": {"privileged": True}}]


def test_a_condition_on_who_asks_is_told_apart_by_another_user() -> None:
    spec = (
        f"matchConditions: [{{name: who, expression: \"request.userInfo.username != 'root'\"}}]\n{PRIORITY}"
    )
    coverage = measured(spec, (named("a", priority=5), "pass"))
    example = coverage.survivors[0].example
    assert example is not None
    assert (coverage.survivors[0].what, example.mutated) == ("drop condition who", "pass")
    assert "root" in example.request


def test_a_condition_that_always_holds_may_be_left_out_for_nothing() -> None:
    coverage = measured(
        f"matchConditions: [{{name: c, expression: '1 < 2'}}]\n{PRIORITY}", (named("a", priority=2), "pass")
    )
    assert (alive(coverage), doubtful(coverage)) == ([], ["drop condition c"])


def test_without_mutants_none_is_tried() -> None:
    coverage = measured(TWO, (named("a", priority=5), "pass"), with_mutants=False)
    assert (coverage.killed, coverage.survivors) == (0, ())
