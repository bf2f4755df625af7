"""The syntax tree of CEL, of the shape that cel-go has, so that its costs and checks can be followed.

Operators are calls of their function names: ``_+_``, ``_&&_``, ``_?_:_``, ``!_``, ``-_``, ``@in``, ``_[_]``,
``_[?_]``, ``_?._``, ``_==_`` and so on (cel-go common/operators). Macros are expanded by the parser;
`Tree.macros` keeps the calls as they were written.
"""

from typing import Any

import msgspec

from propolis.lang.cel.types import Type


class Node(msgspec.Struct, frozen=True):
    """Every node has an id that is its own within the tree; `Tree.offsets` tells where it stands."""

    id: int


class Literal(Node, frozen=True, tag=True):
    """A constant: None, bool, int, UInt, float, str or bytes."""

    value: Any


class Ident(Node, frozen=True, tag=True):
    """A name; it starts with a dot when it is looked up at the root only."""

    name: str


class Select(Node, frozen=True, tag=True):
    """``operand.field``; with ``tests_only`` what ``has(operand.field)`` became."""

    operand: "Expr"
    field: str
    tests_only: bool = False


class Call(Node, frozen=True, tag=True):
    """``function(arguments)`` or ``target.function(arguments)``."""

    function: str
    arguments: tuple["Expr", ...]
    target: "Expr | None" = None


class ListExpr(Node, frozen=True, tag=True):
    """``[a, ?b]``; ``optionals`` has the indices of elements with a question mark."""

    elements: tuple["Expr", ...]
    optionals: frozenset[int] = frozenset()


class Entry(Node, frozen=True, tag=True):
    """``key: value`` of a map, or ``field: value`` of a struct, whose key is its field's name."""

    key: "Expr | str"
    value: "Expr"
    is_optional: bool = False


class MapExpr(Node, frozen=True, tag=True):
    """``{key: value}``."""

    entries: tuple[Entry, ...]


class StructExpr(Node, frozen=True, tag=True):
    """``Name{field: value}``."""

    name: str
    entries: tuple[Entry, ...]


class Comprehension(Node, frozen=True, tag=True):
    """The loop that macros expand to; ``second_variable`` is empty where there is only one.

    With two variables the first is the index or key, the second the element or value.
    """

    range: "Expr"
    variable: str
    second_variable: str
    accumulator: str
    start: "Expr"
    condition: "Expr"
    step: "Expr"
    result: "Expr"


Expr = Literal | Ident | Select | Call | ListExpr | MapExpr | StructExpr | Comprehension


class Tree(msgspec.Struct, frozen=True):
    """A parsed expression.

    Attributes:
        text: As it was written.
        root: Its outermost node.
        offsets: Where each node stands, in code points from the start, by id: of an operator or a call its
        sign. spans: From where to where it was written, by id; nodes that macros made have none. macros:
        Calls that macros replaced, by the id of what stands there now.
    """

    text: str
    root: Expr
    offsets: dict[int, int]
    spans: dict[int, tuple[int, int]]
    macros: dict[int, Expr]


class CheckedTree(Tree, frozen=True):
    """A tree whose names are resolved, with what is known before any evaluation.

    Namespaced calls have no target, qualified names are one `Ident`; a name of the environment that a
    variable of a macro hides starts with a dot.

    Attributes:
        types: Of every node, by id.
        overloads: Ids of the overloads that a call may mean, by the call's id.
        constants: What names of constants and types stand for, by the name's id.
        variables: Names of the environment that the expression uses.
    """

    types: dict[int, Type]
    overloads: dict[int, tuple[str, ...]]
    constants: dict[int, Any]
    variables: frozenset[str]
