"""Comparison of what a policy made of a resource with what a test's file says.

Follows Kyverno cmd/cli/kubectl-kyverno/commands/test/compare.go @ 111e07b: null, empty objects and empty
lists do not count at any depth, nor do the labels by which Kyverno finds what it generated.
"""

from collections.abc import Iterable
from typing import Any

from propolis.core.resource import Document, reference_of
from propolis.lang.json_patch import is_same

GENERATED = "generate.kyverno.io/"
MANAGED_BY = "app.kubernetes.io/managed-by"
_FIELDS = ("apiVersion", "kind")


def expected_document(documents: Iterable[Document], actual: Document) -> Document | None:
    """The document of a file that has the identity of another."""
    wanted = _identity(actual)
    return next((document for document in documents if _identity(document) == wanted), None)


def _identity(document: Document) -> tuple[str, ...]:
    ref = reference_of(document)
    return ref.api_version, ref.kind, ref.namespace, ref.name


def is_expected(actual: Document, expected: Document) -> bool:
    """Whether two documents say the same."""
    return is_same(_comparable(actual), _comparable(expected))


def _comparable(document: Document) -> Any:
    metadata = document.get("metadata")
    fields = dict(metadata) if isinstance(metadata, dict) else {}
    labels = fields.get("labels")
    kept = {key: text for key, text in (labels or {}).items() if not key.startswith(GENERATED)}
    fields["labels"] = {**kept, MANAGED_BY: "kyverno"}
    return _compact({**document, "metadata": fields})


def _compact(value: Any) -> Any:
    """Without what is null or empty; what becomes empty by that goes too."""
    if isinstance(value, dict):
        pairs = ((key, _compact(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not None and item not in ({}, [])}
    if isinstance(value, list):
        return [item for item in map(_compact, value) if item is not None and item not in ({}, [])]
    return value
