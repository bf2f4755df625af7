from propolis.policy.engine.convert.terms import (
    FALSE,
    TRUE,
    Call,
    Choice,
    Compare,
    and_,
    expression,
    not_,
    or_,
    written,
)

A, B, C = Call("has(a)"), Compare("b", "==", "1"), Call("c")


def test_the_opposite_of_a_comparison_is_the_other_sign() -> None:
    assert written(not_(B)) == "b != 1"
    assert not_(not_(A)) == A


def test_what_is_said_twice_is_written_once() -> None:
    assert written(and_([A, B, and_([A, C])])) == "has(a) && b == 1 && c"


def test_after_an_opposite_the_rest_need_not_ask_again() -> None:
    assert written(or_([not_(A), and_([A, B])])) == "!has(a) || b == 1"
    assert written(or_([not_(and_([A, B])), and_([A, B, C])])) == "!(has(a) && b == 1) || c"


def test_the_opposite_of_opposites_is_plain() -> None:
    assert written(not_(and_([not_(A), not_(C)]))) == "has(a) || c"


def test_constants_are_folded() -> None:
    assert and_([A, FALSE]) == FALSE
    assert or_([A, TRUE]) == TRUE
    assert (and_([]), or_([])) == (TRUE, FALSE)


def test_looser_parts_are_in_parentheses() -> None:
    assert written(and_([or_([A, B]), C])) == "(has(a) || b == 1) && c"
    assert written(or_([Choice(A, B, C), C])) == "(has(a) ? (b == 1) : c) || c"
    assert written(not_(or_([A, B]))) == "!(has(a) || b == 1)"


def test_a_long_condition_has_a_line_for_each_part() -> None:
    parts = [Call(f"has(object.spec.field{number})") for number in range(6)]
    assert expression(and_(parts)).count(" &&\n") == 5
