from typing import Any

import pytest

from propolis.policy.engine.evidence import PatternEvidence
from tests.unit.policy.engine.examples import findings, outcome, pod, pod_rule, policy

LATEST = pod_rule("message: pin it\npattern: {spec: {containers: [{image: '!*:latest'}]}}")


def test_a_resource_that_has_the_pattern_passes() -> None:
    assert outcome(LATEST, pod()) == ("pass", "validation rule 'r' passed.")


def test_a_failure_names_the_rule_and_the_path() -> None:
    document = pod(containers=[{"name": "a", "image": "x:1"}, {"name": "b", "image": "x:latest"}])
    assert outcome(LATEST, document) == (
        "fail",
        "validation error: pin it. rule r failed at path /spec/containers/1/image/",
    )


def test_evidence_shows_the_value_and_what_was_expected() -> None:
    document = pod(containers=[{"name": "b", "image": "x:latest"}])
    (finding,) = findings(policy(LATEST), document)
    assert finding.evidence == PatternEvidence("/spec/containers/0/image/", '"x:latest"', '"!*:latest"')


@pytest.mark.parametrize(
    ("pattern", "spec", "expected"),
    [
        ("{spec: {=(hostNetwork): false}}", {}, "pass"),
        ("{spec: {=(hostNetwork): false}}", {"hostNetwork": True}, "fail"),
        ("{spec: {hostNetwork: false}}", {}, "fail"),
        ("{spec: {X(hostNetwork): 'null'}}", {"hostNetwork": False}, "fail"),
        ("{spec: {X(hostNetwork): 'null'}}", {}, "pass"),
        ("{spec: {(hostNetwork): true, hostPID: true}}", {}, "skip"),
        ("{spec: {(hostNetwork): true, hostPID: true}}", {"hostNetwork": True}, "fail"),
        ("{spec: {(hostNetwork): true, hostPID: true}}", {"hostNetwork": True, "hostPID": True}, "pass"),
        ("{spec: {<(hostNetwork): true, hostPID: true}}", {"hostNetwork": False}, "skip"),
        ("{spec: {<(hostNetwork): true, hostPID: true}}", {}, "fail"),
        ("{spec: {^(containers): [{name: side}]}}", {}, "fail"),
        ("{spec: {^(containers): [{name: 'a*'}]}}", {}, "pass"),
        ("{spec: {replicas: '>1 & <5 | 9'}}", {"replicas": 3}, "pass"),
        ("{spec: {replicas: '>1 & <5 | 9'}}", {"replicas": 9}, "pass"),
        ("{spec: {replicas: '>1 & <5 | 9'}}", {"replicas": 6}, "fail"),
        ("{spec: {memory: '1Gi-2Gi'}}", {"memory": "1536Mi"}, "pass"),
        ("{spec: {memory: '1Gi!-2Gi'}}", {"memory": "1536Mi"}, "fail"),
        ("{spec: {grace: '<=30s'}}", {"grace": "0.5m"}, "pass"),
        ("{spec: {name: '?*'}}", {"name": ""}, "fail"),
        ("{spec: {name: '*'}}", {}, "fail"),
        ("{spec: {name: '*'}}", {"name": ""}, "pass"),
        ("{spec: {name: null}}", {}, "pass"),
        ("{spec: {name: null}}", {"name": "x"}, "fail"),
        ("{spec: {args: 'a*'}}", {"args": ["a1", "a2"]}, "pass"),
        ("{spec: {args: ['a*']}}", {"args": ["a1", "b"]}, "fail"),
        ("{spec: {number: 3}}", {"number": "3"}, "pass"),
        ("{spec: {number: 3}}", {"number": True}, "fail"),
        ("{spec: {flag: 'true'}}", {"flag": True}, "pass"),
        ("{spec: {map: {}}}", {"map": 3}, "fail"),
    ],
)
def test_each_notation_decides(pattern: str, spec: dict[str, Any], expected: str) -> None:
    assert outcome(pod_rule(f"pattern: {pattern}"), pod(**spec))[0] == expected


def test_a_condition_in_a_list_leaves_out_elements_and_only_all_of_them_skip_the_rule() -> None:
    rule = pod_rule("pattern: {spec: {containers: [{(name): 'a*', image: 'ok:*'}]}}")
    mixed = [{"name": "b", "image": "bad:1"}, {"name": "a", "image": "ok:1"}]
    assert outcome(rule, pod(containers=mixed))[0] == "pass"
    assert outcome(rule, pod(containers=mixed[:1]))[0] == "skip"
    assert outcome(rule, pod(containers=[{"name": "a", "image": "bad:1"}]))[0] == "fail"


