"""Expressions of CEL at random, and objects to evaluate them on.

Most are about fields that may be absent, of any type, as policies are: what is generated has to agree with
what is exact wherever a shortcut could be wrong.
"""

from collections.abc import Callable
from random import Random
from typing import Any

FIELDS = ("a", "b", "c", "spec")
NAMES = {"object": "dyn", "other": "dyn", "number": "int", "text": "string", "texts": "list"}
LITERALS = (
    "1", "0", "2", "-1", "1u", "0u", "1.0", "0.0", "2.5", "true", "false", "null", '"a"', '"b"', '"x"', '""',
    'b"a"', "[]", "{}", "[1, 2]", '["a", "b"]', '{"a": 1}', '{1: "a"}', "9223372036854775807",
    'timestamp("2020-01-01T00:00:00Z")', 'duration("1s")', "optional.of(1)", "optional.none()", "1 / 0",
)  # fmt: skip
BOOL_KEYS = ("{true: 1}", "{1: true}", "{true: 1, 1: 2}")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%")
SCALARS = (1, 0, 2, True, False, None, "a", "b", "", 1.0, 0.0, 2.5, -1, 2**40)
METHODS = ("startsWith", "endsWith", "contains", "matches", "indexOf", "split")
MACROS = ("all", "exists", "exists_one", "map", "filter")
PAIR_MACROS = ("all", "exists", "existsOne", "transformList", "transformMap")


