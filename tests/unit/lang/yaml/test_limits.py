"""Input that is made to hurt: each fails with a `LimitError`, at a place, before it costs anything."""

import pytest

from propolis.core.errors import LimitError
from propolis.core.limits import DEFAULT, Limits
from propolis.lang.yaml import load_documents


def limit_error(data: bytes, limits: Limits = DEFAULT) -> LimitError:
    (parsed,) = load_documents(data, "f.yaml", limits)
    assert isinstance(parsed.error, LimitError)
    return parsed.error


def bomb(levels: int, width: int) -> bytes:
    lines = ["a0: &a0 [x, x, x]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    return "\n".join(lines).encode()


def test_a_billion_laughs_fail_before_they_are_expanded() -> None:
    error = limit_error(bomb(levels=10, width=10))
    assert "1,000,000 values" in error.message
    assert error.place.line == 7


def test_a_bomb_of_merges_fails_too() -> None:
    lines = ["m0: &m0 {" + ", ".join(f"k{number}: v" for number in range(1000)) + "}"]
    lines += [f"m{n}: &m{n}\n  <<: [{', '.join([f'*m{n - 1}'] * 100)}]\n  own{n}: x" for n in range(1, 20)]
    assert "values" in limit_error("\n".join(lines).encode()).message


def test_a_long_text_that_is_repeated_by_aliases_counts_by_its_length() -> None:
    data = b"a: &a " + b"x" * 1_000_000 + b"\nb: [" + b"*a, " * 100 + b"*a]\n"
    assert "values" in limit_error(data).message


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 10_000,
        b"{a: " * 10_000,
        b"- " * 10_000 + b"x",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a":1}' + b"[" * 10_000 + b"]" * 10_000,
        b"".join(b" " * depth + b"a:\n" for depth in range(5_000)),
        b"? " * 10_000,
    ],
    ids=["lists", "maps", "dashes", "closed lists", "JSON", "JSON stream", "indentation", "keys"],
)
def test_ten_thousand_levels_are_refused(data: bytes) -> None:
    errors = [parsed.error for parsed in load_documents(data, "f.yaml") if parsed.error]
    assert [type(error) for error in errors] == [LimitError]
    assert "deep" in str(errors[0])


@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b"- ", b""), (b"{a: ", b"}")]
)
def test_the_deepest_document_allowed_is_read_and_one_level_more_is_not(
    opening: bytes, closing: bytes
) -> None:
    limits = Limits(document_depth=50)
    (fits,) = load_documents(opening * 50 + b"1" + closing * 50 + b"\n", "", limits)
    assert fits.error is None
    assert "deeper than 50 levels" in limit_error(opening * 51 + b"1" + closing * 51 + b"\n", limits).message


def test_brackets_within_texts_are_no_depth() -> None:
    text = b"[" * 500 + b'\\"' + b"{" * 500
    (parsed,) = load_documents(b'{"a": "' + text + b'"}')
    assert parsed.error is None


def test_brackets_within_texts_do_not_hide_depth() -> None:
    data = b'["]", ' * 300 + b"1" + b', "["]' * 300
    assert "deep" in limit_error(data).message


def test_depth_in_a_value_that_a_later_one_replaces_is_no_way_around() -> None:
    (parsed,) = load_documents(b'{"a":' + b"[" * 1000 + b"]" * 1000 + b',"a":1}')
    assert parsed.error is not None


def test_an_alias_adds_the_depth_of_what_it_stands_for() -> None:
    limits = Limits(document_depth=10)
    data = b"a: &a " + b"[" * 8 + b"]" * 8 + b"\nb: [[*a]]\n"
    assert "deeper than 10" in limit_error(data, limits).message


def test_values_beyond_the_limit_are_refused_in_json_and_yaml() -> None:
    limits = Limits(document_nodes=100)
    for data in (b"[" + b"[]," * 200 + b"[]]", b"- []\n" * 200):
        assert "values" in limit_error(data, limits).message


def test_a_long_document_of_ordinary_density_is_read_whatever_the_limit_of_values() -> None:
    limits = Limits(document_nodes=100)
    for data in (b'{"name":"some ordinary text"},' * 500, b"- name: some ordinary text\n" * 500):
        whole = b"[" + data.rstrip(b",") + b"]" if data.startswith(b"{") else data
        (parsed,) = load_documents(whole, "", limits)
        assert len(parsed.document) == 500
