"""Takes the secrets of a document out of texts about it: messages may quote what they judge."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from propolis.core.redaction import REDACTED, redacted
from propolis.core.resource import Document

_FEWEST_LETTERS = 4
"""Of a secret that is taken out; shorter ones would take words apart."""


def without(note: str, secrets: Iterable[str]) -> str:
    """A text without secrets that it may quote."""
    for secret in secrets:
        note = note.replace(secret, REDACTED)
    return note


def secrets_of(document: Document) -> list[str]:
    """The secrets of a document, the longest first: as they stand, behind ``--password=``, out of base64."""
    found: set[str] = set()
    for text in _taken_out(document, redacted(document)):
        found |= {text, text.partition("=")[2]}
        try:
            found.add(base64.b64decode(text, validate=True).decode())
        except (binascii.Error, ValueError):
            continue
    return sorted((text for text in found if len(text) >= _FEWEST_LETTERS), key=len, reverse=True)


def _taken_out(value: Any, without: Any) -> Iterator[str]:
    """The texts that are in one document and not in the other, which has the same shape."""
    if value is without:
        return
    match value:
        case str():
            if value != without:
                yield value
        case dict():
            for key, item in value.items():
                yield from _taken_out(item, without.get(key) if isinstance(without, dict) else None)
        case list():
            others = without if isinstance(without, list) else [None] * len(value)
            for item, other in zip(value, others, strict=True):
                yield from _taken_out(item, other)
