"""The ``mutate`` part of a rule."""

from typing import Any, Literal

import msgspec

from propolis.policy.model.conditions import AnyAllConditions, Conditions
from propolis.policy.model.context import ContextEntry
from propolis.policy.model.struct import ApiStruct


class MutationTarget(ApiStruct, frozen=True):
    """Existing resources that a mutation changes."""

    api_version: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    selector: dict[str, Any] | None = None
    context: tuple[ContextEntry, ...] | None = None
    preconditions: Conditions | None = None


class ForEachMutation(ApiStruct, frozen=True):
    """A change for every element of a list."""

    list: str | None = None
    order: Literal["Ascending", "Descending"] | None = None
    context: tuple[ContextEntry, ...] | None = None
    preconditions: AnyAllConditions | None = None
    patch_strategic_merge: Any = None
    patches_json6902: str | None = msgspec.field(default=None, name="patchesJson6902")
    foreach: tuple["ForEachMutation", ...] | None = None


class Mutation(ApiStruct, frozen=True):
    """How a resource is changed."""

    mutate_existing_on_policy_update: bool | None = None
    targets: tuple[MutationTarget, ...] | None = None
    patch_strategic_merge: Any = None
    patches_json6902: str | None = msgspec.field(default=None, name="patchesJson6902")
    foreach: tuple[ForEachMutation, ...] | None = None
