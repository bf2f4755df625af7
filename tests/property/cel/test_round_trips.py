"""What is written is read again as it was."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.lang.cel.ast import Expr
from propolis.lang.cel.errors import CelError
from propolis.lang.cel.parser import parse
from propolis.lang.cel.unparser import unparse
from tests.harness.cel_expressions import Expressions
from tests.harness.cel_runs import ENVIRONMENT

MACROS = ENVIRONMENT.macros
SIGNS = "()[]{}.,?:!-+*/%<>=&|\"'`\\ \n0129abruxUX_$é\u2028"


def shape(node: Expr) -> str:
    return re.sub(r"\bid=\d+,? ?", "", repr(node))


@given(st.randoms(use_true_random=False))
@pytest.mark.engine
def test_an_expression_is_parsed_again_from_its_unparsed_text(random: Random) -> None:
    tree = parse(Expressions(random).expression(random.randint(1, 5)), MACROS)
    text = unparse(tree)
    again = parse(text, MACROS)
    assert shape(again.root) == shape(tree.root)
    assert unparse(again) == text


@given(st.text() | st.text(alphabet=SIGNS, max_size=40))
def test_any_text_is_an_expression_or_a_syntax_error_with_its_place(text: str) -> None:
    try:
        tree = parse(text, MACROS)
    except CelError as error:
        assert error.place.line >= 1
        assert error.place.column >= 1
    else:
        assert shape(parse(unparse(tree), MACROS).root) == shape(tree.root)
