"""What expressions make that is no plain value: operations of a JSON patch, objects to apply."""

from typing import Any, ClassVar

import msgspec

from propolis.lang.cel.types import Type, object_type


class JsonPatchOperation(msgspec.Struct, frozen=True):
    """One operation; ``value`` and ``from_`` are None where they are not given."""

    op: str = ""
    path: str = ""
    from_: str | None = None
    value: Any = msgspec.UNSET
    cel_type: ClassVar[Type] = object_type("JSONPatch")


class MadeObject(msgspec.Struct, frozen=True):
    """An object, or a part of one, whose type names its place: ``Object.spec.template``."""

    type_name: str
    values: dict[str, Any]

    @property
    def cel_type(self) -> Type:
        """Its type."""
        return object_type(self.type_name)
