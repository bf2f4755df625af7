"""Conditions of preconditions and deny rules."""

from typing import Any, TypeAlias

from propolis.policy.model.struct import ApiStruct


class Condition(ApiStruct, frozen=True):
    """``key operator value``; key and value may hold variables."""

    key: Any = None
    operator: str = ""
    value: Any = None
    message: str | None = None


class AnyAllConditions(ApiStruct, frozen=True):
    """At least one of ``any`` and every one of ``all``."""

    any: tuple[Condition, ...] | None = None
    all: tuple[Condition, ...] | None = None


Conditions: TypeAlias = AnyAllConditions | tuple[Condition, ...]
"""Both notations: any/all, or the older plain list, of which all must hold."""
