"""Image references: ``registry.example/team/app:1.2@sha256:...`` and their parts.

Follows the grammar of distribution/reference and Kyverno pkg/utils/image @ 111e07b.
"""

import re
from functools import lru_cache

import msgspec

DEFAULT_REGISTRY = "docker.io"

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"({_HOST}(?::[0-9]+)?)/({_COMPONENT}(?:/{_COMPONENT})*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?"
    r"(?:@([A-Za-z][A-Za-z0-9]*(?:[+.\-_][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
_LONGEST = 512


class ImageReference(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The parts of an image reference. ``path`` is the repository, ``name`` its last part."""

    registry: str
    name: str
    path: str
    tag: str = ""
    digest: str = ""
    reference: str = ""
    reference_with_tag: str = ""


@lru_cache(maxsize=16384)
def parse_image_reference(text: str) -> ImageReference | None:
    """The parts of an image reference, or None when it is none.

    A reference without registry is one of ``docker.io``; without tag and digest its tag is ``latest``.
    """
    full = _with_registry(text)
    found = _REFERENCE.fullmatch(full) if len(full) <= _LONGEST else None
    if found is None:
        return None
    registry, path, tag, digest = found.groups()
    tag = tag or ("" if digest else "latest")
    image = f"{registry}/{path}"
    return ImageReference(
        registry=registry,
        name=path.rpartition("/")[2],
        path=path,
        tag=tag,
        digest=digest or "",
        reference=f"{image}@{digest}" if digest else f"{image}:{tag}",
        reference_with_tag=f"{image}:{tag}",
    )


def _with_registry(text: str) -> str:
    first, slash, _ = text.partition("/")
    is_host = slash and (re.search("[.:]", first) or first == "localhost" or first.lower() != first)
    return text if is_host else f"{DEFAULT_REGISTRY}/{text}"
