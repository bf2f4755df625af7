import pytest

from propolis.lang.yaml import load_documents, position_of
from propolis.lang.yaml import position_index as module
from propolis.lang.yaml.position_index import PositionIndex

TEXT = b"""\
a: 1
---
# the second
spec:
  rules:
    - name: x
      inner: {k: [1, 2]}
    -
      name: y
  ? [complex]
  : value
  last: 1
"""


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in paths(item, (*path, key)))]


def test_all_places_are_those_that_are_found_one_by_one() -> None:
    data = TEXT.replace(b"  ? [complex]\n  : value\n", b"")
    for parsed in load_documents(data, "x.yaml"):
        index = PositionIndex(data, parsed.line)
        for path in paths(parsed.document):
            assert index.at(path) == position_of(data, parsed.line, path)


def test_what_is_not_there_is_at_what_would_hold_it() -> None:
    index = PositionIndex(TEXT, 4)
    assert index.at(("spec", "rules", 0, "nowhere", "x")) == (6, 7)


def test_keys_that_are_no_texts_are_passed_over() -> None:
    assert PositionIndex(TEXT, 4).at(("spec", "last")) == (12, 3)


@pytest.mark.parametrize("data", [b"", b"a: [1", b"\xff\xfe\x00", b"a: &x [*x]"])
def test_what_is_no_document_is_at_its_line(data: bytes) -> None:
    assert PositionIndex(data, 1).at(("b",)) in {(1, 1), (1, 4)}


def test_places_beyond_the_limit_are_those_of_what_holds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_POSITIONS", 3)
    data = b"a:\n  b:\n    c: 1\n"
    assert PositionIndex(data, 1).at(("a", "b", "c")) == (2, 3)


def test_a_document_that_is_nested_too_deep_is_at_its_line() -> None:
    data = b"[" * 100_000
    assert PositionIndex(data, 1).at((0, 0)) == (1, 1) or PositionIndex(data, 1).at((0, 0))[0] == 1
