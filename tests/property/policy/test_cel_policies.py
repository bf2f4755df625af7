"""Laws of policies in CEL: bounds of cost hold, nothing breaks the engine, nobody leaves their namespace."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from propolis.core.errors import DocumentError
from propolis.core.evaluation import MissingLookups
from propolis.lang.cel.cost.counter import Counter, Plan
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.cel.apply import apply_object
from propolis.policy.engine.cel.bounds import bounds_of
from propolis.policy.engine.cel.programs import Expressions
from propolis.policy.engine.cel.seen import Seen
from propolis.policy.engine.crd.rules import compile_rules
from propolis.policy.engine.crd.validation import validate
from propolis.policy.engine.request import Request
from propolis.policy.model.cel.parse import parse_cel_exception, parse_cel_policy
from propolis.policy.model.cel.policy import KYVERNO
from tests.property.documents import VALUES, objects
from tests.unit.policy.engine.cel_examples import cel_policy
from tests.unit.policy.engine.examples import NOW, pod, subject

DOCUMENTS = objects() | st.dictionaries(
    st.sampled_from(["spec", "metadata", "containers", "a"]), VALUES, max_size=3
)
EXPRESSIONS = st.sampled_from(
    [
        "object.l.all(a, a.startsWith('x'))",
        "object.l.all(a, object.l.exists(b, a == b))",
        "object.l.map(a, a + a)",
        "object.l.map(a, object.l)",
        "object.l.filter(a, a != '').map(a, a.size()).exists(n, n > 3)",
        "object.m.all(k, object.m[k].all(v, v.contains('a')))",
        "object.m.map(k, object.m[k].size())",
        "object.?nothing.orValue(object.l).map(a, a.lowerAscii())",
        "object.t.contains(object.t) || object.t.matches('a+b*')",
        "object.l + object.l + object.l",
        "object.t + object.t == object.t",
        "[object.t, object.l, object.m].size() > 1",
        "{'a': object.l, 'b': object.t}.a.size()",
        "object.t.split('a').all(p, p.size() >= 0)",
        "cel.bind(x, object.l, x.all(a, x.exists(b, a == b)))",
        "object.l.size() > 2 ? object.l[0] : object.t",
        "has(object.m) && object.m.exists(k, k in object.l)",
        "object.l in [object.l, object.l] || object.l == object.l",
        "request.object.l.all(a, a in request.object.l)",
        "string(object.l.size()) + object.t",
        "object.l.exists_one(a, a == object.t)",
        "object.t.replace('a', 'bb').size() > 3",
        "dyn(object.t) == object.t && object.t < 'b'",
    ]
)
TEXTS = st.text('abx,"{}[]', max_size=30)
OBJECTS = st.fixed_dictionaries(
    {
        "l": st.lists(TEXTS, max_size=12),
        "m": st.dictionaries(TEXTS, st.lists(TEXTS, max_size=5), max_size=5),
        "t": TEXTS,
    }
)


@given(EXPRESSIONS, EXPRESSIONS, OBJECTS)
@settings(max_examples=300)
def test_no_evaluation_costs_more_than_its_bound(text: str, variable: str, document: dict[str, Any]) -> None:
    expressions = Expressions("ValidatingPolicy")
    program = expressions.program(text)
    seen = Seen(Request(subject({**pod(), **document}), _refuse), Runtime(NOW, _refuse))
    for extent in (seen.coarse, seen.fine):
        bound = bounds_of(program.tree, extent, {})
        counter = Counter(Plan(program.tree))
        try:
            value = program.evaluate_observed(seen.activation, seen.runtime, counter.observe)
        except EvaluationError:
            value = None
        assert counter.cost <= bound.cost
        assert elements(value) <= bound.extent.items
        assert longest(value) <= bound.extent.text
    del variable


def _refuse(key: Any) -> Any:
    raise MissingLookups((key,))


def elements(value: Any) -> int:
    """Elements of all lists and maps in a value together."""
    if isinstance(value, dict):
        return len(value) + sum(map(elements, value.values()))
    return len(value) + sum(map(elements, value)) if isinstance(value, list) else 0


def longest(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max(map(longest, parts), default=0)


SPECS = {
    "ValidatingPolicy": 'validations: [{expression: "object.spec.containers.all(c, c.image.size() > 0)"}]',
    "MutatingPolicy": "mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: "
    "'Object{metadata: Object.metadata{labels: Object.metadata.labels{a: object.metadata.name}}}'}}]",
    "GeneratingPolicy": """
        generate:
          - template:
              interpolate: cel
              value: |
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: ((object.metadata.name)), namespace: ((object.metadata.namespace))}
    """,
    "DeletingPolicy": '{schedule: "* * * * *", conditions: [{name: c, expression: "object.spec.a == 1"}]}',
    "ImageValidatingPolicy": "{matchImageReferences: [{glob: '*'}], "
    "attestors: [{name: a, cosign: {key: {data: k}}}], validations: "
    "[{expression: 'images.containers.all(i, verifyImageSignatures(i, [attestors.a]) > 0)'}]}",
}
SETS = {kind: compile_policies([cel_policy(spec, kind)]) for kind, spec in SPECS.items()}


@pytest.mark.parametrize("kind", SETS)
@given(document=DOCUMENTS)
@settings(max_examples=60)
def test_no_document_breaks_a_policy(kind: str, document: dict[str, Any]) -> None:
    for one in (
        document,
        {**pod(), "spec": document},
        {**pod(), **document},
        {**pod(), "metadata": document},
    ):
        try:
            evaluate(SETS[kind], subject(one), {}, NOW)
        except MissingLookups:
            continue


@given(
    st.sampled_from(["ValidatingPolicy", "MutatingPolicy", "GeneratingPolicy", "DeletingPolicy"]),
    VALUES,
    VALUES,
)
@settings(max_examples=150)
def test_no_policy_document_gives_another_error(kind: str, value: Any, other: Any) -> None:
    for spec in (
        value,
        {"validations": value, "variables": other},
        {"mutations": value, "matchConditions": other},
    ):
        document = {"apiVersion": f"{KYVERNO}/v1", "kind": kind, "metadata": {"name": "p"}, "spec": spec}
        for parse in (parse_cel_policy, parse_cel_exception):
            try:
                parse(document)
            except DocumentError:
                continue


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_no_expression_breaks_a_policy(text: str) -> None:
    document = {
        "apiVersion": f"{KYVERNO}/v1",
        "kind": "ValidatingPolicy",
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["*"]}
                ]
            },
            "validations": [{"expression": text}],
        },
    }
    rules = compile_policies([parse_cel_policy(document)])
    (found,) = evaluate(rules, subject(pod()), {}, NOW).findings
    assert found.outcome in ("pass", "fail", "error")


NAMESPACES = st.sampled_from(["shop", "other", "kube-system", ""])
READS = st.sampled_from(
    [
        "resource.Get('v1', 'configmaps', '{}', 'c') != null",
        "resource.List('v1', 'configmaps', '{}').items.size() >= 0",
    ]
)


@given(READS, NAMESPACES, NAMESPACES)
def test_a_namespaced_policy_reads_in_its_namespace_only(text: str, named: str, at: str) -> None:
    policy = cel_policy(
        f"validations: [{{expression: {text.format(named)!r}}}]",
        "NamespacedValidatingPolicy",
        namespace="shop",
    )
    document = pod()
    document["metadata"]["namespace"] = at
    asked: list[str] = []
    try:
        findings = evaluate(compile_policies([policy]), subject(document), {}, NOW).findings
    except MissingLookups as missing:
        findings, asked = (), [str(key.arguments) for key in missing.keys]
    assert at == "shop" or not (findings or asked)
    assert all("shop" in key and "other" not in key and "kube-system" not in key for key in asked)
    assert all(one.outcome == "error" for one in findings)


@given(DOCUMENTS)
@settings(max_examples=100)
def test_applying_is_idempotent_and_changes_no_argument(patch: dict[str, Any]) -> None:
    document = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    try:
        once = apply_object(document, patch, may_replace=True)
    except EvaluationError:
        return
    assert document == {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    assert apply_object(once, patch, may_replace=True) == once


@given(VALUES, VALUES, VALUES)
@settings(max_examples=100)
def test_no_definition_or_object_breaks_validation(value: Any, other: Any, third: Any) -> None:
    schemas = [
        {"type": "object", "properties": value},
        {"type": "object", "properties": {"spec": other}},
        {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-validations": third}}},
        {"type": "object", "additionalProperties": other, "required": value, "enum": third},
    ]
    for schema in schemas:
        try:
            node = compile_rules(schema)
        except DocumentError:
            continue
        validate(node, schema, {"spec": value, "metadata": {"name": "a"}}, {"spec": other})
