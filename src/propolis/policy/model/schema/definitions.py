"""Kinds to CustomResourceDefinitions (apiextensions.k8s.io/v1)."""

from collections.abc import Iterable, Iterator
from typing import Any

from propolis.core.resource import Document
from propolis.policy.model.schema.derive import Schema, schema_of
from propolis.policy.model.schema.kinds import KINDS, STATE, Column, CustomKind, Version

_IDENTITY: Schema = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
}


def definitions(kinds: Iterable[CustomKind] = (*KINDS, *STATE)) -> list[Document]:
    """The definition of every kind, in their order."""
    return [definition(kind) for kind in kinds]


def definition(kind: CustomKind) -> Document:
    """The definition of a kind. All its versions have one schema: what one reads, all do."""
    schema = _object_schema(kind)
    names: dict[str, Any] = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.kind.lower(),
    }
    if kind.short_name:
        names["shortNames"] = [kind.short_name]
    if kind.categories:
        names["categories"] = list(kind.categories)
    stored = kind.versions[0].name
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.name},
        "spec": {
            "group": kind.group,
            "names": names,
            "scope": kind.scope,
            "versions": [
                _version(kind, one, schema, is_stored=one.name == stored)
                for one in sorted(kind.versions, key=lambda one: one.name)
            ],
        },
    }


def _version(kind: CustomKind, version: Version, schema: Schema, *, is_stored: bool) -> Document:
    made: Document = {
        "name": version.name,
        "served": True,
        "storage": is_stored,
        "schema": {"openAPIV3Schema": schema},
    }
    if version.is_deprecated:
        made["deprecated"] = True
    if kind.columns:
        made["additionalPrinterColumns"] = [_column(*one) for one in kind.columns]
    if kind.status is not None:
        made["subresources"] = {"status": {}}
    return made


def _column(*column: *Column) -> Document:
    name, path, type_, priority = column
    made: Document = {"name": name, "jsonPath": path, "type": type_}
    return {**made, "priority": priority} if priority else made


def _object_schema(kind: CustomKind) -> Schema:
    spec = schema_of(kind.spec)
    if kind.is_whole:
        return {**spec, "properties": {**_IDENTITY, **spec["properties"]}}
    for path in kind.without:
        *above, last = path.split(".")
        del _at(spec, above)["properties"][last]
    for path, value in kind.defaults.items():
        _at(spec, path.split("."))["default"] = value
    properties = {**_IDENTITY, "spec": spec}
    if kind.status is not None:
        properties["status"] = schema_of(kind.status)
    return {
        "type": "object",
        "description": spec["description"],
        "properties": properties,
        **({"required": ["spec"]} if kind.needs_spec else {}),
    }


def _at(schema: Schema, path: Iterable[str]) -> Schema:
    for name in path:
        schema = schema["properties"][name]
    return schema


def served(kinds: Iterable[CustomKind] = KINDS) -> Iterator[tuple[str, str, CustomKind]]:
    """Group, version and kind of all that is served."""
    for kind in kinds:
        for version in kind.versions:
            yield kind.group, version.name, kind
