"""Image references as go-containerregistry reads them: Docker Hub is ``index.docker.io``.

Follows go-containerregistry pkg/name ParseReference @ v0.21, which takes more than distribution's grammar
does (a path may have dots and dashes anywhere) and knows sha256 only.
"""

import re
from functools import lru_cache

import msgspec

from propolis.lang.cel.libraries.kubernetes.url_escapes import UrlError
from propolis.lang.cel.libraries.kubernetes.urls import parse_url

DOCKER_HUB = "index.docker.io"
_TAG = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_REPOSITORY = re.compile(r"[a-z0-9_./-]{2,255}", re.ASCII)
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}", re.ASCII)
_LONGEST_TEXT = 4096


class ImageName(msgspec.Struct, frozen=True):
    """A reference.

    Attributes:
        text: As it was written.
        repository: Within the registry, as it was written.
        tag: Empty where there is a digest and no tag.
        digest: Empty where there is none.
    """

    text: str
    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def full_repository(self) -> str:
        """With the ``library`` that Docker Hub puts before its own images."""
        is_own = "/" not in self.repository and self.registry == DOCKER_HUB
        return f"library/{self.repository}" if is_own else self.repository


@lru_cache(maxsize=4096)
def parse_image_name(text: str) -> ImageName | None:
    """The parts of a reference; None for other text."""
    if len(text) > _LONGEST_TEXT:
        return None
    found = _tagged(text)
    return found if found is not None else _with_digest(text)


def _tagged(text: str) -> ImageName | None:
    base, tag = _split_tag(text)
    if tag is None or (tag and not _TAG.fullmatch(tag)):
        return None
    where = _place(base)
    return ImageName(text, *where, tag or "latest", "") if where else None


def _split_tag(text: str) -> tuple[str, str | None]:
    """The text before the tag, and the tag: empty without one, None where it is missing after its colon."""
    base, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        return text, ""
    return base, tag or None


def _with_digest(text: str) -> ImageName | None:
    parts = text.split("@")
    if len(parts) != 2 or not _DIGEST.fullmatch(parts[1]):  # noqa: PLR2004  # a name and a digest
        return None
    named = _tagged(parts[0])
    where = (named.registry, named.repository) if named else _place(parts[0])
    written = _split_tag(parts[0])[1] or ""
    return ImageName(text, *where, written, parts[1]) if where else None


def _place(base: str) -> tuple[str, str] | None:
    """Registry and repository."""
    first, slash, rest = base.partition("/")
    has_registry = bool(slash) and (first == "localhost" or "." in first or ":" in first)
    repository = rest if has_registry else base
    if not _REPOSITORY.fullmatch(repository):
        return None
    registry = first if has_registry else ""
    if registry and not _is_host(registry):
        return None
    return DOCKER_HUB if registry in ("", "docker.io") else registry, repository


def _is_host(text: str) -> bool:
    try:
        return parse_url(f"//{text}").host == text.encode("utf-8", "surrogatepass")
    except UrlError:
        return False
