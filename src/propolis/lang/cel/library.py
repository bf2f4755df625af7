"""How functions, macros and types are declared, so that checker, emitter and libraries agree.

A value is what Python has for it: None, bool, int (64 bits, signed), `values.UInt`, float, str, bytes, list,
dict, `values.Timestamp`, `values.Duration`, `values.OptionalValue`, `types.Type` for the name of a type, and
for a type of a library any class with a class attribute ``cel_type: ClassVar[Type]`` and value equality.
Values that come from JSON are used as they are: never copied, never changed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from propolis.core.evaluation import Answer, LookupKey
from propolis.lang.cel.ast import Expr
from propolis.lang.cel.nodes import Nodes
from propolis.lang.cel.types import Type


class Overload(msgspec.Struct, frozen=True):
    """One way to call a function.

    Attributes:
        id: As cel-go names it ("ip_string"); costs are declared by it.
        arguments: Types, the receiver first when it is a member.
        result: Type of what it gives.
        call: Gets checked values, after a `Runtime` where ``needs_runtime``. It raises
            `errors.EvaluationError` and nothing else.
        is_member: Whether it is called ``receiver.name(...)``.
        needs_runtime: Whether it asks the clock, the world or the budget.
    """

    id: str
    arguments: tuple[Type, ...]
    result: Type
    call: Callable[..., Any]
    is_member: bool = False
    needs_runtime: bool = False


class Function(msgspec.Struct, frozen=True):
    """All overloads of one name. Declarations of one name by several libraries are joined.

    Attributes:
        call: Decides for all overloads by itself, by the values, where that is quicker: an operator.
    """

    name: str
    overloads: tuple[Overload, ...]
    call: Callable[..., Any] | None = None


class Macro(msgspec.Struct, frozen=True):
    """What the parser replaces by another expression, before anything is checked.

    Attributes:
        name: Of the function or member that it looks like.
        argument_count: Without the receiver; None for any number.
        is_member: Whether it is called on something.
        expand: Gets receiver and arguments; gives the expression in its place, or None when this is no call
            of the macro. It raises `CelSyntaxError` when it is one with wrong arguments.
    """

    name: str
    argument_count: int | None
    is_member: bool
    expand: Callable[[Expr | None, tuple[Expr, ...], Nodes], Expr | None]


class Library(msgspec.Struct, frozen=True):
    """Functions, macros and named types that belong together.

    Attributes:
        name: With its version: "strings.v2", "kubernetes.ip".
        types: Names that an expression can say (``net.IP``) and their types.
        constants: Names and their values.
    """

    name: str
    functions: tuple[Function, ...] = ()
    macros: tuple[Macro, ...] = ()
    types: Mapping[str, Type] = {}
    constants: Mapping[str, tuple[Type, Any]] = {}


class Runtime(msgspec.Struct):
    """What an evaluation has besides its variables: the caller owns clock, world and budget.

    Attributes:
        now: The time of the evaluation.
        ask: Answers look-ups, or raises `core.evaluation.MissingLookups`.
        cost_limit: Most cost units of this call, as Kubernetes counts them; None for no limit.
        spent: Cost units used so far, where they were counted.
    """

    now: datetime
    ask: Callable[[LookupKey], Answer]
    cost_limit: int | None = None
    spent: int = 0
