"""What expressions make that is no plain value: operations of a JSON patch, objects to apply.

Both are maps, so that expressions may read their fields.
"""

from typing import Any, ClassVar

from propolis.lang.cel.types import Type, object_type


class JsonPatchOperation(dict[str, Any]):
    """One operation: ``op``, ``path``, ``from``, ``value``."""

    cel_type: ClassVar[Type] = object_type("JSONPatch")


class MadeObject(dict[str, Any]):
    """An object, or a part of one, whose type names its place: ``Object.spec.template``."""

    cel_type: ClassVar[Type] = object_type("Object")

    def __init__(self, type_name: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.type_name = type_name
