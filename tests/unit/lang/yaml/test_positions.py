import pytest

from propolis.lang.yaml import load_documents, position_of

DATA = b"""\
# first
---
metadata:
  name: a
  labels: {app: x, tier: y}
spec:
  containers:
  - name: one
  - name: two
    image: busybox
  - - deep
---
kind: &k Pod
copy: {of: *k, more: 1}
other: [*k, 2]
"""


@pytest.mark.parametrize(
    ("line", "path", "place"),
    [
        (3, (), (3, 1)),
        (3, ("metadata",), (3, 1)),
        (3, ("metadata", "name"), (4, 3)),
        (3, ("metadata", "labels", "tier"), (5, 20)),
        (3, ("spec", "containers", 1), (9, 5)),
        (3, ("spec", "containers", 1, "image"), (10, 5)),
        (3, ("spec", "containers", 2, 0), (11, 7)),
        (13, ("copy", "more"), (14, 16)),
        (13, ("other", 1), (15, 13)),
    ],
)
def test_a_field_is_found_by_its_path(line: int, path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert position_of(DATA, line, path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("metadata", "namespace"), (3, 1)),
        (("spec", "containers", 7, "image"), (7, 3)),
        (("spec", "containers", "image"), (7, 3)),
        (("metadata", "name", "x"), (4, 3)),
        (("nothing",), (3, 1)),
    ],
)
def test_an_absent_field_is_placed_at_the_nearest_one_above(
    path: tuple[str | int, ...], place: tuple[int, int]
) -> None:
    assert position_of(DATA, 3, path) == place


def test_what_came_through_an_alias_is_placed_at_the_alias() -> None:
    assert position_of(b"a: &a {x: 1}\nb: *a\n", 1, ("b", "x")) == (2, 1)


def test_values_of_a_json_stream_are_told_apart_by_their_lines() -> None:
    data = b'{"a": 1}\n{"a": {"b": 2}}\n{\n  "a": 3\n}\n'
    assert position_of(data, 2, ("a", "b")) == (2, 8)
    assert position_of(data, 3, ("a",)) == (4, 3)


@pytest.mark.parametrize("data", [b"a: [", b"a: \xff", b"\xff\xfea", b""])
def test_a_document_that_cannot_be_read_gives_its_line(data: bytes) -> None:
    assert position_of(data, 1, ("a", 0, "b")) == (1, 1)


def test_lines_of_parsed_documents_lead_back_to_them() -> None:
    for parsed in load_documents(DATA):
        assert position_of(DATA, parsed.line, ()) == (parsed.line, 1)
