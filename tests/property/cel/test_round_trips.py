"""What is written is read again as it was."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.core.errors import Place
from propolis.lang.cel.ast import Call, Expr, Literal, Tree
from propolis.lang.cel.children import children, with_children
from propolis.lang.cel.errors import CelError
from propolis.lang.cel.operators import AND, OR
from propolis.lang.cel.parser import parse
from propolis.lang.cel.unparser import unparse
from tests.harness.cel_expressions import Expressions
from tests.harness.cel_runs import ENVIRONMENT

NOTHING = Literal(0, None)
MACROS = ENVIRONMENT.macros
SIGNS = "()[]{}.,?:!-+*/%<>=&|\"'`\\ \n0129abruxUX_$é\u2028"


def shape(node: Expr) -> str:
    """A tree without ids, and chains of ``&&`` and ``||`` without their shape."""
    if isinstance(node, Call) and node.function in (AND, OR):
        return f"{node.function}({', '.join(terms(node, node.function))})"
    bare = re.sub(r"\bid=\d+,? ?", "", repr(with_children(node, 0, lambda _: NOTHING, int)))
    return f"{bare}({', '.join(map(shape, children(node)))})"


def terms(node: Expr, function: str) -> list[str]:
    if isinstance(node, Call) and node.function == function:
        return [term for side in node.arguments for term in terms(side, function)]
    return [shape(node)]


def parsed(text: str) -> tuple[Tree | None, Place]:
    try:
        return parse(text, MACROS), Place("")
    except CelError as error:
        return None, error.place


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
    tree, place = parsed(text)
    if tree is None:
        assert place.line >= 1
        assert place.column >= 1
    else:
        assert shape(parse(unparse(tree), MACROS).root) == shape(tree.root)
