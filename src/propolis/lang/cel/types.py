"""The types of CEL: what the checker reasons with and what ``type(x)`` gives.

Follows cel-spec doc/langdef.md §Values @ 508bd98.
"""

import msgspec


class Type(msgspec.Struct, frozen=True):
    """One type.

    Attributes:
        kind: What it is: the name of a simple type, or "list", "map", "optional", "object" (fields come
            from a provider), "opaque" (of a library), "param" (stands for any type in a declaration), "type".
        name: Of an object, an opaque type or a parameter.
        parameters: Of a list its element, of a map key and value, of an optional its value, of an opaque
            type what it has, of "type" the type that it names (none for any).
    """

    kind: str
    name: str = ""
    parameters: tuple["Type", ...] = ()

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.parameters))
        shown = _SHOWN.get(self.kind, self.name or self.kind)
        return f"{shown}({inner})" if inner else shown


BOOL, INT, UINT, DOUBLE = Type("bool"), Type("int"), Type("uint"), Type("double")
STRING, BYTES, NULL, DYN = Type("string"), Type("bytes"), Type("null_type"), Type("dyn")
TIMESTAMP, DURATION = Type("timestamp"), Type("duration")
TYPE = Type("type")

_SHOWN = {
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "optional": "optional_type",
}


def list_of(element: Type) -> Type:
    """A list of one element type."""
    return Type("list", parameters=(element,))


def map_of(key: Type, value: Type) -> Type:
    """A map of one key type and one value type."""
    return Type("map", parameters=(key, value))


def optional_of(value: Type) -> Type:
    """A value that may be absent."""
    return Type("optional", parameters=(value,))


def type_of_type(value: Type) -> Type:
    """The type of the name of a type."""
    return Type("type", parameters=(value,))


def param(name: str) -> Type:
    """A type parameter of a declaration, the same within one overload."""
    return Type("param", name)


def opaque(name: str, *parameters: Type) -> Type:
    """A type that a library brings, such as ``net.IP``."""
    return Type("opaque", name, parameters)


def object_type(name: str) -> Type:
    """A type with fields, which a provider knows."""
    return Type("object", name)
