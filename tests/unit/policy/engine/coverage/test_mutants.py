import pytest

from propolis.policy.engine.coverage.mutants import mutants_of
from tests.unit.policy.engine.examples import pod_rule, policy

pytestmark = pytest.mark.engine


def faults(rules: str) -> list[str]:
    return [one.what for one in mutants_of(policy(rules))]


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        ("true", ["true becomes false"]),
        ("5", ["5 becomes 6"]),
        ("'>5'", ["'>5' becomes '>=5'"]),
        ("'<=5'", ["'<=5' becomes '<5'"]),
        ("'!x'", ["'!x' becomes 'x'"]),
        ("x", ["'x' becomes '!x'"]),
        ("'1-5'", ["'1-5' becomes '2-5'", "'1-5' becomes '1-4'"]),
        ("'1Mi!-5Mi'", ["'1Mi!-5Mi' becomes '2Mi!-5Mi'", "'1Mi!-5Mi' becomes '1Mi!-4Mi'"]),
        ("'a | b'", ["drop 'a' of 'a | b'", "drop 'b' of 'a | b'"]),
        ("'!a & !b'", ["drop '!a' of '!a & !b'", "drop '!b' of '!a & !b'"]),
        ("'?*'", ["'?*' becomes '*'"]),
        ("'*'", []),
    ],
)
def test_leaves_get_the_faults_that_people_make(leaf: str, expected: list[str]) -> None:
    assert faults(pod_rule(f"pattern: {{spec: {{a: {leaf}}}}}")) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("(a)", "(a) becomes =(a)"),
        ("=(a)", "=(a) becomes a"),
        ("^(a)", "^(a) becomes a"),
        ("<(a)", "<(a) becomes =(a)"),
        ("X(a)", "drop X(a)"),
    ],
)
def test_anchors_become_others(key: str, expected: str) -> None:
    assert expected in faults(pod_rule(f"pattern: {{spec: {{'{key}': [{{b: 1}}]}}}}"))


def test_keys_of_a_pattern_are_dropped_one_by_one() -> None:
    found = faults(pod_rule("pattern: {spec: {a: 1, b: 2}}"))
    assert [one for one in found if one.startswith("drop")] == ["drop a", "drop b"]


def test_filters_and_their_fields_are_dropped() -> None:
    rule = """
- name: r
  match:
    any:
      - resources: {kinds: [Pod, Service], namespaces: [a]}
      - resources: {kinds: [Job]}
  exclude: {any: [{resources: {names: [x, y]}}]}
  validate: {pattern: {spec: {a: '*'}}}
"""
    assert faults(rule) == [
        "any becomes all",
        "drop a filter of match",
        "drop Pod of kinds",
        "drop Service of kinds",
        "drop namespaces",
        "drop a filter of match",
        "drop exclude",
        "drop x of names",
        "drop y of names",
    ]


def test_operators_are_negated_and_moved_to_their_neighbours() -> None:
    deny = "deny: {conditions: {any: [{key: '{{ a }}', operator: GreaterThan, value: 5}]}}"
    assert faults(pod_rule(deny)) == [
        "GreaterThan becomes LessThanOrEquals",
        "GreaterThan becomes GreaterThanOrEquals",
        "5 becomes 6",
    ]


def test_groups_of_conditions_are_thinned_and_swapped() -> None:
    one = "{key: '{{ a }}', operator: Equals, value: x}"
    found = faults(pod_rule(f"deny: {{conditions: {{any: [{one}, {one}]}}}}"))
    assert found[0] == "any becomes all"
    assert sum(text.startswith("drop the condition") for text in found) == 2


def test_levels_of_pod_security_are_lowered_and_exclusions_dropped() -> None:
    rule = "podSecurity: {level: restricted, exclude: [{controlName: Seccomp, images: ['a*']}]}"
    assert faults(pod_rule(rule)) == [
        "restricted becomes baseline",
        "drop the exclusion of Seccomp",
        "drop images",
    ]


def test_a_mutant_names_the_place_of_its_fault() -> None:
    found = mutants_of(policy(pod_rule("pattern: {spec: {'=(a)': true}}")))
    assert {one.source for one in found} == {("spec", "rules", 0, "validate", "pattern", "spec", "=(a)")}


def test_a_mutant_differs_from_its_policy_in_one_rule() -> None:
    two = pod_rule("pattern: {spec: {a: 1}}") + pod_rule("pattern: {spec: {b: 1}}").replace(
        "name: r", "name: s"
    )
    whole = policy(two)
    for mutant in mutants_of(whole):
        differing = [
            number for number, rule in enumerate(mutant.policy.spec.rules) if rule != whole.spec.rules[number]
        ]
        assert differing == [mutant.number]


def test_the_number_of_mutants_is_limited() -> None:
    assert len(mutants_of(policy(pod_rule("pattern: {spec: {a: '1 | 2 | 3 | 4'}}")), most=2)) == 2
