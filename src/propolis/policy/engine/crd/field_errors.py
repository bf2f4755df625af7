"""Errors as the API server words them: a path, what kind of error, a value, a detail.

Facts from apimachinery pkg/util/validation/field @ v0.36.3.
"""

import json
from typing import Any

import msgspec

OMITTED: Any = object()
"""Stands for a value that is not shown."""
LONGEST_VALUE = 1000
"""Characters of a value that are shown."""

_WORDS = {
    "FieldValueInvalid": "Invalid value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueTypeInvalid": "Invalid value",
}
_WITHOUT_VALUE = frozenset({"FieldValueForbidden", "FieldValueRequired", "FieldValueTooLong"})
BLOCKING = frozenset(
    {"FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"}
)
"""Reasons of a shape by which rules are not evaluated."""


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with a field.

    Attributes:
        path: ``spec.ports[0].name``; empty for the whole object.
        reason: One of ``FieldValue...``.
        is_warning: Whether it is only told, for the field is as it was before.
    """

    path: str
    reason: str
    value: Any = OMITTED
    detail: str = ""
    is_warning: bool = False

    @property
    def text(self) -> str:
        """One line."""
        word = _WORDS.get(self.reason, "Invalid value")
        parts = [self.path or "<nil>", word]
        if self.reason not in _WITHOUT_VALUE and self.value is not OMITTED:
            parts.append(shown(self.value))
        if self.detail and self.reason != "FieldValueDuplicate":
            parts.append(self.detail)
        return ": ".join(parts)


def shown(value: Any) -> str:
    """A value as errors have it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def child(path: str, name: str) -> str:
    """The path of a field."""
    return f"{path}.{name}" if path else name
