"""Comprehensions as Python loops.

The macros make few shapes; each has the loop that a person would write. A step that fails leaves, so that
nothing has to be kept of errors.
"""

from typing import TYPE_CHECKING

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Call, Comprehension, Expr, Ident, ListExpr, Literal
from propolis.lang.cel.children import children
from propolis.lang.cel.emitter.support import Unsupported
from propolis.lang.cel.emitter.writer import Code, Known
from propolis.lang.cel.interpreter.loops import is_binding

if TYPE_CHECKING:
    from propolis.lang.cel.emitter.nodes import Emitter


def emit(emitter: "Emitter", node: Comprehension) -> Code:
    """The code of a comprehension: lines, and the variable with its result."""
    if is_binding(node):
        return _binding(emitter, node)
    range_ = _range(emitter, node)
    result = emitter.writer.name("r")
    _keep_lazily(emitter, node)
    before = dict(emitter.writer.known)
    kind = _LOOPS[_shape(node)](emitter, node, range_, result)
    emitter.writer.known = before
    return Code(result, kind, is_name=True)


def _binding(emitter: "Emitter", node: Comprehension) -> Code:
    value = emitter.writer.stored(emitter.emit(node.start))
    emitter.locals.setdefault(node.accumulator, []).append(value)
    code = emitter.emit(node.result)
    _leave(emitter, node.accumulator)
    return code


def _range(emitter: "Emitter", node: Comprehension) -> str:
    """The variable with what the loop goes through."""
    writer = emitter.writer
    code = emitter.emit(node.range)
    name = writer.name("s")
    writer.line(f"{name} = {code.text}")
    if node.second_variable:
        writer.line(f"{name} = pairs_of({name})")
    elif code.kind != "list":
        writer.line(f"if type({name}) is not list:")
        with writer.block():
            writer.line(f"{name} = keys_of({name})")
    if emitter.loop_depth:
        writer.line(f"{emitter.work()}.spend(len({name}))")
    return name


def _keep_lazily(emitter: "Emitter", node: Comprehension) -> None:
    """Values that do not change in the loop get variables that are filled at their first use."""
    writer = emitter.writer
    for path in _paths(emitter, node):
        if path not in writer.known:
            name = writer.name("z")
            writer.line(f"{name} = ABSENT")
            writer.known[path] = Known(name, is_lazy=True)


def _paths(emitter: "Emitter", node: Comprehension) -> list[tuple[object, ...]]:
    """Variables of the environment that the steps of a loop use."""
    found: dict[tuple[object, ...], None] = {}
    stack: list[Expr] = [node.condition, node.step]
    hidden = {*emitter.locals, node.variable, node.second_variable, node.accumulator}
    while stack:
        inner = stack.pop()
        if isinstance(inner, Comprehension):
            hidden |= {inner.variable, inner.second_variable, inner.accumulator}
        if isinstance(inner, Ident) and inner.id not in emitter.tree.constants:
            found[inner.name.removeprefix("."), "variable"] = None
        stack += children(inner)
    return [path for path in found if path[0] not in hidden]


def _shape(node: Comprehension) -> str:
    """Which macro made it."""
    if isinstance(node.start, Literal):
        value = node.start.value
        return "all" if value is True else "exists" if value is False else "one"
    return "list" if isinstance(node.start, ListExpr) else "map"


def _enter(emitter: "Emitter", node: Comprehension, range_: str) -> str:
    """Names the variables of the loop; gives its head."""
    names = [name for name in (node.variable, node.second_variable) if name]
    variables = []
    for name in names:
        variable = emitter.writer.name("v")
        variables.append(variable)
        emitter.locals.setdefault(name, []).append(Code(variable, is_name=True))
    emitter.loop_depth += 1
    return f"for {', '.join(variables)} in {range_}:"


def _exit(emitter: "Emitter", node: Comprehension) -> None:
    emitter.loop_depth -= 1
    for name in (node.variable, node.second_variable):
        if name:
            _leave(emitter, name)


def _leave(emitter: "Emitter", name: str) -> None:
    emitter.locals[name].pop()
    if not emitter.locals[name]:
        del emitter.locals[name]


def _quantifier(emitter: "Emitter", node: Comprehension, range_: str, result: str) -> str:
    """All and exists."""
    is_all = _shape(node) == "all"
    writer = emitter.writer
    writer.line(f"{result} = {is_all}")
    writer.line(_enter(emitter, node, range_))
    predicate = _arguments(node.step)[1]
    with writer.block():
        test = emitter.truth(predicate)
        writer.line(f"if not {test}:" if is_all else f"if {test}:")
        with writer.block():
            writer.line(f"{result} = {not is_all}")
            writer.line("break")
    _exit(emitter, node)
    return "bool"


def _one(emitter: "Emitter", node: Comprehension, range_: str, result: str) -> str:
    writer = emitter.writer
    writer.line(f"{result} = 0")
    writer.line(_enter(emitter, node, range_))
    with writer.block():
        writer.line(f"if {emitter.truth(_arguments(node.step)[0])}:")
        with writer.block():
            writer.line(f"{result} += 1")
    writer.line(f"{result} = {result} == 1")
    _exit(emitter, node)
    return "bool"


def _collecting(emitter: "Emitter", node: Comprehension, range_: str, result: str) -> str:
    """map, filter and the transformations: what grows is a list or a map."""
    is_list = isinstance(node.start, ListExpr)
    writer = emitter.writer
    writer.line(f"{result} = []" if is_list else f"{result} = {{}}")
    writer.line(_enter(emitter, node, range_))
    with writer.block():
        step = node.step
        if isinstance(step, Call) and step.function == operators.CONDITIONAL:
            predicate, step, _ = step.arguments
            writer.line(f"if {emitter.truth(predicate)}:")
            with writer.block():
                emitter.assume(predicate, is_true=True)
                _grow(emitter, step, result)
        else:
            _grow(emitter, step, result)
    _exit(emitter, node)
    return "list" if is_list else ""


def _grow(emitter: "Emitter", step: Expr, result: str) -> None:
    writer = emitter.writer
    more = _arguments(step)[1:]
    if isinstance(step, Call) and step.function == operators.MAP_INSERT:
        inside = ", ".join(code.text for code in emitter.all(more))
        writer.line(f"{'insert_all' if len(more) == 1 else 'insert'}({result}, {inside})")
        return
    elements = more[0]
    if not isinstance(elements, ListExpr) or len(elements.elements) != 1:
        raise Unsupported(type(elements).__name__)
    writer.line(f"{result}.append({emitter.emit(elements.elements[0]).text})")


def _arguments(node: Expr) -> tuple[Expr, ...]:
    return node.arguments if isinstance(node, Call) else ()


_LOOPS = {
    "all": _quantifier,
    "exists": _quantifier,
    "one": _one,
    "list": _collecting,
    "map": _collecting,
}
