"""A parsed document as Kubernetes objects: lists unpacked, shapes checked."""

from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.cluster.configuration import what_it_is
from propolis.cluster.kinds import is_builtin_group
from propolis.core.resource import Document

Path = tuple[str | int, ...]


class Remark(msgspec.Struct, frozen=True):
    """Why a document, or one item of its list, is not used.

    Attributes:
        path: Leads to the field that it is about.
        is_error: False when the document is simply not for a cluster.
    """

    path: Path
    message: str
    expected: str
    is_error: bool = True

    @property
    def text(self) -> str:
        """The field and the message."""
        field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{field.removeprefix('.')} {self.message}".strip()


def objects_in(document: Any, path: Path = ()) -> Iterator[Document | Remark]:
    """The objects of a document: itself, or the items of a list, which inherit its kind."""
    remark = _remark_on_type(document, path)
    if remark:
        yield remark
    elif _is_list(document):
        yield from _items(document, path)
    else:
        yield _remark_on_metadata(document, path) or document


def _is_list(document: Document) -> bool:
    metadata = document.get("metadata")
    is_named = isinstance(metadata, dict) and "name" in metadata
    return document["kind"].endswith("List") and "items" in document and not is_named


def _items(document: Document, path: Path) -> Iterator[Document | Remark]:
    items = document["items"]
    if not isinstance(items, list):
        if items is not None:
            yield Remark((*path, "items"), "is no list", "a list of objects")
        return
    kind = document["kind"].removesuffix("List")
    inherited = {"apiVersion": document["apiVersion"], "kind": kind} if kind else {}
    for index, item in enumerate(items):
        whole = inherited | item if isinstance(item, dict) else item
        yield from objects_in(whole, (*path, "items", index))


def _remark_on_type(document: Any, path: Path) -> Remark | None:
    """Whether the document says what it is; what says nothing of it is no object."""
    if not isinstance(document, dict):
        return Remark(path, "is no Kubernetes object", "a map with apiVersion and kind", bool(path))
    for field in ("apiVersion", "kind"):
        value = document.get(field)
        if value is None:
            message = f"is no Kubernetes object: it has no {field}"
            return Remark(path, message, "apiVersion and kind", bool(path))
        if not isinstance(value, str) or not value:
            return Remark((*path, field), "is no text", f"text such as {_EXAMPLES[field]}")
    told = what_it_is(document["apiVersion"], document["kind"])
    return Remark(path, *told, is_error=False) if told else None


_EXAMPLES = {"apiVersion": "apps/v1", "kind": "Deployment"}


def _remark_on_metadata(document: Document, path: Path) -> Remark | None:
    metadata = document.get("metadata")
    if metadata is None:
        group = document["apiVersion"].rpartition("/")[0]
        return Remark(path, f"{document['kind']} has no metadata", "metadata.name", is_builtin_group(group))
    if not isinstance(metadata, dict):
        return Remark((*path, "metadata"), "is no map", "a map with a name")
    return _remark_on_names(metadata, (*path, "metadata")) or _remark_on_texts(metadata, (*path, "metadata"))


def _remark_on_names(metadata: Document, path: Path) -> Remark | None:
    for field in ("name", "generateName", "namespace"):
        value = metadata.get(field)
        if value is not None and not isinstance(value, str):
            return Remark((*path, field), "is no text", "text; put it in quotes")
        if value and "{{" in value:
            return Remark((*path, field), "holds a template", RENDER_FIRST)
    if not metadata.get("name") and not metadata.get("generateName"):
        return Remark((*path, "name"), "is missing", "the object's name")
    return None


def _remark_on_texts(metadata: Document, path: Path) -> Remark | None:
    """Labels and annotations are text; the API server takes null for empty text."""
    for field in ("labels", "annotations"):
        texts = metadata.get(field)
        if texts is None:
            continue
        if not isinstance(texts, dict):
            return Remark((*path, field), "is no map", "a map of texts")
        for key, value in texts.items():
            if value is None:
                texts[key] = ""
            elif not isinstance(value, str):
                return Remark((*path, field, key), "is no text", "text; put it in quotes")
    return None


RENDER_FIRST = "rendered manifests: helm template CHART | propolis assess --manifests -"
