"""Policies from the bytes of manifest files."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.resource import Document, Origin
from propolis.lang.yaml import load_documents, position_of
from propolis.lang.yaml.positions import Path
from propolis.policy.model import is_policy, parse_policy
from propolis.policy.model.any import AnyException, AnyPolicy
from propolis.policy.model.cel.binding import Binding
from propolis.policy.model.cel.parse import (
    is_binding,
    is_cel_exception,
    is_cel_policy,
    parse_binding,
    parse_cel_exception,
    parse_cel_policy,
)
from propolis.policy.model.cleanup import CleanupPolicy, is_cleanup_policy, parse_cleanup_policy
from propolis.policy.model.exception import is_exception, parse_exception
from propolis.policy.model.global_context import (
    GlobalContextEntry,
    is_global_context_entry,
    parse_global_context_entry,
)
from propolis.policy.model.reader import Locate


class LoadedPolicies(msgspec.Struct, frozen=True):
    """What files held: policies, what they need, and what was wrong. Other documents are left out."""

    policies: tuple[AnyPolicy, ...] = ()
    exceptions: tuple[AnyException, ...] = ()
    errors: tuple[DocumentError, ...] = ()
    cleanups: tuple[CleanupPolicy, ...] = ()
    global_contexts: tuple[GlobalContextEntry, ...] = ()
    bindings: tuple[Binding, ...] = ()


def read_policies(data: bytes, path: str) -> LoadedPolicies:
    """All policies, and what belongs to them, of one file.

    A document that cannot be read does not stop the others.
    """
    found: dict[str, list[Any]] = defaultdict(list)
    for parsed in load_documents(data, path):
        if parsed.error is not None:
            found["errors"].append(parsed.error)
        elif isinstance(parsed.document, dict):
            origin = Origin(path, parsed.line)
            for way, document in _listed(parsed.document):
                try:
                    _add(found, document, origin, partial(_located, data, origin.line, way))
                except DocumentError as error:
                    found["errors"].append(error)
    return LoadedPolicies(**{field: tuple(items) for field, items in found.items()})


def _listed(document: Document) -> Iterator[tuple[Path, Document]]:
    """The documents of a List (``kubectl get -o yaml``), each with the way to it; any other alone."""
    items = document.get("items")
    if (document.get("apiVersion"), document.get("kind")) != ("v1", "List") or not isinstance(items, list):
        yield (), document
        return
    for number, item in enumerate(items):
        if isinstance(item, dict):
            yield ("items", number), item


def _located(data: bytes, line: int, way: Path, path: Path) -> tuple[int, int]:
    return position_of(data, line, (*way, *path))


def _add(found: dict[str, list[Any]], document: Document, origin: Origin, locate: Locate) -> None:
    """Adds a document if it is of a kind that this room reads. Raises `DocumentError`."""
    if is_policy(document):
        found["policies"].append(parse_policy(document, origin, locate))
    elif is_cel_policy(document):
        found["policies"].append(parse_cel_policy(document, origin, locate))
    elif is_exception(document):
        found["exceptions"].append(parse_exception(document, origin))
    elif is_cel_exception(document):
        found["exceptions"].append(parse_cel_exception(document, origin, locate))
    elif is_binding(document):
        found["bindings"].append(parse_binding(document, origin, locate))
    elif is_cleanup_policy(document):
        found["cleanups"].append(parse_cleanup_policy(document, origin))
    elif is_global_context_entry(document):
        found["global_contexts"].append(parse_global_context_entry(document, origin))
