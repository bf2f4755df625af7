"""The fast parser reads like the reference; what was written is read back."""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from propolis.core.limits import DEFAULT
from propolis.lang.yaml import load_documents, plain, reference
from propolis.lang.yaml.encoding import to_utf8
from propolis.lang.yaml.split import split

WORDS = st.sampled_from(
    [
        "a", "b", "name", "v1", "yes", "n", "on", "null", "~", "true", "0", "7", "007", "0x1f", "1.5", "1e3",
        "-1", "100m", "10Mi", "12:30:45", "2001-01-01", "1.2.3", "1_0", "_1", ".5", ".inf", "-.inf", "+1",
        "99999999999999999999", "a b", "a: b", "a #b", "a:b", "#c", " #c", "'q'", "'it''s'", '"q"', '"\\n"',
        '"', "'", "[a, 1]", "[yes]", "[", "]", "{}", "{a: 1}", "{b: 0777}", "{", "|", ">-", "|+", "&x a",
        "*x", "!!str 1", "<<", "(a)", "=(b)", "?*", "--flag",
        "@", "`", "%", "\t", "é", "\u2028", "\ufeff", "-", "- a", "? a", "...", "---", "/x", "$(y)", "",
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    ["", "a: ", "b: ", "a:", "c:\n", "'d': ", "yes: ", "1: ", "(e): ", ".f: ", "_1: ", "g: |\n", "h: >-\n"]
)
LINES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "  ", "  ", "    ", " ", "      "]),
    st.sampled_from(["", "", "", "- ", "- - ", "-", "-  "]),
    KEYS,
    WORDS,
)
TEXTS = st.builds(
    "{}{}".format, st.lists(LINES, min_size=1, max_size=7).map("\n".join), st.sampled_from(["\n", "", "\n\n"])
)

# Without what YAML 1.1 takes for a line break or no text at all, though JSON has it as it is.
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cn", "Zl", "Zp"), exclude_characters="\ufeff"
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9) | st.text(CHARACTERS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(CHARACTERS), inner, max_size=4),
    max_leaves=20,
)
MAPS = st.dictionaries(st.text(CHARACTERS), JSON_VALUES, min_size=1, max_size=4)


def is_same(left: Any, right: Any) -> bool:
    """Equal in values, types and the order of keys."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(is_same, left, right))
    return bool(left == right)


@given(TEXTS)
@settings(max_examples=1500)
def test_whatever_the_fast_parser_reads_the_reference_reads_alike(text: str) -> None:
    for piece in split(to_utf8(text.encode())):
        fast = plain.load(piece.text, DEFAULT)
        if fast is not plain.NOT_PLAIN:
            assert is_same(fast, reference.load(piece.text, DEFAULT))


@given(st.binary(max_size=60) | TEXTS.map(str.encode))
@settings(max_examples=500)
def test_no_input_raises_and_every_error_has_a_line(data: bytes) -> None:
    for parsed in load_documents(data, "f.yaml"):
        assert parsed.line >= 1
        if parsed.error is not None:
            assert parsed.document is None
            assert parsed.error.place.path == "f.yaml"
            assert parsed.error.place.line >= 1


def whole_floats_as_integers(value: Any) -> Any:
    """What sigs.k8s.io/yaml makes of a value that YAML holds."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: whole_floats_as_integers(item) for key, item in value.items()}
    return [whole_floats_as_integers(item) for item in value] if isinstance(value, list) else value


@given(MAPS)
def test_json_is_read_back_as_it_was_written(value: Any) -> None:
    (parsed,) = load_documents(orjson.dumps(value))
    assert is_same(parsed.document, value)


@given(MAPS)
def test_the_reference_reads_json_as_yaml_but_for_whole_floats(value: Any) -> None:
    assert is_same(reference.load(orjson.dumps(value), DEFAULT), whole_floats_as_integers(value))


@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_a_document_of_a_stream_reads_as_it_does_alone(texts: list[str]) -> None:
    alone = [parsed for text in texts for parsed in load_documents(text.encode() + b"\n")]
    stream = load_documents("\n---\n".join(texts).encode() + b"\n")
    assert [parsed.document for parsed in stream] == [parsed.document for parsed in alone]
