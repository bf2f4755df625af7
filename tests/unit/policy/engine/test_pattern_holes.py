from typing import Any

from tests.unit.policy.engine.examples import outcome, pod, pod_rule

NAME = "{{request.object.metadata.name}}"


def judged(pattern: str, **spec: Any) -> str:
    return outcome(pod_rule(f"pattern: {{spec: {pattern}}}"), pod(**spec))[0]


def test_a_variable_that_is_a_scalar_is_compared_as_one() -> None:
    pattern = f"{{subdomain: '{NAME}', replicas: '>{{{{ `1` }}}}', flag: '{{{{ `true` }}}}'}}"
    assert judged(pattern, subdomain="web", replicas=2, flag=True) == "pass"
    assert judged(pattern, subdomain="other", replicas=2, flag=True) == "fail"
    assert judged(pattern, subdomain="web", replicas=1, flag=True) == "fail"
    assert judged(pattern, subdomain="web", replicas=2, flag="true") == "fail"


def test_a_failure_shows_what_the_variable_stood_for() -> None:
    rule = pod_rule(f"pattern: {{spec: {{=(volumes): [{{name: '{NAME}'}}]}}}}")
    assert outcome(rule, pod(volumes=[{"name": "web"}, {"name": "x"}])) == (
        "fail",
        "validation error: rule r failed at path /spec/volumes/1/name/",
    )


def test_a_variable_that_is_an_object_or_list_is_a_pattern() -> None:
    assert judged('{a: \'{{ `{"b": "x*"}` }}\'}', a={"b": "xy"}) == "pass"
    assert judged('{a: \'{{ `{"b": "x*"}` }}\'}', a={"b": "y"}) == "fail"
    assert judged("{a: '{{ `[{\"b\": 1}]` }}'}", a=[{"b": 1}, {"b": 2}]) == "fail"


def test_a_variable_that_is_a_star_wants_the_key_to_be_there() -> None:
    assert judged("{a: '{{ `\"*\"` }}'}", a={}) == "pass"
    assert judged("{a: '{{ `\"*\"` }}'}") == "fail"


def test_a_variable_in_a_key_names_the_key() -> None:
    assert judged(f"{{'{NAME}': 1}}", web=1) == "pass"
    assert judged(f"{{'{NAME}': 1}}", web=2) == "fail"


def test_a_variable_in_a_condition_decides_whether_the_rule_is_for_the_resource() -> None:
    assert judged(f"{{(subdomain): '{NAME}', a: 1}}", subdomain="other") == "skip"
    assert judged(f"{{(subdomain): '{NAME}', a: 1}}", subdomain="web") == "fail"
