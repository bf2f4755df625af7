from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.core.evaluation import Answer
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.policy.engine import PolicySubject
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.matching import compile_match
from propolis.policy.engine.request import Request
from propolis.policy.model import parse_policy

pytestmark = pytest.mark.engine
NOW = datetime(2026, 1, 1, tzinfo=UTC)

kinds = st.lists(st.sampled_from(["Pod", "Namespace", "*", "Deployment"]), min_size=1, max_size=2)
spaces = st.lists(st.sampled_from(["a", "b", "a*", "?"]), min_size=1, max_size=2)
operations = st.lists(st.sampled_from(["CREATE", "UPDATE", "DELETE"]), min_size=1, max_size=2, unique=True)
resources = st.fixed_dictionaries({"kinds": kinds}, optional={"namespaces": spaces, "operations": operations})
filters = st.lists(resources.map(lambda found: {"resources": found}), min_size=1, max_size=2)
matches = st.one_of(
    filters.map(lambda found: {"any": found}),
    filters.map(lambda found: {"all": found}),
    resources.map(lambda found: {"resources": found}),
)
objects = st.builds(
    lambda kind, namespace: {
        "apiVersion": "apps/v1" if kind == "Deployment" else "v1",
        "kind": kind,
        "metadata": {"name": "a"} if kind == "Namespace" else {"name": "x", "namespace": namespace},
    },
    st.sampled_from(["Pod", "Namespace", "Deployment", "Service"]),
    st.sampled_from(["a", "b", "ab"]),
)


def document(match: Document, namespace: str) -> Document:
    metadata = {"name": "p", "annotations": {"pod-policies.kyverno.io/autogen-controllers": "none"}}
    rule = {"name": "r", "match": match, "validate": {"message": "m", "pattern": {"kind": "?*"}}}
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "Policy" if namespace else "ClusterPolicy",
        "metadata": metadata | ({"namespace": namespace} if namespace else {}),
        "spec": {"rules": [rule]},
    }


@given(matches, st.sampled_from(["", "", "a", "b"]), objects, st.sampled_from(["CREATE", "UPDATE", "DELETE"]))
def test_the_index_leaves_out_only_rules_that_do_not_match(
    match: Document, namespace: str, found: Document, operation: str
) -> None:
    policy = parse_policy(document(match, namespace))
    rules = compile_policies([policy])
    subject = PolicySubject(Resource(reference_of(found), found, Origin("x")), operation=operation)
    request = Request(subject, lambda _: Answer())
    is_for = compile_match(policy.spec.rules[0].match, None, policy.namespace)(request)
    assert not is_for or rules.rules_for(request) == rules.rules
    findings = evaluate(rules, subject, {}, NOW).findings
    assert bool(findings) is (is_for and operation != "DELETE")
