"""Images of a resource: of its containers, and where ``imageExtractors`` say that a kind keeps them.

Follows Kyverno pkg/utils/api/image.go @ 111e07b.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.lang.image_reference import parse_image_reference
from propolis.lang.jmespath import compile_expression
from propolis.lang.json_patch import escaped
from propolis.policy.engine.context import ContextError
from propolis.policy.engine.images import images_of
from propolis.policy.model.images import ImageExtractor


class FoundImage(msgspec.Struct, frozen=True):
    """An image reference and its place.

    Attributes:
        written: As the resource has it.
        text: In full, with registry and tag or digest.
        pointer: JSON Pointer to it.
    """

    written: str
    text: str
    digest: str
    pointer: str


def compile_extractors(
    extractors: dict[str, tuple[ImageExtractor, ...]] | None,
) -> Callable[[Document], list[FoundImage]]:
    """The function that finds the images; it raises `ContextError` for one that cannot be read."""

    def images(document: Document) -> list[FoundImage]:
        own = (extractors or {}).get(str(document.get("kind")))
        if own:
            return [found for item in own for found in _extracted(item, document)]
        try:
            listed = images_of(document)
        except ValueError as error:
            raise ContextError(str(error)) from error
        pointers = [info["jsonPointer"] for group in listed.values() for info in group.values()]
        return [_found(_at(document, pointer), pointer) for pointer in pointers]

    return images


def _at(document: Any, pointer: str) -> str:
    for part in pointer.split("/")[1:]:
        document = document[int(part) if isinstance(document, list) else part]
    return str(document)


def _found(written: str, pointer: str) -> FoundImage:
    info = parse_image_reference(written)
    if info is None:
        raise ContextError(f"invalid image {written[:200]!r}")
    return FoundImage(written, info.reference, info.digest, pointer)


def _extracted(item: ImageExtractor, document: Document) -> Iterator[FoundImage]:
    """Images at a path with ``*``; ``value`` names the field of an object that holds the image."""
    parts = [part for part in item.path.split("/") if part]
    if item.value:
        parts.append(item.value)
    for value, pointer in _walked(document, parts, ""):
        text = compile_expression(item.jmes_path).search(value) if item.jmes_path else value
        if not isinstance(text, str):
            raise ContextError(f"the image at {pointer} is no text")
        yield _found(text, pointer)


def _walked(value: Any, parts: list[str], pointer: str) -> Iterator[tuple[Any, str]]:
    if not parts:
        yield value, pointer
        return
    first, rest = parts[0], parts[1:]
    if first == "*":
        items = (
            enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
        )
        for key, item in items:
            yield from _walked(item, rest, f"{pointer}/{escaped(str(key))}")
    elif isinstance(value, dict) and first in value:
        yield from _walked(value[first], rest, f"{pointer}/{escaped(first)}")
