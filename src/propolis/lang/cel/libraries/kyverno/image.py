"""``image``, ``parseImageReference``, ``isImage`` and the parts of a reference (libs/image)."""

from typing import ClassVar

import msgspec

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function, getter
from propolis.lang.cel.libraries.kyverno.image_names import ImageName, parse_image_name
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import BOOL, STRING, Type, opaque

IMAGE_TYPE = opaque("kyverno.image")


class Image(msgspec.Struct, frozen=True):
    """A parsed reference."""

    name: ImageName
    cel_type: ClassVar[Type] = IMAGE_TYPE


def _image(text: str) -> Image:
    found = parse_image_name(text)
    if found is None:
        raise EvaluationError(f"could not parse reference: {text[:200]}")
    return Image(found)


def _identifier(image: Image) -> str:
    name = image.name
    if name.tag and name.digest:
        return f"{name.tag}@{name.digest}"
    return name.digest or name.tag


def _identifier_with_separator(image: Image) -> str:
    return f"@{image.name.digest}" if image.name.digest else f":{image.name.tag}"


IMAGE_LIBRARY = Library(
    "kyverno.image",
    (
        function("image", call("string_to_image_deprecated", (STRING,), IMAGE_TYPE, _image)),
        function("parseImageReference", call("string_to_image", (STRING,), IMAGE_TYPE, _image)),
        function(
            "isImage",
            call("is_image_string", (STRING,), BOOL, lambda text: parse_image_name(text) is not None),
        ),
        getter(
            "containsDigest", "image_contains_digest", IMAGE_TYPE, BOOL, lambda image: bool(image.name.digest)
        ),
        getter("registry", "image_registry", IMAGE_TYPE, STRING, lambda image: image.name.registry),
        getter(
            "repository", "image_repository", IMAGE_TYPE, STRING, lambda image: image.name.full_repository
        ),
        getter("identifier", "image_identifier", IMAGE_TYPE, STRING, _identifier),
        getter(
            "identifierWithSeparator",
            "image_identifier_with_separator",
            IMAGE_TYPE,
            STRING,
            _identifier_with_separator,
        ),
        getter("tag", "image_tag", IMAGE_TYPE, STRING, lambda image: image.name.tag),
        getter("digest", "image_digest", IMAGE_TYPE, STRING, lambda image: image.name.digest),
    ),
    types={"kyverno.image": IMAGE_TYPE},
)