class Expressions:
    """Makes expressions from one source of randomness.

    Args:
        random: Where chance comes from.
        is_plain: Whether only what the library of Google has is used.
    """

    def __init__(self, random: Random, *, is_plain: bool = False) -> None:
        self._random = random
        self._is_plain = is_plain

    def value(self, depth: int = 0) -> Any:
        """A JSON value."""
        kind = self._random.randint(0, 19)
        if depth < 3 and kind < 8:
            names = [name for name in FIELDS if self._random.randint(0, 1)]
            return {name: self.value(depth + 1) for name in names}
        if depth < 3 and kind < 11:
            return [self.value(depth + 1) for _ in range(self._random.randint(0, 3))]
        return self._random.choice(SCALARS)

    def variables(self) -> dict[str, Any]:
        """Values of all variables, most of the types that they have."""
        return {
            "object": self.value(),
            "other": self.value(),
            "number": self._random.choice((1, 2)),
            "text": self._random.choice(("a", "b")),
            "texts": self._random.choice((["a"], [])),
        }

    def expression(self, depth: int, names: tuple[str, ...] = ()) -> str:
        """An expression of about so many levels."""
        if depth <= 0:
            return self._random.choice((self._literal, self._path, self._path, self._has))(names)
        return self._random.choice(self._compounds())(depth - 1, names)

    def condition(self, depth: int, names: tuple[str, ...]) -> str:
        """An expression that is often a bool."""
        kind = self._random.randint(0, 9)
        if kind < 3:
            return self._has(names)
        if kind < 5:
            return f"!{self._has(names)}"
        if kind < 7:
            return f"{self._path(names)} {self._random.choice(OPERATORS[:2])} {self._literal(names)}"
        return f"({self.expression(depth, names)})"

    def _compounds(self) -> list[Callable[[int, tuple[str, ...]], str]]:
        found: list[Callable[[int, tuple[str, ...]], str]] = [
            self._logic, self._logic, self._logic, self._operation, self._ternary, self._membership,
            self._call,
            self._negation, self._optional, self._bind, self._aggregate, self._index, self._conversion,
            self._loop, self._loop, self._loop, self._filtered,
        ]  # fmt: skip
        return found if self._is_plain else [*found, self._optional_map, self._pair_loop]

    def _literal(self, names: tuple[str, ...]) -> str:
        del names
        return self._random.choice(LITERALS if self._is_plain else (*LITERALS, *BOOL_KEYS))

    def _path(self, names: tuple[str, ...]) -> str:
        path = self._random.choice(("object", "other", *names, *names, *names))
        for _ in range(self._random.randint(0, 3)):
            field = self._random.choice(FIELDS)
            path += self._random.choice((f".{field}", f".{field}", f".{field}", f'["{field}"]', "[0]"))
        return path

    def _has(self, names: tuple[str, ...]) -> str:
        return f"has({self._path(names)}.{self._random.choice(FIELDS)})"

    def _logic(self, depth: int, names: tuple[str, ...]) -> str:
        sign = self._random.choice(("&&", "||"))
        return f"({self.condition(depth, names)} {sign} {self.condition(depth, names)})"

    def _operation(self, depth: int, names: tuple[str, ...]) -> str:
        sign = self._random.choice(OPERATORS)
        return f"({self.expression(depth, names)} {sign} {self.expression(depth, names)})"

    def _ternary(self, depth: int, names: tuple[str, ...]) -> str:
        sides = self.expression(depth, names), self.expression(depth, names)
        return f"({self.condition(depth, names)} ? {sides[0]} : {sides[1]})"

    def _membership(self, depth: int, names: tuple[str, ...]) -> str:
        container = self._random.choice((self._path(names), '["a", "b"]', self.expression(depth, names)))
        return f"({self.expression(0, names)} in {container})"

    def _negation(self, depth: int, names: tuple[str, ...]) -> str:
        return (
            f"!{self.condition(depth, names)}" if self._random.randint(0, 1) else f"size({self._path(names)})"
        )

    def _call(self, depth: int, names: tuple[str, ...]) -> str:
        argument = self._random.choice(('"a"', '"b"', "text", self.expression(depth, names)))
        return f"{self._path(names)}.{self._random.choice(METHODS)}({argument})"

    def _optional(self, depth: int, names: tuple[str, ...]) -> str:
        end = self._random.choice(("", ".?b", '[?"a"]'))
        chain = f"{self._path(names)}.?{self._random.choice(FIELDS)}{end}"
        return self._random.choice(
            (f"{chain}.orValue({self.expression(depth, names)})", f"{chain}.hasValue()")
        )

    def _optional_map(self, depth: int, names: tuple[str, ...]) -> str:
        name = f"y{depth}"
        body = self.expression(depth, (*names, name))
        return f"{self._path(names)}.?{self._random.choice(FIELDS)}.optMap({name}, {body})"

    def _bind(self, depth: int, names: tuple[str, ...]) -> str:
        name = f"y{depth}"
        return f"cel.bind({name}, {self.expression(depth, names)}, {self.expression(depth, (*names, name))})"

    def _aggregate(self, depth: int, names: tuple[str, ...]) -> str:
        one, other = self.expression(depth, names), self.expression(0, names)
        return self._random.choice(
            (f"[{one}, {other}]", f'{{"a": {one}, "b": {other}}}', f"{{{other}: {one}}}")
        )

    def _index(self, depth: int, names: tuple[str, ...]) -> str:
        return f"{self.expression(depth, names)}[{self.expression(0, names)}]"

    def _conversion(self, depth: int, names: tuple[str, ...]) -> str:
        name = self._random.choice(("string", "int", "double", "uint", "bool", "type", "dyn"))
        return f"{name}({self.expression(depth, names)})"

    def _range(self, depth: int, names: tuple[str, ...]) -> str:
        return self._random.choice(
            (self._path(names), self._path(names), "[1, 2, 3]", self.expression(depth, names))
        )

    def _loop(self, depth: int, names: tuple[str, ...]) -> str:
        name, macro = f"v{depth}", self._random.choice(MACROS)
        make = self.expression if macro == "map" else self.condition
        return f"{self._range(depth, names)}.{macro}({name}, {make(depth, (*names, name))})"

    def _filtered(self, depth: int, names: tuple[str, ...]) -> str:
        name = f"v{depth}"
        inner = (*names, name)
        predicate, element = self.condition(depth, inner), self.expression(depth, inner)
        return f"{self._path(names)}.map({name}, {predicate}, {element})"

    def _pair_loop(self, depth: int, names: tuple[str, ...]) -> str:
        index, name, macro = f"i{depth}", f"v{depth}", self._random.choice(PAIR_MACROS)
        body = self.expression(depth, (*names, index, name))
        return f"{self._range(depth, names)}.{macro}({index}, {name}, {body})"
