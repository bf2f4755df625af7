"""Documents that are no resources: any JSON or YAML, and requests that a server asks about."""

from collections.abc import Iterator

from propolis.core.errors import DocumentError, Place
from propolis.core.resource import Document, Origin, Resource, ResourceRef
from propolis.lang.yaml import load_documents
from propolis.policy.model.policy_test import Payload


def read_payloads(data: bytes, path: str, mode: str) -> Iterator[Payload]:
    """The documents of a file, called after it.

    Raises:
        DocumentError: One cannot be read or is no object, or there is none.
    """
    count = 0
    for parsed in load_documents(data, path):
        if parsed.error is not None:
            raise parsed.error
        if not isinstance(parsed.document, dict):
            raise DocumentError("this is no object", Place(path, parsed.line), "an object at the top")
        count += 1
        yield payload_of(parsed.document, Origin(path, parsed.line), mode)
    if not count:
        raise DocumentError("holds no document", Place(path), "JSON or YAML")


def payload_of(document: Document, origin: Origin, mode: str) -> Payload:
    """A document under the path of its file."""
    name = origin.path.removeprefix("./")
    return Payload(mode, Resource(ResourceRef("", mode, name), document, origin))
