import pytest

from propolis.lang.cel import parser, token_stream
from propolis.lang.cel.ast import Call, Comprehension, Ident, Literal, Select, StructExpr
from propolis.lang.cel.errors import CelSyntaxError
from propolis.lang.cel.lexer import tokens_of
from propolis.lang.cel.parser import parse
from propolis.lang.cel.unparser import unparse
from propolis.lang.cel.values import UInt
from tests.harness.cel_runs import ENVIRONMENT

MACROS = ENVIRONMENT.macros


def refused(text: str) -> CelSyntaxError:
    with pytest.raises(CelSyntaxError) as caught:
        parse(text, MACROS)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x1F", 31),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551615u", UInt(2**64 - 1)),
        (".5e1", 5.0),
        ("1e3", 1000.0),
        (r"'a\n\x41\101\u00e9\U0001F431\''", "a\nAAé\U0001f431'"),
        (r"r'a\n'", r"a\n"),
        ("'''a\r\n'b'''", "a\n'b"),
        (r"b'\xff\377é'", b"\xff\xff\xc3\xa9"),
        (r"bR'\x'", b"\\x"),
        ("null", None),
    ],
)
def test_a_literal_has_its_value(text: str, value: object) -> None:
    root = parse(text, MACROS).root
    assert isinstance(root, Literal)
    assert root.value == value
    assert type(root.value) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775808", "-9223372036854775809", "18446744073709551616u", "1e999", r"'\ud800'",
        r"'\U00110000'", r"'\q'", r"b'\u0041'", "'abc", '"a\nb"', "'''a", "1 +", "(1", "[1, , 2]", "{1}",
        "a.", "a..b", "a.1", "f(1,)", "a ? b", "@x", "x y", "{'a': 1,,}", "[1,,]", "[,1]", "[,,]", "as",
        "for",
        "a[", "`a`", "1.", "a.`b", "has(a)", "#", "", "A{a}", "A{1: 2}", "(,)",
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_with_its_place(text: str) -> None:
    error = refused(text)
    assert error.place.line >= 1
    assert error.place.column >= 1
    assert "^" in error.message


def test_the_caret_stands_below_the_place() -> None:
    error = refused("a &&\n  b +* c")
    assert (error.place.line, error.place.column) == (2, 6)
    assert error.message.splitlines()[1:] == [" |   b +* c", " | .....^"]


@pytest.mark.parametrize(
    ("text", "bracketed"),
    [
        ("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"),
        ("a || b && c", "(a || (b && c))"),
        ("a < b == c", "((a < b) == c)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("!a.b(c)[0]", "!a.b(c)[0]"),
        ("-a.b", "-a.b"),
        ("a in b in c", "((a in b) in c)"),
        ("--a", "a"),
        ("!!!a", "!a"),
    ],
)
def test_operators_bind_as_the_grammar_says(text: str, bracketed: str) -> None:
    assert unparse(parse(text, MACROS)) == unparse(parse(bracketed, MACROS))


def test_long_chains_of_logic_become_low_trees() -> None:
    tree = parse(" && ".join(["a"] * 5000), MACROS)
    depth, node = 0, tree.root
    while isinstance(node, Call):
        depth, node = depth + 1, node.arguments[0]
    assert depth < 16


def test_optional_syntax_becomes_calls() -> None:
    node = parse("a.?b[?0]", MACROS).root
    assert isinstance(node, Call)
    assert node.function == "_[?_]"
    inner = node.arguments[0]
    assert isinstance(inner, Call)
    assert inner.function == "_?._"
    assert unparse(parse("[?a, b, {?'k': v}]", MACROS)) == '[?a, b, {?"k": v}]'


def test_fields_may_have_any_name_in_backquotes_and_reserved_words_are_fields() -> None:
    node = parse("a.`b-c/d.e f`", MACROS).root
    assert isinstance(node, Select)
    assert node.field == "b-c/d.e f"
    assert isinstance(parse("a.namespace", MACROS).root, Select)


def test_a_chain_of_names_before_a_brace_is_a_type() -> None:
    node = parse(".a.B{c: 1, ?d: e,}", MACROS).root
    assert isinstance(node, StructExpr)
    assert node.name == ".a.B"
    assert [entry.key for entry in node.entries] == ["c", "d"]


def test_comments_and_blanks_are_nothing() -> None:
    assert unparse(parse("a // b\n +\f\tc", MACROS)) == "a + c"


def test_without_macros_their_names_are_calls() -> None:
    assert isinstance(parse("[1].all(x, x)", {}).root, Call)
    assert isinstance(parse("[1].all(x, x)", MACROS).root, Comprehension)


def test_a_macro_of_a_name_space_is_none_elsewhere() -> None:
    assert isinstance(parse("x.bind(a, 1, a)", MACROS).root, Call)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1].all(x.y, x)", "not an identifier"),
        ("[1].map(.x, x)", "not an identifier"),
        ("[1].all(i, i, true)", "duplicate"),
        ("[1].filter(__result__, true)", "overwrites accumulator"),
        ("has(a[0])", "invalid argument to has()"),
        ("cel.block(a, b)", "takes a list"),
        ("cel.index(x)", "whole number"),
        ("math.greatest()", "at least one"),
        ("math.least('a')", "invalid single argument"),
        ("math.least(1, 'a')", "must be numeric"),
        ("cel.bind(a.b, 1, 2)", "not an identifier"),
    ],
)
def test_wrong_arguments_of_a_macro_are_told(text: str, message: str) -> None:
    assert message in refused(text).message


def test_a_text_longer_than_the_limit_is_refused() -> None:
    assert str(parser.LONGEST_TEXT) in refused(" " * parser.LONGEST_TEXT + "1").message
    assert isinstance(parse(" " * (parser.LONGEST_TEXT - 1) + "1", MACROS).root, Literal)


@pytest.mark.parametrize("text", ["({}", "[{}", "f({}", "a.b({}", "{{1: {}", "a ? b : {}", "a[{}"])
def test_nesting_has_a_limit(text: str) -> None:
    head = text.replace("{}", "").replace("{{", "{")
    assert "nested deeper" in refused(head * 10_000).message


@pytest.mark.parametrize("link", [".a", "+1", "[0]", ".f()", "*2", "<1"])
def test_chains_have_a_limit(link: str) -> None:
    assert "nested deeper" in refused("a" + link * token_stream.TALLEST_TREE).message
    assert parse("a" + link * (token_stream.TALLEST_TREE - 2), MACROS).root


def test_signs_before_an_operand_are_counted_and_not_nested() -> None:
    assert isinstance(parse("!" * 10_000 + "a", MACROS).root, Ident)


def test_brackets_have_a_limit_of_items() -> None:
    many = ",".join(["1"] * (parser.MOST_ITEMS + 1))
    for text in (f"[{many}]", f"f({many})"):
        assert "items" in refused(text).message


def test_macros_in_macros_cannot_grow_without_end() -> None:
    assert "nodes" in refused("optional.of(1)" + ".optMap(x, x)" * 40).message


def test_places_of_tokens_are_code_points() -> None:
    assert [(token.kind, token.start, token.end) for token in tokens_of("'é\U0001f431' in b")] == [
        ("string", 0, 4), ("in", 5, 7), ("name", 8, 9), ("end", 9, 9),
    ]  # fmt: skip
