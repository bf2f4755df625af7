"""Whether a resource is what a manifest says: leaf by leaf, but for fields that are ignored.

Follows k8s-manifest-sigstore pkg/util/mapnode @ 4152ec0: a key of a leaf joins names and indices by points;
empty texts count as absent; elements that moved within a list are no difference.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.lang.jmespath import ExpressionError
from propolis.lang.jmespath.regexes import compile_regex
from propolis.policy.engine.manifests.errors import MessageError

_INDEX = re.compile(r"\.\d+\.")
MOST_MOVED = 1_000
"""Differences within lists that are looked at for elements that moved."""


class Difference(msgspec.Struct, frozen=True):
    """A leaf that differs; None where it is absent."""

    key: str
    before: Any
    after: Any


def differences(manifest: Document, resource: Document, ignored: Sequence[str]) -> list[Difference]:
    """Where a resource departs from a manifest, by key.

    Raises:
        MessageError: A pattern of fields cannot be used.
    """
    before, after = dict(_leaves(manifest, "")), dict(_leaves(resource, ""))
    found = [
        Difference(key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if not _same(before.get(key), after.get(key))
    ]
    masks = [_mask(field) for field in ignored]
    found = [one for one in found if not any(mask.search(one.key) for mask in masks)]
    return [one for one in _without_moved(found) if not _is_canonical(one)]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    items = (
        enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else None
    )
    if items is None:
        if value is not None:
            yield path, value
        return
    for key, item in items:
        yield from _leaves(item, f"{path}.{key}" if path else str(key))


def _same(before: Any, after: Any) -> bool:
    if before is None or after is None:
        return (before or after) in ("", None)
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    return bool(before == after)


def _mask(field: str) -> Any:
    """A field and all below it; ``*`` stands for anything, also within names."""
    try:
        return compile_regex(f"{field}*".replace("*", ".*"))
    except ExpressionError as error:
        raise MessageError(error.message) from error


def _without_moved(found: list[Difference]) -> list[Difference]:
    """Drops leaves that left one place of a list and came to another."""
    inside = [one for one in found if _INDEX.search(one.key) and (one.before is None or one.after is None)]
    if len(inside) > MOST_MOVED:
        return found
    ways = {(_INDEX.sub(".*.", one.key), repr(one.before), repr(one.after)) for one in inside}
    return [
        one
        for one in found
        if one not in inside or (_INDEX.sub(".*.", one.key), repr(one.after), repr(one.before)) not in ways
    ]


def _is_canonical(one: Difference) -> bool:
    """Whether an image only got its registry or its tag."""
    if not (one.key.endswith("image") and isinstance(one.before, str)):
        return False
    return one.after in (f"docker.io/{one.before}", f"{one.before}:latest")
