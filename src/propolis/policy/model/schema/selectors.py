"""Shapes of the Kubernetes API that models keep as free maps, for an API server to check.

Facts from the Kubernetes API reference (meta/v1 LabelSelector, core/v1 ObjectReference),
and from the CustomResourceDefinitions of Kyverno @ 111e07b.
"""

from propolis.policy.model.struct import ApiStruct


class SelectorRequirement(ApiStruct, frozen=True):
    """A key, and what its value must be."""

    key: str
    operator: str
    values: tuple[str, ...] | None = None


class LabelSelector(ApiStruct, frozen=True):
    """Objects by their labels; all that is given must hold."""

    match_expressions: tuple[SelectorRequirement, ...] | None = None
    match_labels: dict[str, str] | None = None


class ObjectReference(ApiStruct, frozen=True):
    """An object, or a field of it."""

    api_version: str | None = None
    field_path: str | None = None
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    resource_version: str | None = None
    uid: str | None = None


class SignedObject(ApiStruct, frozen=True):
    """Objects of a kind, by name where one is given."""

    group: str | None = None
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    version: str | None = None


class IgnoredFields(ApiStruct, frozen=True):
    """Fields of some objects that a signature does not cover."""

    objects: tuple[SignedObject, ...] | None = None
    fields: tuple[str, ...] | None = None
