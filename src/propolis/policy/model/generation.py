"""The ``generate`` part of a rule."""

from typing import Any

from propolis.policy.model.conditions import AnyAllConditions
from propolis.policy.model.context import ContextEntry
from propolis.policy.model.struct import ApiStruct


class CloneSource(ApiStruct, frozen=True):
    """The resource that is copied."""

    namespace: str | None = None
    name: str | None = None


class CloneList(ApiStruct, frozen=True):
    """Several resources that are copied."""

    namespace: str | None = None
    kinds: tuple[str, ...] | None = None
    selector: dict[str, Any] | None = None


class GeneratePattern(ApiStruct, frozen=True):
    """What is generated: its name, and its content or source."""

    api_version: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    data: Any = None
    clone: CloneSource | None = None
    clone_list: CloneList | None = None


class ForEachGeneration(GeneratePattern, frozen=True):
    """Something generated for every element of a list."""

    list: str | None = None
    context: tuple[ContextEntry, ...] | None = None
    preconditions: AnyAllConditions | None = None


class Generation(GeneratePattern, frozen=True):
    """Resources that come with a trigger."""

    generate_existing: bool | None = None
    synchronize: bool | None = None
    orphan_downstream_on_policy_delete: bool | None = None
    foreach: tuple[ForEachGeneration, ...] | None = None
