"""The library of Google gives the same values, but for what is listed here."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.lang.cel.errors import CelError
from propolis.lang.cel.program import Program, compile_expression
from tests.harness.cel_expressions import Expressions
from tests.harness.cel_runs import ENVIRONMENT, Failed, outcome

oracle = pytest.importorskip(
    "tests.harness.cel_oracle", reason="cel-expr-python has no wheel here", exc_type=ImportError
)
SUBJECTS = 3
EXPRESSIONS = 5
"""Expressions of one example."""


def compiled(text: str) -> Program | None:
    try:
        return compile_expression(text, ENVIRONMENT)
    except CelError:
        return None


@given(st.randoms(use_true_random=False))
def test_the_library_of_google_agrees(random: Random) -> None:
    expressions = Expressions(random, is_plain=True)
    for _ in range(EXPRESSIONS):
        text = expressions.expression(random.randint(1, 4))
        program, theirs = compiled(text), oracle.compiled(text)
        if program is None or theirs is None:
            is_known = program is theirs or oracle.is_known_difference(text)
            assert is_known, f"{text}: {program or theirs} alone takes it"
            continue
        program.generate()
        for _ in range(SUBJECTS):
            check_same(program, theirs, expressions.variables())


def check_same(program: Program, theirs: Any, variables: dict[str, Any]) -> None:
    found, expected = outcome(program.evaluate, variables), oracle.outcome(theirs, variables)
    text = program.tree.text
    is_known = (isinstance(expected, Failed) and oracle.is_known_difference(text)) or (
        isinstance(found, Failed) and oracle.is_their_own(text)
    )
    assert is_known or oracle.is_same(found, expected), (
        f"{text} on {variables}: {found!r}, theirs {expected!r}"
    )
