"""The library of Google gives the same values, but for what is listed here."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from propolis.lang.cel.errors import CelError
from propolis.lang.cel.program import compile_expression
from tests.harness.cel_expressions import Expressions
from tests.harness.cel_runs import ENVIRONMENT, Failed, outcome

oracle = pytest.importorskip(
    "tests.harness.cel_oracle", reason="cel-expr-python has no wheel here", exc_type=ImportError
)
SUBJECTS = 3
EXAMPLES = 300


@settings(max_examples=EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_the_library_of_google_agrees(random: Random) -> None:
    expressions = Expressions(random, is_plain=True)
    text = expressions.expression(random.randint(1, 4))
    theirs = oracle.compiled(text)
    try:
        program = compile_expression(text, ENVIRONMENT)
    except CelError as error:
        assert theirs is None, f"{text}: {error}"
        return
    assert theirs is not None or oracle.is_known_difference(text), f"{text}: only they refuse it"
    program.generate()
    for _ in range(SUBJECTS if theirs is not None else 0):
        variables = expressions.variables()
        found, expected = outcome(program.evaluate, variables), oracle.outcome(theirs, variables)
        is_known = isinstance(expected, Failed) and oracle.is_known_difference(text)
        assert is_known or oracle.is_same(found, expected), (
            f"{text} on {variables}: {found!r}, theirs {expected!r}"
        )
