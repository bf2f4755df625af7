from typing import Any

import msgspec
import pytest

from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.policy import lookups
from propolis.policy.engine import compile_policies, evaluate
from tests.unit.policy.engine.examples import NOW, outcome, pod, pod_rule, policy, subject

Answers = dict[LookupKey, Answer]


def rule(entry: str, message: str = "it={{ it }}") -> str:
    return pod_rule(f"message: '{message}'\ndeny: {{}}", f"context:\n- {{name: it, {entry}}}")


CASES = {
    "configMap: {name: '{{request.object.metadata.name}}', namespace: conf}": (
        lookups.config_map_key("conf", "web"),
        {"data": {"a": "b"}, "metadata": {"name": "web"}, "kind": "ConfigMap"},
        '{"data":{"a":"b"},"metadata":{"name":"web"}}',
    ),
    "configMap: {name: c}": (
        lookups.config_map_key("default", "c"),
        {"data": {}},
        '{"data":{},"metadata":null}',
    ),
    "apiCall: {urlPath: '/api/v1/namespaces/{{request.namespace}}/pods', jmesPath: 'items[0]'}": (
        lookups.api_call_key("GET", "/api/v1/namespaces/shop/pods"),
        {"items": ["x"]},
        "x",
    ),
    "apiCall: {method: POST, urlPath: /apis/x, data: [{key: a, value: '{{request.namespace}}'}]}": (
        lookups.api_call_key("POST", "/apis/x", '{"a":"shop"}'),
        "ok",
        "ok",
    ),
    "apiCall: {service: {url: 'https://svc/{{request.namespace}}', headers: [{key: H, value: v}]}}": (
        lookups.service_call_key("GET", "https://svc/shop", "", '{"H":"v"}'),
        "ok",
        "ok",
    ),
    "globalReference: {name: entry.names, jmesPath: '[0]'}": (
        lookups.global_context_key("entry", "names"),
        ["first"],
        "first",
    ),
    "imageRegistry: {reference: 'nginx:1', jmesPath: configData.user}": (
        lookups.image_data_key("nginx:1"),
        {"configData": {"user": "0"}},
        "0",
    ),
}


@pytest.mark.parametrize("entry", CASES)
def test_an_entry_asks_the_world_once_it_is_named(entry: str) -> None:
    key, value, message = CASES[entry]
    assert outcome(rule(entry), pod(), lookups={key: Answer(value)}) == ("fail", f"it={message}")
    with pytest.raises(MissingLookups) as question:
        outcome(rule(entry), pod())
    assert question.value.keys == {key}


def test_an_entry_that_is_not_named_asks_nothing() -> None:
    assert outcome(rule("configMap: {name: c}", "refused"), pod()) == ("fail", "refused")


def test_what_is_used_is_told_for_the_cache() -> None:
    key = lookups.config_map_key("default", "c")
    rules = compile_policies([policy(rule("configMap: {name: c}"))])
    assert evaluate(rules, subject(pod()), {key: Answer({})}, NOW).used == {key}


@pytest.mark.parametrize("answer", [Answer(), Answer(error="forbidden"), Answer("text")])
def test_an_answer_that_is_no_use_makes_the_rule_an_error(answer: Answer) -> None:
    key = lookups.config_map_key("default", "c")
    text = pod_rule(
        "deny: {conditions: {any: [{key: '{{ it }}', operator: Equals, value: 1}]}}",
        "context: [{name: it, configMap: {name: c}}]",
    )
    assert outcome(text, pod(), lookups={key: answer})[0] == "error"


def test_a_call_that_fails_gives_its_default() -> None:
    key = lookups.api_call_key("GET", "/x")
    text = rule("apiCall: {urlPath: /x, default: [1]}")
    assert outcome(text, pod(), lookups={key: Answer(error="refused")}) == ("fail", "it=[1]")


@pytest.mark.parametrize(
    "entry",
    [
        "configMap: {name: c, namespace: other}",
        "apiCall: {urlPath: /api/v1/namespaces/other/secrets}",
        "apiCall: {urlPath: /api/v1/namespaces/shop/../other/secrets}",
        "apiCall: {urlPath: /api/v1/namespaces/shop%2f..%2fother/secrets}",
        "apiCall: {urlPath: /api/v1/namespaces/shop}",
        "apiCall: {urlPath: /api/v1/secrets}",
        "globalReference: {name: entry}",
    ],
)
def test_a_namespaced_policy_looks_at_nothing_outside_of_its_namespace(entry: str) -> None:
    text = pod_rule(
        "deny: {conditions: {any: [{key: '{{ it }}', operator: Equals, value: 1}]}}",
        f"context: [{{name: it, {entry}}}]",
    )
    inside = msgspec.structs.replace(policy(text), kind="Policy", namespace="shop")
    (finding,) = evaluate(compile_policies([inside]), subject(pod()), {}, NOW).findings
    assert finding.outcome == "error"


def test_a_value_that_comes_with_the_subject_counts_instead_of_the_world() -> None:
    values: dict[str, Any] = {"it": {"data": "given"}}
    text = rule("configMap: {name: c}", "{{ it.data }}")
    assert outcome(text, pod(), values=values) == ("fail", "given")
    assert outcome(text, pod(), rule_values={"r": values}) == ("fail", "given")
