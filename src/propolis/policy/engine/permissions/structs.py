"""Parts of a policy, however deep they stand."""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

Part = TypeVar("Part", bound=msgspec.Struct)
_EXPRESSIONS = ("expression", "value_expression", "message_expression", "subject_expression")


def parts_of(value: Any, kind: type[Part]) -> Iterator[Part]:
    """Every struct of a type in a value; documents that a policy holds are not looked into."""
    if isinstance(value, kind):
        yield value
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from parts_of(getattr(value, name), kind)
    elif isinstance(value, tuple):
        for one in value:
            yield from parts_of(one, kind)


def expressions_of(value: Any) -> Iterator[str]:
    """Every expression of CEL in a value."""
    for part in parts_of(value, msgspec.Struct):
        for name in _EXPRESSIONS:
            text = getattr(part, name, None)
            if isinstance(text, str) and text:
                yield text