def test_a_wildcard_in_a_label_key_stands_for_a_label() -> None:
    rule = pod_rule("pattern: {metadata: {labels: {'team/*': 'a*'}}}")
    document = pod()
    document["metadata"]["labels"] = {"x": "y", "team/name": "alpha"}
    assert outcome(rule, document)[0] == "pass"
    document["metadata"]["labels"] = {"team/name": "beta"}
    assert outcome(rule, document) == (
        "fail",
        "validation error: rule r failed at path /metadata/labels/team/name/",
    )


def test_any_pattern_passes_with_the_first_that_is_met() -> None:
    rule = pod_rule("message: neither\nanyPattern:\n- {spec: {a: 1}}\n- {spec: {b: 2}}")
    assert outcome(rule, pod(b=2)) == ("pass", "validation rule 'r' anyPattern[1] passed.")
    assert outcome(rule, pod()) == (
        "fail",
        "validation error: neither. rule r[0] failed at path /spec/a/ rule r[1] failed at path /spec/b/",
    )


def test_variables_are_filled_into_the_pattern_before_it_is_compared() -> None:
    rule = pod_rule("pattern: {spec: {subdomain: '{{request.object.metadata.name}}-{{request.namespace}}'}}")
    assert outcome(rule, pod(subdomain="web-shop"))[0] == "pass"
    assert outcome(rule, pod(subdomain="other"))[0] == "fail"


def test_a_variable_that_is_not_there_makes_the_rule_an_error() -> None:
    rule = pod_rule("pattern: {spec: {subdomain: '{{request.object.spec.nothing}}'}}")
    expected = (
        "variable substitution failed: failed to resolve request.object.spec.nothing "
        'at path /spec/subdomain: JMESPath query failed: Unknown key "nothing" in path'
    )
    assert outcome(rule, pod()) == ("error", expected)


def test_a_deletion_has_nothing_that_a_pattern_could_check() -> None:
    assert outcome(LATEST, pod(), operation="DELETE") == ("none", "")


def test_a_pattern_deeper_than_the_limit_is_an_error() -> None:
    deep: Any = "x"
    for _ in range(150):
        deep = {"a": deep}
    rules = policy(LATEST)
    rule = rules.spec.rules[0]
    assert rule.validation is not None
    document: dict[str, Any] = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "p"},
        "spec": {
            "rules": [
                {
                    "name": "r",
                    "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
                    "validate": {"pattern": deep},
                }
            ]
        },
    }
    from propolis.policy.model import parse_policy  # noqa: PLC0415  # next to its only use

    (finding,) = findings(parse_policy(document), pod())
    assert (finding.outcome, finding.message) == ("error", "the pattern is nested deeper than 100 levels")


@pytest.mark.parametrize("way", ["pattern: {}", "anyPattern: [{}]"])
def test_what_is_expected_where_an_object_is_absent_has_its_variables_filled_in(way: str) -> None:
    inner = "{metadata: {labels: {team: '{{ request.object.metadata.name }}'}}}"
    (found,) = findings(policy(pod_rule(way.format(inner))), pod())
    assert isinstance(found.evidence, PatternEvidence)
    assert found.evidence.expected == '{"team":"web"}'


CONTAINERS = "{(image): '!*/foo:*', securityContext: {allowPrivilegeEscalation: 'false'}}"
FOO = {"name": "a", "image": "test/foo:1"}
BAR = {"name": "b", "image": "test/bar:1", "securityContext": {"allowPrivilegeEscalation": True}}


def _lists(*names: str) -> str:
    parts = ", ".join(f"=({name}): [{CONTAINERS}]" for name in names)
    return f"pattern: {{spec: {{{parts}}}}}"


@pytest.mark.parametrize(
    ("names", "spec", "expected"),
    [
        (("initContainers", "containers"), {"containers": [FOO], "initContainers": [BAR]}, "fail"),
        (("initContainers", "containers"), {"containers": [FOO], "initContainers": [FOO]}, "skip"),
        (("initContainers", "containers"), {"containers": [FOO]}, "pass"),
        (("containers",), {"containers": [FOO]}, "skip"),
        (("containers",), {"containers": [FOO, BAR]}, "fail"),
    ],
)
def test_what_one_anchor_leaves_out_does_not_let_off_what_another_finds(
    names: tuple[str, ...], spec: dict[str, Any], expected: str
) -> None:
    assert outcome(pod_rule(_lists(*names)), pod(**spec))[0] == expected


def test_lists_of_lists_that_are_too_short_are_an_error() -> None:
    rule = pod_rule("pattern: {spec: {args: [[a], [b]]}}")
    assert outcome(rule, pod(args=[["a"]]))[0] == "error"
    assert outcome(rule, pod(args=[["a"], ["c"]]))[0] == "fail"
