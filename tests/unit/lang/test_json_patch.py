from typing import Any

import pytest

from propolis.lang.json_patch import (
    MOST_OPERATIONS,
    MOST_PADDING,
    PatchError,
    apply_patch,
    find_patch,
    is_same,
)

DOCUMENT: dict[str, Any] = {"a": {"b/c": 1, "d~e": 2}, "list": [1, 2, 3]}


def applied(*operations: dict[str, Any]) -> Any:
    return apply_patch(DOCUMENT, list(operations))


@pytest.mark.parametrize(
    ("operation", "key", "wanted"),
    [
        ({"op": "add", "path": "/a/b~1c", "value": 9}, "a", {"b/c": 9, "d~e": 2}),
        ({"op": "replace", "path": "/a/d~0e", "value": 9}, "a", {"b/c": 1, "d~e": 9}),
        ({"op": "add", "path": "/list/-", "value": 4}, "list", [1, 2, 3, 4]),
        ({"op": "add", "path": "/list/0", "value": 0}, "list", [0, 1, 2, 3]),
        ({"op": "add", "path": "/list/-1", "value": 4}, "list", [1, 2, 3, 4]),
        ({"op": "remove", "path": "/list/-1"}, "list", [1, 2]),
        ({"op": "remove", "path": "/nothing/here"}, "list", [1, 2, 3]),
        ({"op": "add", "path": "/new/0/name", "value": "x"}, "new", [{"name": "x"}]),
        ({"op": "move", "from": "/list/0", "path": "/list/-"}, "list", [2, 3, 1]),
        ({"op": "copy", "from": "/list/0", "path": "/first"}, "first", 1),
        ({"op": "test", "path": "/list/0", "value": 1}, "list", [1, 2, 3]),
        ({"op": "test", "path": "/absent", "value": None}, "list", [1, 2, 3]),
    ],
)
def test_an_operation_does_what_the_rfc_says(operation: dict[str, Any], key: str, wanted: Any) -> None:
    assert applied(operation)[key] == wanted
    assert DOCUMENT == {"a": {"b/c": 1, "d~e": 2}, "list": [1, 2, 3]}


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "replace", "path": "/x", "value": 1}, "nothing is at"),
        ({"op": "test", "path": "/list/0", "value": True}, "is another"),
        ({"op": "add", "path": "/list/9", "value": 1}, "outside of the list"),
        ({"op": "add", "path": "/list/x", "value": 1}, "no index"),
        ({"op": "add", "path": "x", "value": 1}, "no JSON pointer"),
        ({"op": "add", "path": "/x"}, "value is missing"),
        ({"op": "grow", "path": "/x"}, "unknown operation"),
        ({"op": "remove", "path": ""}, "whole document"),
        ({"op": "move", "from": "/a", "path": "/a/b"}, "inside of"),
        ({"op": "add", "path": f"/new/{MOST_PADDING}/x", "value": 1}, "too far"),
    ],
)
def test_an_operation_that_does_not_fit_is_told(operation: dict[str, Any], message: str) -> None:
    with pytest.raises(PatchError, match=message):
        applied(operation)


def test_what_is_no_list_of_operations_or_too_long_is_told() -> None:
    with pytest.raises(PatchError, match="is a list"):
        apply_patch({}, {})
    with pytest.raises(PatchError, match="is an object"):
        apply_patch({}, ["add"])
    with pytest.raises(PatchError, match="at most"):
        apply_patch({}, [{}] * (MOST_OPERATIONS + 1))


def test_a_difference_names_the_smallest_parts() -> None:
    new = {"a": {"b/c": 1}, "list": [1, 5, 2, 3], "x": None}
    assert find_patch(DOCUMENT, new) == [
        {"op": "remove", "path": "/a/d~0e"},
        {"op": "add", "path": "/list/1", "value": 5},
        {"op": "add", "path": "/x", "value": None},
    ]


def test_true_is_not_one() -> None:
    assert not is_same({"a": [True]}, {"a": [1]})
    assert is_same({"a": 1, "b": 2}, {"b": 2, "a": 1})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/a/b", "value": 1},
        {"op": "add", "path": "/a/-", "value": 1},
        {"op": "remove", "path": "/a"},
    ],
)
def test_a_strict_patch_makes_nothing_above_and_finds_what_it_removes(operation: dict[str, object]) -> None:
    apply_patch({}, [operation])
    with pytest.raises(PatchError):
        apply_patch({}, [operation], is_strict=True)
