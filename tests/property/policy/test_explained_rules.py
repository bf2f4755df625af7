"""Laws of explanations of whole rules: the trace agrees with the engine, what is told to pass does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.core.finding import Outcome
from propolis.core.resource import Origin, Resource, reference_of
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.explain.explain import explain
from propolis.policy.engine.explain.patch_search import smallest_patch
from propolis.policy.engine.explain.rules import PairedRule, paired_rules
from propolis.policy.engine.explain.subjects import with_document
from propolis.policy.engine.operators import OPERATORS
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.parse import parse_policy
from tests.property.policy.test_patterns import patterns, values
from tests.unit.policy.engine.examples import NOW

pytestmark = pytest.mark.engine

scalars = st.sampled_from(["x", "xy", "x*", "1", "5Mi", "3s", ""]) | st.integers(0, 3) | st.booleans()
sides = st.sampled_from(
    [
        "{{ request.object.spec.a }}",
        "{{ request.object.spec.a || 'x' }}",
        "{{ request.object.spec.b[].c }}",
        "{{ request.object.spec.b[?c].a || `[]` }}",
        "{{ keys(request.object.spec) }}",
        "{{ length(request.object.spec.b || `[]`) }}",
        "{{ request.operation }}",
        "{{ nowhere }}",
        "{{ element.c }}",
    ]
)
conditions = st.fixed_dictionaries(
    {
        "key": sides | scalars,
        "operator": st.sampled_from(sorted(OPERATORS)),
        "value": scalars | st.lists(scalars, max_size=3) | sides,
    }
)
groups = st.dictionaries(st.sampled_from(["any", "all"]), st.lists(conditions, max_size=3), max_size=2)
denials = st.fixed_dictionaries({"conditions": groups | st.lists(conditions, max_size=2)})
lists = st.sampled_from(["request.object.spec.b", "request.object.spec.[a, b][]", "request.object.spec"])
loops = st.builds(
    lambda name, check, guard: {"list": name, **check, **guard},
    lists,
    st.fixed_dictionaries({"pattern": patterns.filter(lambda one: one is not None)})
    | st.fixed_dictionaries({"anyPattern": st.lists(patterns, min_size=1, max_size=2)})
    | st.fixed_dictionaries({"deny": st.fixed_dictionaries({"conditions": groups})}),
    st.fixed_dictionaries({}, optional={"preconditions": groups, "elementScope": st.booleans()}),
)
checks = (
    st.fixed_dictionaries({"pattern": st.fixed_dictionaries({"spec": patterns})})
    | st.fixed_dictionaries({"anyPattern": st.lists(patterns, min_size=1, max_size=3)})
    | st.fixed_dictionaries({"deny": denials})
    | st.fixed_dictionaries({"foreach": st.lists(loops, min_size=1, max_size=2)})
    | st.fixed_dictionaries(
        {"podSecurity": st.fixed_dictionaries({"level": st.sampled_from(["baseline", "restricted"])})}
    )
)
specs = st.dictionaries(st.sampled_from(["a", "b", "c", "containers"]), values | scalars, max_size=4) | values


def pair_of(check: Any, preconditions: Any) -> PairedRule:
    rule = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "preconditions": preconditions,
        "validate": check,
    }
    policy = parse_policy(
        {
            "apiVersion": "kyverno.io/v1",
            "kind": "ClusterPolicy",
            "metadata": {"name": "p"},
            "spec": {"rules": [rule]},
        }
    )
    return paired_rules(policy, ())[0]


def subject_of(spec: Any) -> PolicySubject:
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "n"}, "spec": spec}
    return PolicySubject(Resource(reference_of(document), document, Origin("")))


@given(checks, st.none() | groups, specs)
def test_the_trace_of_a_rule_comes_to_what_the_engine_says(check: Any, preconditions: Any, spec: Any) -> None:
    found = explain(pair_of(check, preconditions), (), subject_of(spec), {}, NOW).rule
    assert found is not None
    assert found.traced == found.outcome


@given(checks, specs)
def test_every_change_that_is_told_passes(check: Any, spec: Any) -> None:
    pair, subject = pair_of(check, None), subject_of(spec)

    def judge(document: Any) -> Outcome | None:
        findings = evaluate(pair.alone, with_document(subject, document), {}, NOW).findings
        return findings[0].outcome if findings else None

    advice = smallest_patch(pair, (), subject, judge, {}, NOW, 40)
    for document in (advice.document, *(other.document for other in advice.others)):
        assert document is None or judge(document) is Outcome.PASS
