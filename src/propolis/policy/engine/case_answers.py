"""Answers to look-ups that a test of policies gives: its prepared answers, and the resources of its files."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document, reference_of
from propolis.lang.label_selector import compile_selector
from propolis.lang.wildcard import matches
from propolis.policy.lookups import RESOURCES
from propolis.policy.model.policy_test import PolicyTest


def fetch_from(test: PolicyTest, keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
    """An answer for every key: what the files of a test do not hold does not exist."""
    documents = [
        *(item.document for item in (*test.targets, *test.resources)),
        *test.cluster,
        *(document for name in test.sources for document in test.files.get(name, ())),
    ]
    return {key: Answer(selected(documents, key)) if key.kind == RESOURCES else Answer() for key in keys}


def selected(documents: Iterable[Document], key: LookupKey) -> list[Document]:
    """The documents that a `RESOURCES` question asks for."""
    api_version, kind, namespace, name, selector = key.arguments
    try:
        labels = compile_selector(msgspec.json.decode(selector)) if selector else None
    except DocumentError:
        return []
    found = []
    for document in documents:
        ref = reference_of(document)
        fits = _fits(api_version, ref.api_version) and _fits(kind.partition("/")[0], ref.kind)
        fits = fits and _fits(namespace, ref.namespace) and _fits(name, ref.name)
        if fits and (labels is None or labels.matches(_labels(document))):
            found.append(document)
    return found


def _fits(pattern: str, text: str) -> bool:
    return not pattern or matches(pattern, text)


def _labels(document: Document) -> dict[str, Any]:
    metadata = document.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else {}
