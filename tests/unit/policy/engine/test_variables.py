from typing import Any

import pytest

from propolis.lang.jmespath import Environment, ExpressionError
from propolis.policy.engine.context import Context
from propolis.policy.engine.variables import MOST_NESTED, Constant, compile_document

ROOT: dict[str, Any] = {
    "a": {"b": "text", "n": 3, "list": [1, "x"], "key": "b"},
    "evil": "{{ a.b }}",
    "n": None,
}


def resolve(document: Any) -> Any:
    return compile_document(document)(Context(dict(ROOT), Environment()))


@pytest.mark.parametrize(
    ("document", "result"),
    [
        ("plain", "plain"),
        ("{{a.n}}", 3),
        ("{{ a.list }}", [1, "x"]),
        ("n={{a.n}} b={{ a.b }}", "n=3 b=text"),
        ("{{ a.list }}!", '[1,"x"]!'),
        ("{{ a.{{ a.key }} }}", "text"),
        ("{{ a.{b: b, n: n} }}", {"b": "text", "n": 3}),
        (r"\{{ a.b }}", "{{ a.b }}"),
        (r"\{{ a.b }} {{ a.b }}", "{{ a.b }} text"),
        ("{{ n }}", None),
        ("is {{ n }}", "is null"),
        ({"{{ a.b }}": ["{{ a.n }}"]}, {"text": [3]}),
        ("{{-a.b}}", "text"),
    ],
)
def test_variables_are_filled_in(document: Any, result: Any) -> None:
    assert resolve(document) == result


def test_text_that_comes_from_a_value_is_no_variable_again() -> None:
    assert resolve("{{ evil }}") == "{{ a.b }}"
    assert resolve("x {{ evil }}") == "x {{ a.b }}"


def test_a_document_without_variables_is_a_constant() -> None:
    assert isinstance(compile_document({"a": [1, "b", None]}), Constant)


@pytest.mark.parametrize(
    "document", ["{{ a.missing }}", "{{ }}", "{{ a. }}", {"{{ a.n }}": 1}, "\x00 {{ a.n }}"]
)
def test_what_cannot_be_resolved_is_an_error(document: Any) -> None:
    with pytest.raises(ExpressionError):
        resolve(document)


def nested(depth: int) -> str:
    text = "{{ a.key }}"
    for _ in range(depth - 1):
        text = f"{{{{ to_string('{text}') }}}}"
    return text


def test_variables_lie_in_each_other_to_a_depth() -> None:
    assert resolve(nested(MOST_NESTED)) == "b"
    for depth in (MOST_NESTED + 1, 3_000):
        with pytest.raises(ExpressionError, match="lie more than 32 deep"):
            resolve(nested(depth))
