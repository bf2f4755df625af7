"""Strategic merge: a partial document laid over a resource.

Follows kustomize's patchstrategicmerge, which Kyverno uses: null removes, ``$patch`` removes or replaces,
lists with merge keys are merged element by element (those of the patch first), all others replaced.
"""

from typing import Any

from propolis.core.errors import DocumentError
from propolis.core.resource import Document
from propolis.lang.json_patch import is_same
from propolis.policy.engine.merge_keys import DEFAULTS, Shape, field_shape, root_shape

DIRECTIVE = "$patch"


class MergeError(DocumentError):
    """The patch does not fit: an element of a merged list has no key."""


def merge_patch(document: Document, patch: Document) -> Document:
    """The document with the patch over it; neither is changed, what stays is shared.

    Raises:
        MergeError: As it says.
    """
    api_version, kind = document.get("apiVersion"), document.get("kind")
    shape = root_shape(api_version if isinstance(api_version, str) else "", str(kind))
    return _merge_map(document, patch, shape)


def _merge(old: Any, patch: Any, shape: Shape) -> Any:
    if isinstance(patch, dict):
        if patch.get(DIRECTIVE) == "replace" or not isinstance(old, dict):
            old = {}
        return _merge_map(old, patch, shape)
    if isinstance(patch, list):
        return _merge_list(old if isinstance(old, list) else [], patch, shape)
    return patch


def _merge_map(old: dict[str, Any], patch: dict[str, Any], shape: Shape) -> dict[str, Any]:
    result = dict(old)
    for key, value in patch.items():
        if key == DIRECTIVE:
            continue
        if value is None or (isinstance(value, dict) and value.get(DIRECTIVE) == "delete"):
            result.pop(key, None)
        else:
            result[key] = _merge(result.get(key), value, field_shape(shape, key))
    return result


def _merge_list(old: list[Any], patch: list[Any], shape: Shape) -> list[Any]:
    items = [item for item in patch if item != {DIRECTIVE: "replace"}]
    is_replaced = len(items) != len(patch)
    if shape.is_set and not is_replaced:
        return [*items, *(item for item in old if not any(is_same(item, one) for one in items))]
    if not shape.keys or is_replaced:
        return [_merge(None, item, shape) for item in items]
    return _merge_by_keys(old, items, shape)


def _merge_by_keys(old: list[Any], patch: list[Any], shape: Shape) -> list[Any]:
    """Elements of the patch first, each over the one with its keys, then those left alone."""
    known = {key: item for item in old if (key := _key(item, shape.keys)) is not None}
    merged: dict[tuple[Any, ...], Any] = {}
    removed: set[tuple[Any, ...]] = set()
    for item in patch:
        key = _key(item, shape.keys)
        if key is None:
            raise MergeError(f"an element of a patch has no {shape.keys[0]}, by which its list is merged")
        if item.get(DIRECTIVE) == "delete":
            removed.add(key)
        else:
            merged[key] = _merge(merged.get(key, known.get(key)), item, shape)
    changed = {*merged, *removed}
    kept = [item for item in old if _key(item, shape.keys) not in changed]
    return [*(item for key, item in merged.items() if key not in removed), *kept]


def _key(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...] | None:
    """What tells an element apart; None where its first key is missing."""
    if not isinstance(item, dict) or not isinstance(item.get(keys[0]), str | int):
        return None
    return tuple(
        value if isinstance(value := item.get(key, DEFAULTS.get(key)), str | int) else None for key in keys
    )
