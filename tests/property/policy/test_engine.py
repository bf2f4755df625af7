from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.core.errors import Error
from propolis.core.evaluation import Answer, MissingLookups
from propolis.core.finding import Outcome
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.pod_security.standard import compile_standard, evaluate_standard
from propolis.policy.lookups import namespace_key
from propolis.policy.model import parse_policy
from tests.unit.policy.engine.examples import NOW, findings, pod, pod_rule, policy, subject

pytestmark = pytest.mark.engine

texts = st.lists(st.sampled_from("ab{}(=)$@*?|&<>!-./\x00\u00e9 1"), max_size=8).map("".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=15,
)
expressions = st.sampled_from(
    [
        "{{ request.object.spec.a }}",
        "{{ request.object.spec.* }}",
        "{{ to_string(request.object) }}",
        "{{ images }}",
    ]
)
operators = st.sampled_from(
    ["Equals", "NotEquals", "AnyIn", "AllNotIn", "GreaterThan", "DurationLessThan", "In", "?"]
)
specs = st.fixed_dictionaries(
    {"hostNetwork": st.booleans()},
    optional={"a": json_values, "serviceAccountName": st.sampled_from(["default", "x"])},
)
pod_patterns = st.sampled_from(
    [
        "{spec: {hostNetwork: false}}",
        "{spec: {(hostNetwork): true, a: '?*'}}",
        "{spec: {=(a): '*x*', containers: [{image: '*:*'}]}}",
        "{spec: {X(serviceAccountName): 'null'}}",
        "{spec: {a: '{{ request.object.spec.hostNetwork }}'}}",
    ]
)


@given(json_values)
def test_any_document_is_a_policy_or_a_document_error(document: Any) -> None:
    found = document if isinstance(document, dict) else {"spec": document}
    found |= {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy"}
    with pytest.raises(Error):
        parse_policy(found)


@given(json_values, json_values, expressions, operators)
def test_no_resource_and_no_condition_makes_the_engine_raise(
    spec: Any, value: Any, key: str, operator: str
) -> None:
    rules = [
        {
            "name": "r",
            "match": {
                "any": [{"resources": {"kinds": ["*"], "namespaceSelector": {"matchLabels": {"a": "b"}}}}]
            },
            "validate": {"pattern": {"spec": value}},
        },
        {
            "name": "s",
            "match": {"any": [{"resources": {"kinds": ["*"]}}]},
            "validate": {
                "message": key,
                "deny": {"conditions": {"any": [{"key": key, "operator": operator, "value": value}]}},
            },
        },
    ]
    made = parse_policy(
        {
            "apiVersion": "kyverno.io/v1",
            "kind": "ClusterPolicy",
            "metadata": {"name": "p"},
            "spec": {"rules": rules},
        }
    )
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "n"}, "spec": spec}
    with pytest.raises(MissingLookups):
        evaluate(compile_policies([made]), subject(document), {}, NOW)
    found = evaluate(
        compile_policies([made]), subject(document), {namespace_key("n"): Answer()}, NOW
    ).findings
    assert {finding.rule.name for finding in found} == {"s"}


@given(pod_patterns, specs)
def test_a_rule_for_pods_says_the_same_of_a_deployment_with_that_pod(
    pattern: str, spec: dict[str, Any]
) -> None:
    made = policy(pod_rule(f"pattern: {pattern}"))
    document = pod(**spec)
    controllers = {
        "Deployment": ("apps/v1", {"template": document}),
        "CronJob": ("batch/v1", {"jobTemplate": {"spec": {"template": document}}}),
    }
    (of_pod,) = findings(made, document)
    for kind, (version, inner) in controllers.items():
        outer = {"apiVersion": version, "kind": kind, "metadata": document["metadata"], "spec": inner}
        (of_controller,) = findings(made, outer)
        assert of_controller.outcome == of_pod.outcome
        assert (of_pod.outcome is Outcome.FAIL) == (of_controller.outcome is Outcome.FAIL)


FIELDS = """
securityContext containers volumes name type seccompProfile capabilities add drop hostNetwork ports
hostPort seLinuxOptions sysctls livenessProbe httpGet host hostPath
"""
fields = st.sampled_from(FIELDS.split())
pod_like = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=4),
    max_leaves=20,
)


@given(pod_like, st.sampled_from(["baseline", "restricted"]), st.integers(0, 37))
def test_no_pod_makes_a_standard_raise(spec: Any, level: str, version: int) -> None:
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}
    found = evaluate_standard(
        compile_standard(level, f"v1.{version}"), subject(document).resource, NOW
    ).findings
    assert found
    assert {one.outcome for one in found} == {Outcome.ERROR} or not any(
        one.outcome is Outcome.ERROR for one in found
    )
    rule = pod_rule(f"podSecurity: {{level: {level}, exclude: [{{controlName: Seccomp, images: ['*']}}]}}")
    assert len(findings(policy(rule), document)) == 1
