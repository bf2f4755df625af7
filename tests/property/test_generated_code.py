"""What generated code may hold: names of the emitter, and nothing that a document says."""

import dis
import json
import re
from collections.abc import Iterator
from types import CodeType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.lang.generated import BUILTINS, Generated, Language
from propolis.lang.jmespath import ExpressionError
from propolis.lang.jmespath.expression import LANGUAGE, generate_expression
from propolis.policy.engine.pattern import LANGUAGE as PATTERN_LANGUAGE
from propolis.policy.engine.pattern import generate_pattern

pytestmark = pytest.mark.engine

SPECIMEN = "a.b[*].c[?d=='x' && e || !f] | [0].{g: h, i: j[].k} || [length(m), map(&n, o), p.*[-1], q[0:2]]"
HOSTILE = ["'); import os #", "c0", "__import__", "v1\n  raise", "{}", "\\", "\u2028", "\x00"]
texts = st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join)
LETTER = re.compile(r"\b[a-km-o]\b")
NAME = re.compile(
    r"[cfv][0-9]+|[behs]|make|get|append|values|startswith|endswith|meets|pattern|kind|is_direct"
)


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and those within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def compiled(generated: Generated) -> list[CodeType]:
    return list(codes(compile(generated.source, "<test>", "exec")))


def names_of(generated: Generated) -> set[str]:
    return {
        name
        for code in compiled(generated)
        for name in (*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars)
    }


def opcodes_of(generated: Generated) -> set[str]:
    return {step.opname for code in compiled(generated) for step in dis.get_instructions(code)}


def unknown_names(generated: Generated, language: Language) -> set[str]:
    known = language.names | set(BUILTINS)
    return {name for name in names_of(generated) if name not in known and not NAME.fullmatch(name)}


def text_constants(generated: Generated) -> set[Any]:
    """Texts in the bytecode itself; functions have their own names there."""
    return {
        constant
        for code in compiled(generated)
        for constant in code.co_consts
        if isinstance(constant, str) and not re.fullmatch(r"make(\.<locals>\.f[0-9]+)?|f[0-9]+", constant)
    }


@given(st.lists(texts, min_size=14, max_size=14))
def test_the_code_of_an_expression_does_not_depend_on_the_texts_in_it(words: list[str]) -> None:
    plain = generate_expression(SPECIMEN)
    numbered = {letter: f"{words[index]}{index}" for index, letter in enumerate("abcdefghijkmno")}
    expression = LETTER.sub(lambda found: json.dumps(numbered[found[0]]), SPECIMEN)
    assert generate_expression(expression).source == plain.source


PARTS = "a @ b.c [*] [] .* [?a] [0] | || && ! ( ) == < `1` 'x' length( map(& [ ] {a: } , [::2] `[1]`"
parts = st.sampled_from(PARTS.split())


@given(st.lists(parts, max_size=14).map("".join))
def test_the_code_of_an_expression_names_only_what_the_language_gives_it(text: str) -> None:
    try:
        generated = generate_expression(text)
    except ExpressionError:
        return
    assert unknown_names(generated, LANGUAGE) == set()
    assert text_constants(generated) <= {"make"}
    assert not {op for op in opcodes_of(generated) if op.startswith(("IMPORT", "STORE_ATTR", "DELETE"))} - {
        "DELETE_FAST"
    }


words = st.sampled_from([*HOSTILE, "a", "metadata", "labels", "x*", "!x", ">1", "1-2", "true", "a | b"])
keys = words | words.map("=({})".format) | words.map("({})".format) | words.map("^({})".format)
patterns = st.recursive(
    words | st.none() | st.booleans() | st.integers(),
    lambda inner: st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=10,
)


@given(patterns)
def test_the_code_of_a_pattern_names_only_what_the_language_gives_it(pattern: Any) -> None:
    generated = generate_pattern(pattern)
    assert unknown_names(generated, PATTERN_LANGUAGE) == set()
    assert text_constants(generated) <= {"make"}
    assert not {op for op in opcodes_of(generated) if op.startswith(("IMPORT", "STORE_ATTR", "DELETE"))}


@given(st.lists(texts, min_size=4, max_size=4))
def test_the_code_of_a_pattern_does_not_depend_on_its_keys(found: list[str]) -> None:
    def named(names: list[str]) -> Any:
        a, b, c, d = (f"k{index}{name}" for index, name in enumerate(names))
        return {f"=({a})": {b: [{f"({c})": f"w{a}", d: f"w{b}"}], f"X({d})": "null"}}

    assert generate_pattern(named(found)).source == generate_pattern(named([""] * 4)).source
