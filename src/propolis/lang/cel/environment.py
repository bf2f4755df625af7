"""What an expression may use: libraries, variables, object types, options."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import msgspec

from propolis.lang.cel import operators
from propolis.lang.cel.library import Function, Library, Macro
from propolis.lang.cel.types import Type, type_of_type

_CROSS_TYPE = frozenset(
    f"{relation}_{one}_{other}"
    for relation in ("less", "less_equals", "greater", "greater_equals")
    for one, other in (
        ("int64", "double"),
        ("int64", "uint64"),
        ("uint64", "double"),
        ("uint64", "int64"),
        ("double", "int64"),
        ("double", "uint64"),
    )
)


class Provider(Protocol):
    """Object types: their fields, and how values of them are made."""

    def fields(self, type_name: str) -> Mapping[str, Type] | None:
        """Types of the fields, by the names that expressions say; None for an unknown type."""
        ...

    def key(self, type_name: str, field_name: str) -> str:
        """The key that a field has in values."""
        ...

    def construct(self, type_name: str, values: dict[str, Any]) -> Any:
        """The value of ``Name{field: value}``.

        Raises:
            EvaluationError: There is no such value.
        """
        ...


class Limits(msgspec.Struct, frozen=True):
    """What one evaluation may use at most, where no cost limit is given.

    Attributes:
        iterations: Elements that all comprehensions go through together; sixteen characters or elements of
            a large text or list count as one where a call goes through it.
    """

    iterations: int = 2_000_000


@dataclass(frozen=True, eq=False)
class Environment:
    """One per kind of policy and version; programs are kept by text in it.

    Attributes:
        libraries: Functions, macros and types; `libraries.standard.STANDARD` is in every sensible one.
        variables: Types of the variables, by name; a name may have dots.
        container: The name space in which names are looked up first.
        provider: Object types; None when there are none.
        uses_cross_type_numerics: Whether ``1 < 2.0`` passes the checker, as in Kubernetes since 1.28.
        uses_macros: Whether the parser replaces macros.
    """

    libraries: tuple[Library, ...] = ()
    variables: Mapping[str, Type] = field(default_factory=dict)
    container: str = ""
    provider: Provider | None = None
    uses_cross_type_numerics: bool = False
    uses_macros: bool = True
    limits: Limits = field(default_factory=Limits)

    def extended(
        self, *libraries: Library, variables: Mapping[str, Type] | None = None, **changes: Any
    ) -> "Environment":
        """The same with more libraries and variables, or another value of any attribute."""
        joined = {**self.variables, **(variables or {})}
        return replace(self, libraries=(*self.libraries, *libraries), variables=joined, **changes)

    def with_provider(self, provider: Provider, variables: Mapping[str, Type] | None = None) -> "Environment":
        """The same with other object types and variables; its libraries are not worked out again."""
        made = replace(self, provider=provider, variables=self.variables if variables is None else variables)
        for name in ("functions", "macros", "constants"):
            made.__dict__[name] = getattr(self, name)
        return made

    @cached_property
    def programs(self) -> dict[tuple[str, bool], Any]:
        """Programs that were compiled in it, by text and whether they are checked."""
        return {}

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """All functions by name; overloads of several libraries joined."""
        functions: dict[str, Function] = {}
        for library in self.libraries:
            for function in library.functions:
                known = functions.get(function.name)
                functions[function.name] = function if known is None else _joined(known, function)
        if not self.uses_cross_type_numerics:
            for name in (
                operators.LESS,
                operators.LESS_OR_EQUAL,
                operators.GREATER,
                operators.GREATER_OR_EQUAL,
            ):
                if name in functions:
                    functions[name] = _without_cross_types(functions[name])
        return functions

    @cached_property
    def macros(self) -> Mapping[tuple[str, bool, int | None], Macro]:
        """All macros by name, whether they are members, and their number of arguments."""
        if not self.uses_macros:
            return {}
        macros = [macro for library in self.libraries for macro in library.macros]
        return {(macro.name, macro.is_member, macro.argument_count): macro for macro in macros}

    @cached_property
    def constants(self) -> Mapping[str, tuple[Type, Any]]:
        """Constants and names of types: what they are and their values."""
        constants: dict[str, tuple[Type, Any]] = {}
        for library in self.libraries:
            for name, named in library.types.items():
                plain = Type(named.kind, named.name)
                constants[name] = (type_of_type(named), plain)
            constants.update(library.constants)
        return constants

    def candidates(self, name: str) -> Iterator[str]:
        """What a name may mean, the innermost name space first; a leading dot means the root."""
        if name.startswith("."):
            yield name[1:]
            return
        spaces = self.container.split(".") if self.container else []
        for count in range(len(spaces), 0, -1):
            yield ".".join([*spaces[:count], name])
        yield name


def _joined(one: Function, other: Function) -> Function:
    ids = {overload.id for overload in one.overloads}
    more = tuple(overload for overload in other.overloads if overload.id not in ids)
    is_same = not more or one.call is other.call
    return Function(one.name, one.overloads + more, one.call if is_same else None)


def _without_cross_types(function: Function) -> Function:
    kept = tuple(overload for overload in function.overloads if overload.id not in _CROSS_TYPE)
    return Function(function.name, kept, function.call)
