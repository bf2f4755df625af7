"""Expressions as Python: names, fields, tests of presence, logic, aggregates.

Calls are in `calls.py`, loops in `loops.py`. The value of a path (``object.spec``) is kept in a variable
when it is first needed, and used wherever control must have come by: an operand of ``&&`` may use what the
operands before it found, but not the other way round.
"""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel import operators
from propolis.lang.cel.ast import (
    Call,
    CheckedTree,
    Comprehension,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
    StructExpr,
)
from propolis.lang.cel.emitter import calls, loops
from propolis.lang.cel.emitter.constants import UNKNOWN, Constants
from propolis.lang.cel.emitter.facts import present_when
from propolis.lang.cel.emitter.support import Unsupported
from propolis.lang.cel.emitter.writer import Code, Known, Path, Writer
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.operations import access, arithmetic
from propolis.lang.cel.operations.access import make_list, make_map

KINDS: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    list: "list",
    dict: "map",
    type(None): "none",
}

_CHEAP = frozenset(
    {
        arithmetic.divide,
        arithmetic.modulo,
        arithmetic.multiply,
        arithmetic.negate,
        arithmetic.subtract,
        access.index,
        access.optional_index,
        access.optional_select,
    }
)
"""Operations whose time does not grow with their operands."""
_WORDS = {"None": None, "True": True, "False": False}


