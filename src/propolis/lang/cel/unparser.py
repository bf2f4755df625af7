"""Syntax tree to text; macros as they were written.

Parsing the text again gives the same tree, but for the shape of chains of ``&&`` and ``||``.
"""

import re
from collections.abc import Mapping

from propolis.lang.cel import operators
from propolis.lang.cel.ast import (
    Call,
    Comprehension,
    Entry,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
    StructExpr,
    Tree,
)
from propolis.lang.cel.lexer import KEYWORDS
from propolis.lang.cel.values import UInt

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TERNARY, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _MEMBER = range(1, 9)
_LEVELS = {
    operators.OR: _OR,
    operators.AND: _AND,
    **dict.fromkeys(operators.RELATIONS.values(), _RELATION),
    **dict.fromkeys(operators.SUMS.values(), _SUM),
    **dict.fromkeys(operators.PRODUCTS.values(), _PRODUCT),
}
_ESCAPED = {
    "\\": "\\\\",
    '"': '\\"',
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
_SPACE = 0x20
_DELETE = 0x7F


def unparse(tree: Tree | Expr, macros: Mapping[int, Expr] | None = None) -> str:
    """The text of an expression.

    Args:
        tree: A whole tree, or a part of one.
        macros: With a part, `Tree.macros` of its tree.
    """
    if isinstance(tree, Tree):
        return _Unparser(tree.macros).text(tree.root)
    return _Unparser(macros or {}).text(tree)


class _Unparser:
    def __init__(self, macros: Mapping[int, Expr]) -> None:
        self._macros = macros

    def text(self, node: Expr, level: int = _TERNARY) -> str:
        """The text of a node, in brackets where it binds less than ``level``."""
        written = self._macros.get(node.id)
        text, its_level = self._leveled(node if written is None else written)
        return text if its_level >= level else f"({text})"

    def _leveled(self, node: Expr) -> tuple[str, int]:
        match node:
            case Literal():
                return _literal(node.value), _MEMBER
            case Ident():
                return node.name, _MEMBER
            case Select():
                field = f"{self.text(node.operand, _MEMBER)}.{_field(node.field)}"
                return (f"has({field})" if node.tests_only else field), _MEMBER
            case Call():
                return self._call(node)
            case ListExpr():
                return f"[{', '.join(self._elements(node))}]", _MEMBER
            case MapExpr():
                return f"{{{', '.join(map(self._entry, node.entries))}}}", _MEMBER
            case StructExpr():
                return f"{node.name}{{{', '.join(map(self._entry, node.entries))}}}", _MEMBER
            case Comprehension():
                return self._comprehension(node), _MEMBER

    def _call(self, node: Call) -> tuple[str, int]:
        function = node.function
        if node.target is not None:
            return f"{self.text(node.target, _MEMBER)}.{function}({self._arguments(node)})", _MEMBER
        if function in _LEVELS:
            level = _LEVELS[function]
            left, right = node.arguments
            is_chain = function in (operators.AND, operators.OR)
            sides = self.text(left, level), self.text(right, level if is_chain else level + 1)
            return f"{sides[0]} {operators.SIGNS[function]} {sides[1]}", level
        if function == operators.CONDITIONAL:
            condition, chosen, other = node.arguments
            return (
                f"{self.text(condition, _OR)} ? {self.text(chosen, _OR)} : {self.text(other)}",
                _TERNARY,
            )
        if function in (operators.NOT, operators.NEGATE):
            return self._unary(function, node.arguments[0]), _UNARY
        if function in (operators.INDEX, operators.OPTIONAL_INDEX, operators.OPTIONAL_SELECT):
            return self._access(node), _MEMBER
        return f"{function}({self._arguments(node)})", _MEMBER

    def _unary(self, function: str, operand: Expr) -> str:
        text = self.text(operand, _MEMBER)
        is_number = text[0] in "-.0123456789"
        return f"!{text}" if function == operators.NOT else f"-({text})" if is_number else f"-{text}"

    def _access(self, node: Call) -> str:
        operand, key = node.arguments
        base = self.text(operand, _MEMBER)
        if node.function == operators.OPTIONAL_SELECT and isinstance(key, Literal):
            return f"{base}.?{_field(str(key.value))}"
        mark = "?" if node.function == operators.OPTIONAL_INDEX else ""
        return f"{base}[{mark}{self.text(key)}]"

    def _arguments(self, node: Call) -> str:
        return ", ".join(map(self.text, node.arguments))

    def _elements(self, node: ListExpr) -> list[str]:
        return [
            f"{'?' if index in node.optionals else ''}{self.text(element)}"
            for index, element in enumerate(node.elements)
        ]

    def _entry(self, entry: Entry) -> str:
        key = _field(entry.key) if isinstance(entry.key, str) else self.text(entry.key)
        return f"{'?' if entry.is_optional else ''}{key}: {self.text(entry.value)}"

    def _comprehension(self, node: Comprehension) -> str:
        """A loop that no macro of the tree made: nothing that can be parsed, but it tells what it does."""
        parts = (node.range, node.start, node.condition, node.step, node.result)
        names = ", ".join(name for name in (node.variable, node.second_variable, node.accumulator) if name)
        return f"__comprehension__({names}, {', '.join(map(self.text, parts))})"


def _field(name: str) -> str:
    return name if _NAME.fullmatch(name) and name not in KEYWORDS else f"`{name}`"


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return 'b"' + "".join(_byte(byte) for byte in value) + '"'
    if isinstance(value, str):
        return '"' + "".join(map(_character, value)) + '"'
    if isinstance(value, UInt):
        return f"{int(value)}u"
    return repr(value)


def _character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    return character if ord(character) >= _SPACE else f"\\u{ord(character):04x}"


def _byte(byte: int) -> str:
    character = chr(byte)
    if character in _ESCAPED:
        return _ESCAPED[character]
    return character if _SPACE <= byte < _DELETE else f"\\x{byte:02x}"
