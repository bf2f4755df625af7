import re

import yaml

from propolis.policy.engine.dumped_code import code_of
from propolis.policy.model import Policy, parse_policy
from tests.unit.policy.engine.examples import pod_rule, policy


def dumped(rule: str) -> str:
    return code_of(policy(rule))


def test_every_pattern_stands_with_its_constants() -> None:
    text = dumped(pod_rule("pattern: {spec: {=(hostNetwork): 'false', containers: [{image: '!*:latest'}]}}"))
    assert text.startswith("# rule 0: 'r'\n\n# rule 0, pattern 0\ndef make(c0, ")
    assert "# c1: 'spec'\n" in text
    assert "whether a value meets '!*:latest'" in text
    assert "fail at /spec/containers/%d/image/" in text


def test_every_expression_and_condition_is_named() -> None:
    condition = "{key: '{{ request.object.spec.a | length(@) }}', operator: GreaterThan, value: 1}"
    rule = pod_rule(f"deny: {{conditions: {{any: [{condition}]}}}}")
    text = dumped(rule)
    assert "# rule 0, condition 0: '{{ request.object.spec.a | length(@) }}' 'GreaterThan' 1\n" in text
    assert "# rule 0, expression 0: 'request.object.spec.a | length(@)'\ndef make(" in text
    assert ": length()\n" in text


def test_a_list_of_a_foreach_is_an_expression() -> None:
    text = dumped(pod_rule("foreach: [{list: 'request.object.spec.a[]', pattern: {b: '{{ element.c }}'}}]"))
    assert "expression 0: 'request.object.spec.a[]'" in text
    assert "expression 1: 'element.c'" in text
    assert "# rule 0, pattern 0\n" in text


def test_what_has_no_code_says_why() -> None:
    text = dumped(pod_rule("pattern: {spec: {'{{ request.name }}': '{{ nothing( }}'}}"))
    assert "# has no code before a resource comes" in text
    assert "# has no code: " in text


def hostile() -> Policy:
    text = "x'\n)\nimport os\n\u2028import os\x85#"
    document = yaml.safe_load(
        """
        {apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, spec: {rules: [
          {name: r, match: {any: [{resources: {kinds: [ConfigMap]}}]}, validate: {message: m}}]}}
        """
    )
    rule = document["spec"]["rules"][0]
    rule["name"] = text
    rule["validate"]["pattern"] = {text: [{text: text}], f"^({text})": [{text: 1}], "a": [[text]]}
    rule["preconditions"] = {"all": [{"key": f"{{{{ '{text}' }}}}", "operator": text, "value": text}]}
    return parse_policy(document)


def test_texts_of_a_policy_stay_in_comments_of_one_line() -> None:
    lines = re.split("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", code_of(hostile()))
    code = [line for line in lines if not line.startswith("#")]
    assert code
    assert not [line for line in code if "import" in line]
