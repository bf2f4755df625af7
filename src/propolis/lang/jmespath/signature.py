"""How a function declares its arguments and how a call is checked against it."""

from collections.abc import Callable
from typing import Any

import msgspec

from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.runtime import Environment, Reference
from propolis.lang.jmespath.values import is_number, to_json, type_name

Types = tuple[str, ...]

ANY: Types = ()
NUMBER: Types = ("number",)
STRING: Types = ("string",)
ARRAY: Types = ("array",)
OBJECT: Types = ("object",)
REFERENCE: Types = ("expref",)


class Plain:
    """A function of its arguments alone.

    Attributes:
        direct: Takes the arguments one by one.
    """

    __slots__ = ("direct",)

    def __init__(self, direct: Callable[..., Any]) -> None:
        self.direct = direct

    def __call__(self, arguments: list[Any], environment: Environment) -> Any:
        """The result."""
        del environment
        return self.direct(*arguments)


class Function(msgspec.Struct, frozen=True):
    """A function of the language.

    Attributes:
        call: Takes the list of arguments and the environment.
        parameters: Allowed types of each argument; empty allows all.
        is_variadic: Whether the last parameter may come again.
    """

    name: str
    call: Callable[[list[Any], Environment], Any]
    parameters: tuple[Types, ...]
    is_variadic: bool = False

    def check_count(self, count: int) -> None:
        """Raises `ExpressionError` unless the function takes that many arguments."""
        wanted = len(self.parameters)
        if count < wanted or (count > wanted and not self.is_variadic):
            least = "at least " if self.is_variadic else ""
            raise ExpressionError(f"{self.name}() takes {least}{wanted} arguments, not {count}")

    def python_types(self, count: int) -> list[frozenset[type] | None]:
        """The types that surely fit each argument: None for any, none for lists of one type."""
        last = len(self.parameters) - 1
        return [_python_types(self.parameters[min(index, last)]) for index in range(count)]

    def check_types(self, arguments: list[Any]) -> None:
        """Raises `ExpressionError` unless every argument has an allowed type."""
        for index, argument in enumerate(arguments):
            types = self.parameters[min(index, len(self.parameters) - 1)]
            if types and not any(_is_type(argument, name) for name in types):
                raise ExpressionError(
                    f"{self.name}(): argument {index + 1} is {_described(argument)}",
                    expected=" or ".join(types),
                )


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
    "expref": (Reference,),
}


def _python_types(types: Types) -> frozenset[type] | None:
    """Types of Python values that surely fit; None where all do, and lists of one type are left out."""
    if not types:
        return None
    return frozenset(found for name in types for found in _PYTHON_TYPES.get(name, ()))


def _is_type(argument: Any, name: str) -> bool:
    match name:
        case "array-number":
            return type(argument) is list and all(is_number(item) for item in argument)
        case "array-string":
            return type(argument) is list and all(type(item) is str for item in argument)
        case "expref":
            return type(argument) is Reference
        case _:
            return type_name(argument) == name and type(argument) is not Reference


def _described(argument: Any) -> str:
    name = type_name(argument)
    return name if name in ("expref", "array", "object") else f"{name} {to_json(argument)[:80]}"
