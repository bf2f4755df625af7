"""Laws of patches."""

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from propolis.lang.json_patch import PatchError, apply_patch, find_patch, is_same
from propolis.policy.engine.patch_anchors import prepare_patch
from propolis.policy.engine.strategic_merge import MergeError, merge_patch

KEYS = st.sampled_from(["a", "b", "name", "x/y", "~", "", "+(a)", "(b)", "<(name)", "$patch"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["a", "delete", "replace", "*"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)
POINTERS = st.sampled_from(["", "/", "/a", "/a/0", "/a/-", "/a/-1", "/b/name", "/x~1y", "a", "/a/b/1/c"])
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"]), "path": POINTERS},
        optional={"from": POINTERS, "value": VALUES},
    )
    | VALUES,
    max_size=5,
)


@given(VALUES, VALUES)
def test_the_difference_of_two_documents_makes_one_of_the_other(old: Any, new: Any) -> None:
    assert is_same(apply_patch(old, find_patch(old, new)), new)


@given(OBJECTS)
def test_nothing_differs_from_itself(document: Any) -> None:
    assert find_patch(document, document) == []


@given(OBJECTS, OPERATIONS)
def test_a_patch_fits_or_is_an_error_of_its_own(document: Any, operations: Any) -> None:
    before = repr(document)
    with suppress(PatchError):
        apply_patch(document, operations)
    assert repr(document) == before


@given(OBJECTS, OBJECTS)
def test_a_merge_changes_neither_document_and_applies_once(document: Any, patch: Any) -> None:
    document = {**document, "apiVersion": "v1", "kind": "Pod"}
    before = repr((document, patch))
    try:
        prepared = prepare_patch(patch, document)
        once = merge_patch(document, prepared)
        assert is_same(merge_patch(once, prepared), once)
    except MergeError:
        pass
    assert repr((document, patch)) == before
