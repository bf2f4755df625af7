"""The signed message of a resource: its annotations, unpacked."""

import base64
import binascii
import io
import tarfile
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.limits import DEFAULT
from propolis.core.resource import Document
from propolis.lang.yaml import load_documents
from propolis.policy.engine.manifests.errors import MessageError

DOMAIN = "cosign.sigstore.dev"
"""Of annotations, where a policy names no other."""
MOST_FILES = 1_000
MOST_SIGNATURES = 100
_GZIP = b"\x1f\x8b"
_ANY_HEADER = 31
"""Window bits of zlib for a gzip header."""


class SignedMessage(msgspec.Struct, frozen=True):
    """What was signed.

    Attributes:
        content: The bytes that signatures are for.
        signatures: As they are written, in base64.
        certificates: Whether any of them comes with a certificate or an entry of a transparency log.
    """

    content: bytes
    signatures: tuple[str, ...]
    certificates: bool = False


def message_of(document: Document, domain: str) -> SignedMessage | None:
    """The message of a resource; None where it has none.

    Raises:
        MessageError: It is there and cannot be unpacked.
    """
    found = annotations_of(document)
    packed = found.get(f"{domain}/message")
    if packed is None:
        return None
    content = unzipped(_decoded(packed))
    names = [f"{domain}/{{}}{f'_{index}' if index else ''}" for index in range(MOST_SIGNATURES)]
    signatures: list[str] = []
    for name in names:
        signature = found.get(name.format("signature"))
        if signature is None:
            break
        signatures.append(signature)
    extras = {name.format(kind) for name in names for kind in ("certificate", "bundle")}
    return SignedMessage(content, tuple(signatures), not extras.isdisjoint(found))


def annotations_of(document: Document) -> dict[str, str]:
    """The annotations that are texts."""
    metadata = document.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    items = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in items if isinstance(value, str)}


def manifests_in(content: bytes) -> list[Document]:
    """The documents of a message: YAML as it is, or files of YAML in a packed archive.

    Raises:
        MessageError: It is neither.
    """
    if not content.startswith(_GZIP):
        return list(_documents(content))
    found: list[Document] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(unzipped(content))) as archive:
            for number, member in enumerate(archive):
                if number >= MOST_FILES:
                    raise MessageError(f"the message has more than {MOST_FILES} files")
                file = archive.extractfile(member) if member.isreg() else None
                found += _documents(file.read()) if file is not None else ()
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise MessageError(f"the message is no archive: {error}") from error
    return found


def unzipped(data: bytes) -> bytes:
    """What gzip packed; data that it did not pack as they are.

    Raises:
        MessageError: It would be too large.
    """
    if not data.startswith(_GZIP):
        return data
    inflater = zlib.decompressobj(_ANY_HEADER)
    try:
        found = inflater.decompress(data, DEFAULT.text_bytes)
    except zlib.error:
        return data
    if inflater.unconsumed_tail:
        raise MessageError(f"the message is larger than {DEFAULT.text_bytes} bytes")
    return found


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MessageError("failed to decode base64 message in the annotation") from error


def _documents(data: bytes) -> Iterator[Any]:
    for parsed in load_documents(data, "message"):
        if parsed.error is None and isinstance(parsed.document, dict):
            yield parsed.document
