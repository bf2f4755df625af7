from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.core.limits import DEFAULT
from propolis.lang.yaml import reference


def load(text: str) -> Any:
    return reference.load(text.encode(), DEFAULT)


def error_of(text: str) -> DocumentError:
    with pytest.raises(DocumentError) as raised:
        load(text)
    return raised.value


def test_a_merged_map_gives_way_to_what_comes_later() -> None:
    assert load("a: &a {p: 1, q: 1}\nb:\n  <<: *a\n  p: 2\n")["b"] == {"p": 2, "q": 1}


def test_a_merge_wins_over_what_comes_before_it_as_in_go_yaml() -> None:
    assert load("a: &a {p: 1}\nb:\n  p: 2\n  <<: *a\n")["b"] == {"p": 1}


def test_of_several_merged_maps_the_first_wins() -> None:
    assert load("a: &a {p: 1}\nb: &b {p: 2, q: 2}\nc:\n  <<: [*a, *b]\n")["c"] == {"p": 1, "q": 2}


def test_a_quoted_merge_sign_is_a_key_like_any_other() -> None:
    assert load("'<<': {a: 1}\n") == {"<<": {"a": 1}}


def test_a_merge_of_something_else_than_maps_is_refused() -> None:
    assert error_of("a: 1\n<<: text\n").place.line == 2
    assert "no map to merge" in str(error_of("<<: [1]\n"))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1),
        ("a:\n  b: 1\n  'b': 2\n", 3, 3),
        ('x: {a: 1, "a": 2}\n', 1, 11),
        ("1: a\n'1': b\n", 2, 1),
        ("yes: a\n'true': b\n", 2, 1),
        ("m: &m {a: 1}\nn:\n  a: 1\n  <<: *m\n  a: 2\n", 5, 3),
    ],
)  # fmt: skip
def test_a_key_that_is_there_twice_is_refused_at_its_second_place(text: str, line: int, column: int) -> None:
    error = error_of(text)
    assert "twice" in error.message
    assert (error.place.line, error.place.column) == (line, column)


def test_an_alias_is_a_copy_of_its_own() -> None:
    document = load("a: &x {p: [1]}\nb: *x\nc: *x\n")
    document["b"]["p"].append(2)
    assert document == {"a": {"p": [1]}, "b": {"p": [1, 2]}, "c": {"p": [1]}}


def test_an_anchor_that_is_given_again_means_the_newer_value() -> None:
    assert load("- &x 1\n- *x\n- &x 2\n- *x\n") == [1, 1, 2, 2]
    assert load("- &x [&x 1, *x]\n- *x\n") == [[1, 1], 1]


def test_an_alias_may_be_a_key_and_a_value_keeps_its_own_meaning() -> None:
    assert load("- &k 1.0\n- {*k : v}\n- *k\n") == [1, {"1": "v"}, 1]


def test_an_alias_without_an_anchor_is_refused_with_its_place() -> None:
    error = error_of("a: 1\nb: *nothing\n")
    assert "&nothing" in error.message
    assert (error.place.line, error.place.column) == (2, 4)


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a\n  b: *a\n", "&a {x: {y: *a}}\n", "&a\n<<: *a\n"])
def test_a_value_that_contains_itself_is_refused(text: str) -> None:
    assert "contains itself" in error_of(text).message


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        ("a: b: c\n", 1, 5, "quotes"),
        ("a: 1\n b: 2\n", 2, 3, "quotes"),
        ("\ta: 1\n", 1, 1, "not tabs"),
        ("a: [1,\nb: 2\n", 3, 1, "]"),
        ("a:\n  - b\n - c\n", 3, 2, "column"),
        ('a: "\\y"\n', 1, 5, "escape"),
        ("a: 'x\n", 2, 1, "closing quote"),
        ("a: @x\n", 1, 4, "quotes"),
        ("%YAML 1.3\n---\na: 1\n", 1, 1, "%YAML 1.1"),
        ("a: \x01\n", 1, 4, "base64"),
        ("a: ''x\n", 1, 6, "column"),
    ],
)
def test_what_is_no_yaml_is_refused_with_place_and_remedy(
    text: str, line: int, column: int, expected: str
) -> None:
    error = error_of(text)
    assert (error.place.line, error.place.column) == (line, column)
    assert expected in error.expected


def test_a_document_without_content_is_null() -> None:
    assert load("# nothing\n") is None


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_directive_of_the_version_is_fine(version: str) -> None:
    assert load(f"%YAML {version}\n---\na: 1\n") == {"a": 1}


def test_text_over_several_lines_is_folded() -> None:
    assert load("a: 'b\n\n  c'\nd: >-\n  x\n  y\n\n  z\n") == {"a": "b\nc", "d": "x y\nz"}


def test_a_line_separator_ends_a_line_as_in_yaml_1_1() -> None:
    assert load('a: "x\u2028  y"\n') == {"a": "x\u2028y"}