class Emitter:
    """Writes the code of one tree."""

    def __init__(self, tree: CheckedTree, environment: Environment, table: dict[str, Any]) -> None:
        self.tree = tree
        self.environment = environment
        self.writer = Writer(table)
        self.constants = Constants(tree, environment)
        self.locals: dict[str, list[Code]] = {}
        self.loop_depth = 0
        self.spends = False
        self._known_when_undecided: dict[int, dict[Path, Known]] = {}
        self._emits: dict[type, Callable[[Any], Code]] = {
            Ident: self._ident,
            Select: self._select,
            Call: self._call,
            ListExpr: self._list,
            MapExpr: self._map,
            Comprehension: lambda node: loops.emit(self, node),
        }

    def emit(self, node: Expr) -> Code:
        """The code of an expression. It may write lines before."""
        value = self.constants.of(node)
        if value is not UNKNOWN:
            return self.constant(value)
        emit = self._emits.get(type(node))
        if emit is None:
            raise Unsupported(type(node).__name__)
        return emit(node)

    def constant(self, value: Any) -> Code:
        """The code of a value that is known."""
        if value is None or value is True or value is False:
            return Code(repr(value), KINDS[type(value)], is_name=True)
        return Code(self.writer.value(value), KINDS.get(type(value), ""), is_name=True)

    def all(self, nodes: tuple[Expr, ...]) -> list[Code]:
        """The code of operands that are all evaluated, in their order."""
        codes: list[Code] = []
        writer = self.writer
        for node in nodes:
            mark = len(writer.lines)
            code = self.emit(node)
            if len(writer.lines) > mark and codes:
                codes = self._spilled(codes, mark)
            codes.append(code)
        return codes

    def _spilled(self, codes: list[Code], mark: int) -> list[Code]:
        """Puts operands into variables before the lines that a later one wrote."""
        writer = self.writer
        later = writer.lines[mark:]
        del writer.lines[mark:]
        stored = [writer.stored(code) for code in codes]
        writer.lines += later
        return stored

    def work(self) -> str:
        """The variable that counts what is spent; the function has it where it is asked for."""
        self.spends = True
        return "work"

    def called(self, call: Any, inside: list[str]) -> str:
        """The code of a call of a value of the table; what is called in a loop is charged for."""
        name = self.writer.value(call)
        if self.loop_depth and call not in _CHEAP:
            return f"charged({', '.join([self.work(), name, *inside])})"
        return f"{name}({', '.join(inside)})"

    def truth(self, node: Expr) -> str:
        """The code of a condition: a bool, or it leaves."""
        code = self.emit(node)
        if code.kind == "bool":
            return code.text
        if code.is_name:
            return f"({code.text} is True or ({code.text} is not False and leave()))"
        name = self.writer.name()
        return f"(({name} := {code.text}) is True or ({name} is not False and leave()))"

    def named(self, code: Code) -> tuple[str, str]:
        """Code that evaluates a value first, and the code to say it again."""
        if code.is_name:
            return code.text, code.text
        name = self.writer.name()
        return f"({name} := {code.text})", name

    # Paths.

    def path_of(self, node: Expr) -> Path | None:
        """What identifies the value of an expression; None when nothing does."""
        if isinstance(node, Ident) and node.id not in self.tree.constants:
            if node.name in self.locals:
                return (self.locals[node.name][-1].text,)
            return (node.name.removeprefix("."), "variable")
        step = path_step(node)
        if step is None:
            return None
        base = self.path_of(step[0])
        return None if base is None else (base, step[1])

    def _ident(self, node: Ident) -> Code:
        if node.name in self.locals:
            return self.locals[node.name][-1]
        name = node.name.removeprefix(".")
        return self._kept((name, "variable"), lambda: f"variables[{self.writer.value(name)}]")

    def _kept(self, path: Path | None, make: Callable[[], str]) -> Code:
        """The value of a path, from its variable or into one."""
        writer = self.writer
        known = None if path is None else writer.known.get(path)
        if known is not None and not known.is_lazy:
            return self._from(known, is_present=path in writer.present)
        if known is not None:
            return Code(f"({known.name} if {known.name} is not ABSENT else ({known.name} := {make()}))")
        made = make()
        name = writer.name()
        if path is not None:
            writer.known[path] = Known(name)
        return Code(f"({name} := {made})")

    @staticmethod
    def _from(known: Known, *, is_present: bool) -> Code:
        if known.may_be_absent and not is_present:
            return Code(f"({known.name} if {known.name} is not ABSENT else leave())")
        return Code(known.name, is_name=True)

    def base(self, node: Expr) -> str:
        """The code of what a field is taken of; it may be `ABSENT`, of which nothing can be taken."""
        path = self.path_of(node)
        known = None if path is None else self.writer.known.get(path)
        if known is not None and known.may_be_absent:
            return known.name
        text = self.emit(node).text
        return self.writer.value(_WORDS[text]) if text in _WORDS else text

    def _select(self, node: Select) -> Code:
        if node.tests_only:
            return self._has(node)
        return self.field(node, node.operand, node.field)

    def field(self, node: Expr, operand: Expr, key: str) -> Code:
        """A value by its key."""
        return self._kept(self.path_of(node), lambda: f"{self.base(operand)}[{self.writer.value(key)}]")

    def _has(self, node: Select) -> Code:
        base = self.path_of(node.operand)
        path = None if base is None else (base, node.field)
        known = None if path is None else self.writer.known.get(path)
        if known is not None and not known.is_lazy:
            return Code(f"({known.name} is not ABSENT)" if known.may_be_absent else "True", "bool")
        return Code(f"({self.looked_up(node.operand, node.field, path)} is not ABSENT)", "bool")

    def looked_up(self, operand: Expr, key: str, path: Path | None) -> str:
        """The code of a value by its key, or of `ABSENT`."""
        writer = self.writer
        made = f"{self.base(operand)}.get({writer.value(key)}, ABSENT)"
        if path is None or path in writer.known:
            return made
        name = writer.name()
        writer.known[path] = Known(name, may_be_absent=True)
        return f"({name} := {made})"

    # Logic.

    def assume(self, condition: Expr, *, is_true: bool) -> None:
        """Uses, until the end of the block, what a condition found that came out so."""
        writer = self.writer
        writer.present |= present_when(condition, self.path_of, is_true=is_true)
        while isinstance(condition, Call) and condition.function == operators.NOT:
            condition, is_true = condition.arguments[0], not is_true
        undecided = operators.AND if is_true else operators.OR
        if isinstance(condition, Call) and condition.function == undecided:
            writer.known = {**writer.known, **self._known_when_undecided.get(condition.id, {})}

    def _call(self, node: Call) -> Code:
        if node.target is None:
            if node.function in (operators.AND, operators.OR):
                return self._logical(node, is_and=node.function == operators.AND)
            if node.function == operators.CONDITIONAL:
                return self._conditional(node)
            if node.function == operators.INDEX and (step := path_step(node)) is not None:
                return self.field(node, *step)
        return calls.emit(self, node)

    def _logical(self, node: Call, *, is_and: bool) -> Code:
        writer = self.writer
        left, right = node.arguments
        one = self.truth(left)
        with writer.aside() as lines:
            self.assume(left, is_true=is_and)
            other = self.truth(right)
            self._known_when_undecided[node.id] = writer.known
        if not lines:
            return Code(f"({one} {'and' if is_and else 'or'} {other})", "bool")
        name = writer.name()
        writer.line(f"{name} = {one}")
        writer.line(f"if {name}:" if is_and else f"if not {name}:")
        writer.lines += lines
        with writer.block():
            writer.line(f"{name} = {other}")
        return Code(name, "bool", is_name=True)

    def _conditional(self, node: Call) -> Code:
        writer = self.writer
        condition, *sides = node.arguments
        test = self.truth(condition)
        asides: list[list[str]] = []
        codes: list[Code] = []
        for side, is_true in zip(sides, (True, False), strict=True):
            with writer.aside() as lines:
                self.assume(condition, is_true=is_true)
                codes.append(self.emit(side))
            asides.append(lines)
        chosen, other = codes
        kind = chosen.kind if chosen.kind == other.kind else ""
        if not any(asides):
            return Code(f"({chosen.text} if {test} else {other.text})", kind)
        name = writer.name()
        for head, lines, code in zip((f"if {test}:", "else:"), asides, codes, strict=True):
            writer.line(head)
            writer.lines += lines
            with writer.block():
                writer.line(f"{name} = {code.text}")
        return Code(name, kind, is_name=True)

    # Aggregates.

    def _list(self, node: ListExpr) -> Code:
        inside = ", ".join(code.text for code in self.all(node.elements))
        if not node.optionals:
            return Code(f"[{inside}]", "list")
        return Code(
            f"{self.writer.value(make_list)}([{inside}], {self.writer.value(node.optionals)})", "list"
        )

    def _map(self, node: MapExpr) -> Code:
        operands: list[Expr] = []
        for entry in node.entries:
            operands += [self._key(entry.key), entry.value]
        codes = self.all(tuple(operands))
        pairs = zip(codes[::2], codes[1::2], node.entries, strict=True)
        inside = ", ".join(f"({key.text}, {value.text}, {entry.is_optional})" for key, value, entry in pairs)
        return Code(f"{self.writer.value(make_map)}([{inside}])")

    @staticmethod
    def _key(key: Expr | str) -> Expr:
        if isinstance(key, str):
            raise Unsupported(StructExpr.__name__)
        return key


def path_step(node: Expr) -> tuple[Expr, str] | None:
    """What a value is taken of, and its key, where that is a text that is known."""
    if isinstance(node, Select) and not node.tests_only:
        return node.operand, node.field
    if isinstance(node, Call) and node.function == operators.INDEX and node.target is None:
        operand, key = node.arguments
        if isinstance(key, Literal) and type(key.value) is str:
            return operand, key.value
    return None
