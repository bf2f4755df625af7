import pytest

from propolis.core.errors import LimitError
from propolis.core.limits import Limits
from propolis.lang.yaml import Parsed, load_documents


def outline(data: bytes) -> list[object]:
    """Documents, and for errors their place as text."""
    return [
        parsed.document if parsed.error is None else str(parsed.error.place)
        for parsed in load_documents(data, "f.yaml")
    ]


def test_every_document_of_a_stream_is_given_with_the_line_of_its_first_word() -> None:
    data = b"# head\n---\n# note\na: 1\n---\n\nb: 2\n...\n# between\nc: 3\n--- d\n"
    assert [(parsed.document, parsed.line) for parsed in load_documents(data)] == [
        ({"a": 1}, 4),
        ({"b": 2}, 7),
        ({"c": 3}, 10),
        ("d", 11),
    ]


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"# only a comment", b"---\n---\n# x\n...\n", b"---", b"--- # x"]
)
def test_empty_documents_are_left_out(data: bytes) -> None:
    assert load_documents(data) == []


def test_documents_before_and_after_a_broken_one_are_read() -> None:
    data = b"a: 1\n---\nb: [1\n---\nc: 3\n---\nd: 'x\n---\ne: 5\n---\nf: 1\nf: 2\n"
    assert outline(data) == [{"a": 1}, "f.yaml:4:1", {"c": 3}, "f.yaml:8:1", {"e": 5}, "f.yaml:12:1"]


def test_an_error_names_path_line_column_and_what_was_expected() -> None:
    (parsed,) = load_documents(b"a: 1\nb: c: d\n", "pod.yaml")
    assert str(parsed.error) == (
        "pod.yaml:2:5: mapping values are not allowed in this context;"
        " expected one key a line, or quotes around a text with ': '"
    )
    assert parsed.line == 1


def test_a_marker_inside_of_a_word_or_an_indented_one_does_not_cut() -> None:
    assert outline(b"a: |\n  ---\n  x\nb: ---x\n") == [{"a": "---\nx\n", "b": "---x"}]
    assert outline(b"---a\n") == ["---a"]
    assert outline(b"---#x") == ["---#x"]


def test_a_directive_belongs_to_the_document_after_it() -> None:
    data = b"# note\n%YAML 1.1\n%TAG !e! tag:example,2000:\n---\na: !e!x 1\n---\nb: 2\n"
    assert outline(data) == [{"a": "1"}, {"b": 2}]


def test_a_directive_without_a_document_is_refused() -> None:
    assert outline(b"a: 1\n...\n%YAML 1.1\n") == [{"a": 1}, "f.yaml:4:1"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    assert outline("a: é\n---\nb: \U0001f600\n".encode(encoding)) == [{"a": "é"}, {"b": "\U0001f600"}]


def test_utf_16_that_ends_within_a_character_is_refused_as_a_whole() -> None:
    (parsed,) = load_documents("a: 1".encode("utf-16")[:-1], "f.yaml")
    assert "not valid UTF-16" in str(parsed.error)


def test_invalid_utf_8_is_refused_where_it_stands_and_only_there() -> None:
    data = "a: é\n---\nb: 1\nc: é-".encode() + b"\xff\n---\nd: 4\n"
    assert outline(data) == [{"a": "é"}, "f.yaml:4:6", {"d": 4}]


@pytest.mark.parametrize("line_break", [b"\r\n", b"\r"])
def test_line_breaks_of_other_systems_mean_the_same(line_break: bytes) -> None:
    data = b"a: |\n  x\n  y\n---\nb: 'c\n  d'\n---\n{\n"
    assert outline(data.replace(b"\n", line_break)) == outline(data)


def test_tabs_may_stand_between_words_but_not_in_front() -> None:
    assert outline(b"a:\tx\t# c\n---\na:\n\tb: 1\n") == [{"a": "x"}, "f.yaml:4:1"]


def test_a_parsed_document_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Parsed({}, 1).line = 2  # type: ignore[misc]


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    (parsed,) = load_documents(b"a: 1\n" * 10, "f.yaml", Limits(file_bytes=49))
    assert isinstance(parsed.error, LimitError)
    assert "50 bytes" in str(parsed.error)


def test_a_million_empty_documents_are_nothing() -> None:
    assert load_documents(b"---\n" * 1_000_000) == []
