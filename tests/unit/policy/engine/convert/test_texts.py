import pytest

from propolis.core.evaluation import Answer
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import compile_expression
from propolis.lang.wildcard import matches
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.terms import written
from propolis.policy.engine.convert.texts import field, has, literal, wildcard
from tests.unit.policy.engine.examples import NOW

WORDS = ["", "a", "ab", "ba", "axb", "a.b", "a\nb", "A", "a+b", "ééé"]


def value_of(text: str) -> object:
    return compile_expression(text, Environment((STANDARD,), {})).evaluate(
        {}, Runtime(NOW, lambda _: Answer(), 10**6)
    )


@pytest.mark.parametrize(
    "text", ["it's", 'say "x"', "back\\slash", "line\nbreak", "", "null\x00", "\x7f", "ü€😀"]
)
def test_a_literal_is_read_back_as_it_was(text: str) -> None:
    assert value_of(literal(text)) == text


@pytest.mark.parametrize(
    "pattern", ["a*", "*a", "*a*", "a?b", "*", "?*", "a.*", "a+*", "a*b*", "??", "a", "[a]*"]
)
def test_a_wildcard_says_what_it_says_in_patterns(pattern: str) -> None:
    for word in WORDS:
        assert value_of(written(wildcard(literal(word), pattern))) == matches(pattern, word), word


def test_keys_that_are_no_names_stand_in_brackets() -> None:
    assert field("object", "spec") == "object.spec"
    assert field("object.metadata.labels", "team/x") == "object.metadata.labels['team/x']"
    assert written(has("object.metadata.labels", "in")) == "'in' in object.metadata.labels"


def test_an_empty_list_that_the_api_server_writes_as_null_is_not_there() -> None:
    assert written(has("object", "rules")) == "has(object.rules) && object.rules != null"


@pytest.mark.parametrize("value", [2**63, "\ud800"])
def test_what_cel_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        literal(value)
