"""Generated code gives what the exact evaluation gives, value for value and error for error."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.lang.cel.errors import CelError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program, compile_expression
from tests.harness.cel_expressions import Expressions
from tests.harness.cel_runs import ENVIRONMENT, is_same, outcome

SUBJECTS = 4
EXPRESSIONS = 6
"""Expressions of one example."""


def compiled(text: str, *, is_checked: bool) -> Program | None:
    try:
        return compile_expression(text, ENVIRONMENT, is_checked=is_checked)
    except CelError:
        return None


@given(st.randoms(use_true_random=False), st.booleans())
@pytest.mark.engine
def test_generated_code_agrees_with_the_exact_evaluation(random: Random, is_checked: bool) -> None:  # noqa: FBT001  # drawn
    expressions = Expressions(random)
    for _ in range(EXPRESSIONS):
        text = expressions.expression(random.randint(1, 4))
        program = compiled(text, is_checked=is_checked)
        if program is None:
            continue
        assert program.generate() is not None, text
        for _ in range(SUBJECTS):
            variables = expressions.variables()
            fast, exact = outcome(program.evaluate, variables), outcome(program.evaluate_exactly, variables)
            assert is_same(fast, exact), f"{text} on {variables}: {fast!r}, exactly {exact!r}"


@given(st.randoms(use_true_random=False))
@pytest.mark.engine
def test_who_watches_an_evaluation_does_not_change_it(random: Random) -> None:
    expressions = Expressions(random)
    for _ in range(EXPRESSIONS):
        text = expressions.expression(random.randint(1, 4))
        program = compiled(text, is_checked=True)
        if program is not None:
            check_watched(program, expressions.variables())


def check_watched(program: Program, variables: dict[str, Any]) -> None:
    seen: list[int] = []

    def evaluate(its: dict[str, Any], runtime: Runtime) -> Any:
        return program.evaluate_observed(its, runtime, lambda node, _: seen.append(node.id))

    watched = outcome(evaluate, variables)
    assert is_same(watched, outcome(program.evaluate_exactly, variables)), program.tree.text
    assert seen[-1] == program.tree.root.id
