"""GeneratingPolicy: expressions and templates, and what exists already."""

from typing import Any

import pytest

from propolis.core.evaluation import Answer
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.policy.engine.cel.programs import Expressions, PolicyError
from propolis.policy.engine.cel.template import TemplateError, compile_template
from propolis.policy.lookups import resources_key
from propolis.policy.model.action import Create
from tests.unit.policy.engine.cel_examples import cel_policy, decided, said
from tests.unit.policy.engine.examples import NOW, pod

TEMPLATE = """
    generate:
      - template:
          interpolate: cel
          value: |
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: "of-((object.metadata.name))", namespace: NAMESPACE}
            data: {count: "((object.spec.containers.size()))", names: "a ((object.metadata.name)) b"}
"""


def nothing_there(namespace: str = "shop", name: str = "of-web") -> dict[Any, Answer]:
    return {resources_key("v1", "ConfigMap", namespace, name, ""): Answer([])}


def created(
    spec: str, lookups: dict[Any, Answer], kind: str = "GeneratingPolicy", **metadata: Any
) -> list[Any]:
    decision = decided(cel_policy(spec, kind, **metadata), pod(), lookups)
    assert [one.outcome for one in decision.findings] == ["pass"], decision.findings[0].message
    return [one.document for one in decision.actions if isinstance(one, Create)]


def test_a_template_makes_a_resource() -> None:
    (made,) = created(TEMPLATE.replace("NAMESPACE", "shop"), nothing_there())
    assert made["metadata"]["name"] == "of-web"
    assert made["data"] == {"count": 1, "names": "a web b"}


def test_an_expression_makes_resources_of_what_it_applies() -> None:
    spec = """
        generate:
          - expression: >-
              generator.Apply('shop', [{'kind': dyn('ConfigMap'), 'apiVersion': dyn('v1'),
              'metadata': dyn({'name': 'of-web', 'namespace': 'shop'})}])
    """
    (made,) = created(spec, nothing_there())
    assert made["metadata"]["name"] == "of-web"


@pytest.mark.parametrize(("namespace", "outcome"), [("shop", "pass"), ("other", "error")])
def test_a_namespaced_policy_makes_nothing_elsewhere(namespace: str, outcome: str) -> None:
    spec = TEMPLATE.replace("NAMESPACE", namespace)
    policy = cel_policy(spec, "NamespacedGeneratingPolicy", namespace="shop")
    assert said(policy, pod(), nothing_there(namespace))[0] == outcome


def test_what_has_no_name_is_an_error() -> None:
    policy = cel_policy("generate: [{template: {value: 'kind: ConfigMap'}}]", "GeneratingPolicy")
    assert said(policy, pod())[1].endswith("what is generated has no kind or no name")


def rendered(text: str, *, is_interpolated: bool = True) -> Any:
    expressions = Expressions("GeneratingPolicy")
    (render,) = compile_template(text, expressions.program, is_interpolated=is_interpolated)
    return render({"object": pod()}, Runtime(NOW, lambda key: Answer(error=str(key))))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("((1 + 1))", 2),
        ("(([1, 2]))", [1, 2]),
        ("((object.metadata))", {"name": "web", "namespace": "shop"}),
        ("a ((true)) ((1.5))", "a true 1.5"),
        (r"\(( plain", "(( plain"),
        ("no placeholder", "no placeholder"),
        ("(((1 + 2) * 3))", 9),
    ],
)
def test_placeholders_become_values(value: str, expected: Any) -> None:
    assert rendered(f"a: '{value}'") == {"a": expected}


def test_without_interpolation_nothing_is_a_placeholder() -> None:
    assert rendered("a: ((1))", is_interpolated=False) == {"a": "((1))"}


@pytest.mark.parametrize("text", ["a: [", "", "- a", "1", "((a)): b"])
def test_a_template_must_hold_objects(text: str) -> None:
    with pytest.raises(TemplateError):
        compile_template(text, Expressions("GeneratingPolicy").program, is_interpolated=True)


def test_what_stands_within_a_text_must_be_a_scalar() -> None:
    with pytest.raises(EvaluationError, match="must evaluate to a scalar"):
        rendered("a: 'x ((object.metadata))'")


def test_an_expression_that_cannot_be_used_is_told_with_its_place() -> None:
    with pytest.raises(PolicyError):
        compile_template("a: ((1 +))", Expressions("GeneratingPolicy").program, is_interpolated=True)
