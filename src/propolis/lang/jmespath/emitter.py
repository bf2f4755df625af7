"""Syntax tree to Python source.

Follows kyverno/go-jmespath interpreter.go @ 95e59c1: a missing key is an error at the end of an
expression, and null inside of operators, projections, pipes, lists and arguments. A node becomes
statements that leave its result in a variable. Where nobody can tell missing from null, null is used at once.

Every function takes the value, the environment and the budget: a list with the number of items that
projections may still walk over.
"""

from collections.abc import Mapping
from typing import Any

from propolis.lang.generated import Emitter, Generated
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.operands import condition_text, order_text, same_text, types_text
from propolis.lang.jmespath.runtime import Missing
from propolis.lang.jmespath.signature import Function, Plain
from propolis.lang.jmespath.tree import Node, can_fail, is_null_safe, may_miss

MOST_LEVELS = 150
"""Deepest nesting of an expression."""
MOST_BLOCKS = 12
"""Levels of nested lines before a new function begins; Python has at most 20."""

MOST_LINES = 500
"""Lines of a function before a new one begins: Python takes long over long ones."""
MOST_NODES = 4_000
"""Fields, operators, calls and literals of an expression."""

_PARAMETERS = "v0, e, b"


def emit_expression(tree: Node, functions: Mapping[str, Function]) -> Generated:
    """Source of a function of value, environment and budget.

    Raises:
        ExpressionError: An unknown function, a wrong number of arguments, or too deep nesting.
    """
    emitter = ExpressionEmitter(functions)
    emitter.body(tree, keeps=True)
    return emitter.generated()


