"""Documents around what expressions in CEL read."""

from typing import Any

import pytest

from propolis.policy.engine.coverage.cel_documents import (
    MOST_CONSTANTS,
    MOST_DEPTH,
    MOST_NODES,
    constants_of,
    documents_around,
)

pytestmark = pytest.mark.engine


def test_numbers_come_with_their_neighbors_and_strings_as_they_are() -> None:
    assert constants_of(["object.a > 5 && object.b == 'x1' || object.c == \"y\""]) == ["x1", "y", 5, 4, 6]


def test_the_number_of_constants_has_a_limit() -> None:
    assert len(constants_of([f"'c{number}'" for number in range(MOST_CONSTANTS + 5)])) == MOST_CONSTANTS


def test_what_is_called_is_no_field() -> None:
    found = list(documents_around({"spec": {}}, ["object.spec.size() == 0"]))
    assert found
    assert all("size" not in one.get("spec", {}) for one in found)


def test_kind_and_version_stay() -> None:
    document = {"apiVersion": "v1", "kind": "Pod"}
    assert list(documents_around(document, ["object.kind == 'Job' && object.apiVersion == 'v2'"])) == []


def test_the_number_of_objects_has_a_limit() -> None:
    items = [{"name": "a"} for _ in range(MOST_NODES + 50)]
    found = documents_around({"items": items}, ["item.flag"])
    changed = {index for one in found for index, item in enumerate(one["items"]) if "flag" in item}
    assert len(changed) == MOST_NODES - 1  # the document itself is one


def test_objects_deep_down_are_left_alone() -> None:
    document: Any = {"bottom": [{"name": "a"}]}
    for _ in range(MOST_DEPTH):
        document = {"inner": document}
    assert list(documents_around(document, ["item.flag"])) == []
