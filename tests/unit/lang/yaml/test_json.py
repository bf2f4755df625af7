from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.lang.yaml import load_documents


def load(text: str) -> list[Any]:
    return [
        parsed.document if parsed.error is None else parsed.error
        for parsed in load_documents(text.encode(), "f.json")
    ]


def test_a_json_document_keeps_the_types_of_json() -> None:
    (document,) = load(
        '{"a": 1.0, "b": [true, null, "yes"], "c": 12345678901234567890, "d": "\\/\\ud83d\\ude00"}'
    )
    assert document == {
        "a": 1.0,
        "b": [True, None, "yes"],
        "c": 12345678901234567890,
        "d": "/\U0001f600",
    }
    assert type(document["a"]) is float


@pytest.mark.parametrize("between", ["", " ", "\n", "\n\n", "\n---\n"])
def test_a_stream_of_json_gives_every_value(between: str) -> None:
    assert load(between.join(['{"a": 1}', '{"b": [2]}', '{"c": 3}'])) == [{"a": 1}, {"b": [2]}, {"c": 3}]


def test_values_of_a_stream_know_their_lines() -> None:
    parsed = load_documents(b'\n{"a": 1}\n{\n  "b": 2\n}\n\n{"c": 3}\n---\n\n{"d": 4}\n')
    assert [found.line for found in parsed] == [2, 3, 7, 10]


def test_a_broken_value_leaves_the_values_around_it() -> None:
    first, error, last = load('{"a": 1}\n{"b": nothing}\n{"c": 3}\n')
    assert (first, last) == ({"a": 1}, {"c": 3})
    assert str(error) == "f.json:2:7: Expecting value; expected JSON"


@pytest.mark.parametrize("text", ['{"a": NaN}', "[Infinity]", '{"a": 1}\n{"b": NaN}\n'])
def test_numbers_that_json_does_not_have_are_no_numbers(text: str) -> None:
    found = load(text)[-1]
    assert isinstance(found, DocumentError) or "NaN" in str(found) or "Infinity" in str(found)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": [{"b": 1, "c": {}, "b": 2}]}',
        '{"a" : 1, "a":2}',
        '{"a": "\\u0022:", "b": 1, "b": 2}',
        '{"a": "\\"\\u003a", "b": 1, "b": 2}',
        '{"\\u0061": 1, "a": 2}',
        '{"a":\n1,\n"a"\n:2}',
        '{"a": {"x": 1}, "b": "\\":\\":\\":", "a": {"y": 2}}',
    ],
)
def test_a_key_that_is_there_twice_is_refused(text: str) -> None:
    (error,) = load(text)
    assert isinstance(error, DocumentError)
    assert "twice" in error.message


@pytest.mark.parametrize("text", ['{"a": "\\":", "b": "\\":"}', '{"a": "\\u0022:"}', '{"a" : {"a" : 1}}'])
def test_texts_that_look_like_keys_are_none(text: str) -> None:
    (document,) = load(text)
    assert isinstance(document, dict)


def test_a_duplicate_key_is_placed_at_its_second_use() -> None:
    (error,) = load('{\n  "a": 1,\n  "a": 2\n}')
    assert str(error.place) == "f.json:3:3"


def test_a_duplicate_within_a_stream_is_placed_in_its_value() -> None:
    first, error = load('{"a": 1}\n\n{"b": 1,\n "b": 2}\n')
    assert first == {"a": 1}
    assert str(error.place) == "f.json:4:2"


def test_a_flow_map_of_yaml_is_no_json_and_still_read() -> None:
    assert load("{a: yes, 'b': [1, 0777,]}") == [{"a": True, "b": [1, 511]}]


def test_a_half_surrogate_is_refused() -> None:
    (error,) = load('{"a": "\\ud83d"}')
    assert isinstance(error, DocumentError)