class ExpressionEmitter(Emitter):
    """Emits one tree. An unknown function is told here, before any evaluation.

    ``keeps`` says of a node that its result may be `Missing`; without it missing is null.
    """

    def __init__(self, functions: Mapping[str, Function]) -> None:
        super().__init__()
        self._functions = functions
        self._level = 0
        self._nodes = 0

    def body(self, node: Node, *, keeps: bool = False) -> str:
        """A function for a node; its name."""
        name, block = self.function(_PARAMETERS)
        outer = getattr(self, "_block", None)
        self._block = block
        block.line(f"return {self.value(node, 'v0', keeps=keeps)}")
        if outer is not None:
            self._block = outer
        return name

    def value(self, node: Node, var: str, *, keeps: bool = False) -> str:
        """Statements for a node on the value of a variable; the variable or constant of its result."""
        self._level += 1
        self._count(1)
        if self._level > MOST_LEVELS:
            raise ExpressionError(f"the expression is nested deeper than {MOST_LEVELS} levels")
        try:
            if node["children"] and self._is_full():
                return self._set(f"{self.body(node, keeps=keeps)}({var}, e, b)")
            return self._value(node, var, keeps=keeps)
        finally:
            self._level -= 1

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise ExpressionError(f"the expression has more than {MOST_NODES} parts")

    def _is_full(self) -> bool:
        """Whether the function is deep or long enough: what comes gets one of its own."""
        return self._block.level > MOST_BLOCKS or len(self._block.lines) > MOST_LINES

    def _value(self, node: Node, var: str, *, keeps: bool) -> str:  # noqa: C901, PLR0911  # one line a kind
        children: list[Any] = node["children"]
        match node["type"]:
            case "current" | "identity":
                return var
            case "literal":
                return self.constant(node["value"])
            case "field" | "subexpression" | "index_expression" | "index" | "slice":
                return self._steps(node, var, keeps=keeps)
            case "pipe":
                return self.value(children[1], self.value(children[0], var), keeps=keeps)
            case "or_expression" | "and_expression":
                return self._either(node, var, keeps=keeps)
            case "not_expression" | "comparator":
                return self._set(self._condition(node, var))
            case "function_expression":
                return self._call(node["value"], children, var)
            case "expref":
                return self._set(f"Reference({self.body(children[0])}, b)")
            case "multi_select_list" | "multi_select_dict":
                return self._select(node, var)
            case "projection" | "filter_projection" | "value_projection" | "flatten":
                return self._project(node, var)
        raise ExpressionError(f"the expression has an unknown part: {node['type']}")

    def _set(self, text: str) -> str:
        name = self._block.variable()
        self._block.line(f"{name} = {text}")
        return name

    def _steps(self, node: Node, var: str, *, keeps: bool) -> str:
        """Fields, indices and whatever else follows each other; a step after a missing key is not taken."""
        kind = node["type"]
        steps = node["children"] if kind in ("subexpression", "index_expression") else [node]
        self._count(len(steps) - 1)
        careful = keeps or not all(map(is_null_safe, steps[1:]))
        is_missing = False
        for index, step in enumerate(steps):
            var = self._step(step, var, keeps=careful, is_missing=is_missing, is_first=index == 0)
            is_missing = careful and (is_missing or may_miss(step))
        if is_missing and not keeps:
            return self._set(f"None if type({var}) is Missing else {var}")
        return var

    def _step(self, step: Node, var: str, *, keeps: bool, is_missing: bool, is_first: bool) -> str:
        kind = step["type"]
        other = f"{var} if type({var}) is Missing else None" if is_missing else "None"
        if kind == "field":
            name = self.constant(step["value"])
            default = f", {self.constant(Missing(step['value']))}" if keeps else ""
            return self._set(f"{var}.get({name}{default}) if type({var}) is dict else {other}")
        if kind == "index":
            index = self.constant(step["value"])
            fits = f"len({var}) > {index}" if step["value"] >= 0 else f"len({var}) >= -{index}"
            return self._set(f"{var}[{index}] if type({var}) is list and {fits} else {other}")
        if kind == "slice":
            part = self.constant(_slice(step["children"]))
            return self._set(f"{var}[{part}] if type({var}) is list else {other}")
        if is_first or not is_missing:
            return self.value(step, var, keeps=keeps)
        found = self._block.variable()
        with self._block.inside(f"if type({var}) is Missing:"):
            self._block.line(f"{found} = {var}")
        with self._block.inside("else:"):
            self._block.line(f"{found} = {self.value(step, var, keeps=keeps)}")
        return found

    def _either(self, node: Node, var: str, *, keeps: bool) -> str:
        """``||`` and ``&&`` give one of their sides."""
        left, right = node["children"]
        is_or = node["type"] == "or_expression"
        found = self._set(self.value(left, var))
        truth = condition_text(found)
        with self._block.inside(f"if not ({truth}):" if is_or else f"if {truth}:"):
            self._block.line(f"{found} = {self.value(right, var, keeps=keeps and not is_or)}")
        return found

    def _condition(self, node: Node, var: str) -> str:
        """Statements and then a text that is true where the node's result counts as true."""
        children = node["children"]
        match node["type"]:
            case "not_expression":
                return f"not ({self._condition(children[0], var)})"
            case "comparator":
                return self._compare(node, var)
            case "or_expression" | "and_expression" if self._block.level <= MOST_BLOCKS:
                found = self._set(self._condition(children[0], var))
                is_or = node["type"] == "or_expression"
                with self._block.inside(f"if not ({found}):" if is_or else f"if {found}:"):
                    self._block.line(f"{found} = {self._condition(children[1], var)}")
                return found
        return condition_text(self.value(node, var))

    def _compare(self, node: Node, var: str) -> str:
        left, right = node["children"]
        names = self.value(left, var), self.value(right, var)
        if node["value"] in ("eq", "ne"):
            same = same_text(left, right, names)
            return same if node["value"] == "eq" else f"not ({same})"
        return order_text(node["value"], names)

    def _call(self, name: str, children: list[Node], var: str) -> str:
        function = self._functions.get(name)
        if function is None:
            raise ExpressionError(f"unknown function: {name}")
        function.check_count(len(children))
        arguments = [self.value(child, var) for child in children]
        listed = ", ".join(arguments)
        wrong = types_text(function, children, arguments)
        if wrong:
            check = self.constant(function.check_types, f"types of {name}()")
            self._block.line(f"if {wrong}: {check}([{listed}])")
        if isinstance(function.call, Plain):
            return self._set(f"{self.constant(function.call.direct, f'{name}()')}({listed})")
        return self._set(f"{self.constant(function.call, f'{name}()')}([{listed}], e)")

    def _select(self, node: Node, var: str) -> str:
        """``[a, b]`` and ``{k: a}``; null gives null."""
        found = self._set("None")
        with self._block.inside(f"if {var} is not None:"):
            self._block.line(f"{found} = {self._selection(node, var)}")
        return found

    def _selection(self, node: Node, var: str) -> str:
        items = ", ".join([self._selected(child, var) for child in node["children"]])
        return f"[{items}]" if node["type"] == "multi_select_list" else f"{{{items}}}"

    def _selected(self, child: Node, var: str) -> str:
        if child["type"] != "key_val_pair":
            return self.value(child, var)
        return f"{self.constant(child['value'])}: {self.value(child['children'][0], var)}"

    def _project(self, node: Node, var: str) -> str:
        """The nodes that walk over lists and objects.

        The left side of a filter, a flattening or a value projection gives null when it fails in any way;
        of a list projection only when a key is missing.
        """
        kind, children = node["type"], node["children"]
        forgives = kind != "projection" and can_fail(children[0])
        items = self._forgiving(children[0], var) if forgives else self.value(children[0], var)
        found, item = self._block.variable(), self._block.variable()
        self._block.line(f"{found} = None")
        is_object = kind == "value_projection"
        with self._block.inside(f"if type({items}) is {'dict' if is_object else 'list'}:"):
            self._block.line(f"b[0] -= len({items})")
            self._block.line("if b[0] < 0: exhausted()")
            self._block.line(f"{found} = []")
            with self._block.inside(f"for {item} in {items}{'.values()' if is_object else ''}:"):
                if kind == "flatten":
                    self._flatten(found, item)
                else:
                    self._collect(children, found, item)
        return found

    def _flatten(self, found: str, item: str) -> None:
        with self._block.inside(f"if type({item}) is list:"):
            self._block.line(f"{found} += {item}")
            self._block.line(f"if len({found}) > MOST_ITEMS: check_length({found})")
        with self._block.inside("else:"):
            self._block.line(f"{found}.append({item})")

    def _collect(self, children: list[Node], found: str, item: str) -> None:
        if len(children) > 2:  # noqa: PLR2004  # left, right, condition
            self._block.line(f"if not ({self._condition(children[2], item)}): continue")
        if children[1]["type"] in ("multi_select_list", "multi_select_dict"):
            self._block.line(f"if {item} is None: continue")
            self._block.line(f"{found}.append({self._selection(children[1], item)})")
            return
        kept = self.value(children[1], item)
        self._block.line(f"if {kept} is not None: {found}.append({kept})")

    def _forgiving(self, left: Node, var: str) -> str:
        found = self._block.variable()
        with self._block.inside("try:"):
            self._block.line(f"{found} = {self.value(left, var)}")
        self._block.line("except BudgetError: raise")
        self._block.line(f"except ExpressionError: {found} = None")
        return found


def _slice(parts: list[int | None]) -> slice:
    start, stop, step = parts
    if step == 0:
        raise ExpressionError("a slice cannot have the step 0")
    return slice(start, stop, step)
