"""A type of the model to a structural schema of OpenAPI v3.

Follows the rules for structural schemas of apiextensions.k8s.io/v1: every value has one type, or is free
JSON; nothing refers to elsewhere, so what holds itself is free JSON one level below.
"""

import re
from typing import Any

import msgspec
from msgspec import inspect

from propolis.policy.model.schema import facts

Schema = dict[str, Any]
FREE: Schema = {"x-kubernetes-preserve-unknown-fields": True}
"""A value of any shape, kept as it is."""
_TYPES: dict[type[inspect.Type], Schema] = {
    inspect.StrType: {"type": "string"},
    inspect.IntType: {"type": "integer"},
    inspect.FloatType: {"type": "number"},
    inspect.BoolType: {"type": "boolean"},
    inspect.DateTimeType: {"type": "string", "format": "date-time"},
}
_CODE = re.compile(r"``([^`]*)``|`([^`]*)`")


def schema_of(kind: Any, within: tuple[type, ...] = ()) -> Schema:
    """The schema of a type.

    Args:
        kind: A struct, or anything that msgspec converts to.
        within: Structs that the type stands in.
    """
    return _schema(inspect.type_info(kind), within)


def _schema(kind: inspect.Type, within: tuple[type, ...]) -> Schema:
    match kind:
        case inspect.Metadata():
            return {**_schema(kind.type, within), **(kind.extra or {})}
        case inspect.UnionType():
            given = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
            return _schema(given[0], within) if len(given) == 1 else dict(FREE)
        case inspect.LiteralType():
            return {"type": "string", "enum": sorted(map(str, kind.values))}
        case inspect.VarTupleType(item_type=inspect.StructType(cls=cls)) if cls in within:
            return dict(FREE)
        case inspect.VarTupleType():
            return {"type": "array", "items": _schema(kind.item_type, within)}
        case inspect.DictType():
            return _map(_schema(kind.value_type, within))
        case inspect.StructType():
            return _struct(kind.cls, within)
    return dict(_TYPES.get(type(kind), FREE))


def _map(values: Schema) -> Schema:
    return (
        {"type": "object", **FREE} if values == FREE else {"type": "object", "additionalProperties": values}
    )


def _struct(cls: type[msgspec.Struct], within: tuple[type, ...]) -> Schema:
    if cls in within:
        return dict(FREE)
    properties, required = {}, []
    for field in msgspec.structs.fields(cls):
        told = facts.of_field(cls, field.name)
        if told is None:
            continue
        own = facts.shape_of(cls, field.name)
        derived = schema_of(field.type if own is None else own, (*within, cls))
        properties[field.encode_name] = {**derived, **told}
        if field.required or facts.is_required(cls, field.name):
            required.append(field.encode_name)
    made: Schema = {"type": "object", "description": _description(cls), "properties": properties}
    if required:
        made["required"] = sorted(required)
    return {**made, **facts.of_struct(cls)}


def _description(cls: type) -> str:
    """The first paragraph of what the model says of itself, for ``kubectl explain``."""
    text = (cls.__doc__ or "").strip().partition("\n\n")[0]
    return _CODE.sub(lambda found: found[1] or found[2], " ".join(text.split()))
