"""The whole function: source, compiled, with its way out."""

import builtins
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from propolis.core.evaluation import MissingLookups, StoppedError
from propolis.lang.cel.ast import CheckedTree
from propolis.lang.cel.emitter.nodes import Emitter
from propolis.lang.cel.emitter.support import SUPPORT, Unsupported
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CostError
from propolis.lang.cel.library import Runtime

Evaluate = Callable[[Mapping[str, Any], Runtime], Any]

_HEAD = """def evaluate(variables, runtime):
    try:
"""
_WORK = "        work = Work(iterations)\n"
_TAIL = """    except Exception as error:
        return decide(variables, runtime, error)
"""
_BUILTINS = {
    name: getattr(builtins, name)
    for name in ("Exception", "bool", "bytes", "dict", "float", "int", "len", "list", "str", "type")
}


class Generated(msgspec.Struct, frozen=True):
    """A generated function.

    Attributes:
        evaluate: The function.
        source: Its text, without any text of the expression.
        table: What its names ``K0`` and so on stand for.
    """

    evaluate: Evaluate
    source: str
    table: dict[str, Any]


def generate(tree: CheckedTree, environment: Environment, exactly: Evaluate) -> Generated | None:
    """The function of a tree; None where Python has no place for it, such as too many loops in loops.

    Args:
        tree: What it evaluates.
        environment: What it may use.
        exactly: What decides where the code cannot.
    """
    table: dict[str, Any] = {}
    emitter = Emitter(tree, environment, table)
    try:
        result = emitter.emit(tree.root)
        emitter.writer.line(f"return {result.text}")
        source = _HEAD + (_WORK if emitter.spends else "") + "\n".join(emitter.writer.lines) + "\n" + _TAIL
        code = compile(source, "<cel>", "exec", dont_inherit=True)
    except (Unsupported, SyntaxError, RecursionError, MemoryError):
        return None
    namespace: dict[str, Any] = {
        "__builtins__": _BUILTINS,
        **SUPPORT,
        **table,
        "decide": _deciding(exactly),
        "iterations": environment.limits.iterations,
    }
    exec(code, namespace)  # noqa: S102  # names and signs of the emitter only; all texts are in the table
    return Generated(namespace["evaluate"], source, table)


def _deciding(exactly: Evaluate) -> Callable[[Mapping[str, Any], Runtime, Exception], Any]:
    def decide(variables: Mapping[str, Any], runtime: Runtime, error: Exception) -> Any:
        if isinstance(error, (MissingLookups, StoppedError, CostError)):
            raise error
        return exactly(variables, runtime)

    return decide
