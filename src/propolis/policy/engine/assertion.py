"""Assertion trees (``validate.assert``): a document that the resource's must agree with.

Follows kyverno-json pkg/core/assertion and pkg/core/projection @ bd9932a. A key or a text in brackets is a
JMESPath expression on the value at that place; ``~`` before a key means every element; backslashes around a
key or text take its meaning away. Bindings (``->name``, ``~index.``) are refused when the tree is compiled.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError, compile_expression
from propolis.lang.jmespath.runtime import Environment
from propolis.lang.json_patch import is_same
from propolis.policy.engine.context import Context
from propolis.policy.engine.evidence import AssertionEvidence
from propolis.policy.engine.formatting import go_text
from propolis.policy.engine.result import RuleResult, error_result
from propolis.policy.engine.validate import Message, Validate

MOST_LEVELS = 100
MOST_PROBLEMS = 100
"""Disagreements that are told; the first says enough."""

Check = Callable[[Any, str, Environment], Iterator[str]]
"""Gives what is wrong with a value at a path, one text each."""
ENTRY = re.compile(r"(?P<each>~)?(?P<key>\((?P<expression>.*)\)|\\(?P<escaped>.+)\\|[^(].*?)", re.DOTALL)
"""A key: a name, a name between backslashes, or an expression in brackets."""
_BOUND = re.compile(r"~\w+\.|.*->\w+$", re.DOTALL)


class AssertionTreeError(ExpressionError):
    """The tree cannot be compiled."""


def compile_assertion(tree: Any, message: Message) -> Validate:
    """An assertion rule as a function."""
    try:
        check = _compile(tree, 0)
    except ExpressionError as error:
        wrong = error_result("failed to parse the assertion", error)
        return lambda _context, _value: wrong

    def validate(context: Context, value: Any) -> RuleResult:
        del value
        try:
            problems = _first(check(payload_of(context), "", context.environment))
        except ExpressionError as error:
            return error_result("failed to apply assertion", error)
        if not problems:
            return RuleResult(Outcome.PASS)
        text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        told = message.filled(context) if message.text else ""
        joined = "; ".join(part for part in (told, text) if part)
        return RuleResult(Outcome.FAIL, joined, AssertionEvidence(tuple(problems)))

    return validate


def check_tree(tree: Any) -> None:
    """Compiles a tree, for those who want to know whether it can be.

    Raises:
        ExpressionError: It cannot be compiled.
    """
    _compile(tree, 0)


def _first(problems: Iterator[str]) -> list[str]:
    return [problem for _, problem in zip(range(MOST_PROBLEMS), problems, strict=False)]


def payload_of(context: Context) -> dict[str, Any]:
    """What the tree is about: the objects of the request and who asks."""
    request = context.root.get("request") or {}
    names = {
        "object": "object",
        "oldObject": "oldObject",
        "operation": "operation",
        "userInfo": "admissionInfo",
    }
    return {to: request[name] for name, to in names.items() if name in request}


def _compile(tree: Any, level: int) -> Check:
    if level > MOST_LEVELS:
        raise AssertionTreeError(f"the tree is nested deeper than {MOST_LEVELS} levels")
    if isinstance(tree, dict):
        return _compile_map(tree, level)
    if isinstance(tree, list):
        return _compile_list(tree, level)
    return _compile_leaf(tree)


class _Projection(msgspec.Struct, frozen=True):
    """What a key takes from a value, and the check of what it takes."""

    name: str
    take: Callable[[Any, Environment], tuple[bool, Any]]
    is_each: bool
    check: Check


def _compile_map(tree: dict[str, Any], level: int) -> Check:
    parts = [_projection(key, inner, level) for key, inner in tree.items()]

    def check(value: Any, path: str, environment: Environment) -> Iterator[str]:
        for part in parts:
            where = f"{path}.{part.name}" if path else part.name
            is_there, found = part.take(value, environment)
            if not is_there:
                yield f"{where}: Required value: field not found in the input object"
            elif part.is_each:
                yield from _each(part.check, found, where, environment)
            else:
                yield from part.check(found, where, environment)

    return check


def _each(check: Check, found: Any, path: str, environment: Environment) -> Iterator[str]:
    items: Any = (
        enumerate(found) if isinstance(found, list) else found.items() if isinstance(found, dict) else None
    )
    if items is None:
        yield f"{path}: Invalid value: {go_text(found)}: Expected an array or an object"
        return
    for key, item in items:
        place = f"{path}[{key}]" if isinstance(found, list) else f"{path}.{key}"
        yield from check(item, place, environment)


def _projection(key: str, inner: Any, level: int) -> _Projection:
    if _BOUND.fullmatch(key) or _BOUND.match(key):
        raise AssertionTreeError(f"{key!r} binds a name, which is not supported")
    parts = ENTRY.fullmatch(key)
    if parts is None:
        raise AssertionTreeError(f"{key!r} is no key of an assertion")
    check = _compile(inner, level + 1)
    is_each = parts["each"] is not None
    if parts["expression"] is not None:
        return _Projection(parts["key"], _evaluating(parts["expression"]), is_each, check)
    name = parts["escaped"] or parts["key"]
    return _Projection(name, _getting(name), is_each, check)


def _evaluating(text: str) -> Callable[[Any, Environment], tuple[bool, Any]]:
    expression = compile_expression(text.strip())
    return lambda value, environment: (True, expression.search(value, environment))


def _getting(name: str) -> Callable[[Any, Environment], tuple[bool, Any]]:
    def take(value: Any, environment: Environment) -> tuple[bool, Any]:
        del environment
        return (True, value[name]) if isinstance(value, dict) and name in value else (False, None)

    return take


def _compile_list(tree: list[Any], level: int) -> Check:
    checks = [_compile(item, level + 1) for item in tree]

    def check(value: Any, path: str, environment: Environment) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path}: Type mismatch, expected an array"
        elif len(value) != len(checks):
            yield f"{path}: Invalid value: {go_text(value)}: lengths of slices don't match"
        else:
            for index, one in enumerate(checks):
                yield from one(value[index], f"{path}[{index}]", environment)

    return check


def _compile_leaf(tree: Any) -> Check:
    wanted_of = _wanted(tree)

    def check(value: Any, path: str, environment: Environment) -> Iterator[str]:
        wanted = wanted_of(value, environment)
        if not _equal(value, wanted):
            yield f"{path}: Invalid value: {go_text(value)}: Expected value: {go_text(wanted)}"

    return check


def _wanted(tree: Any) -> Callable[[Any, Environment], Any]:
    """The function that gives what a leaf wants: itself, or what its expression gives."""
    if isinstance(tree, str) and tree.startswith("(") and tree.endswith(")"):
        return compile_expression(tree[1:-1].strip()).search
    if isinstance(tree, str) and len(tree) > 1 and tree.startswith("\\") and tree.endswith("\\"):
        tree = tree[1:-1]
    return lambda _value, _environment: tree


def is_agreed(leaf: Any, value: Any, environment: Environment) -> bool:
    """Whether a value is what a leaf wants; false where its expression cannot be evaluated."""
    try:
        return _equal(value, _wanted(leaf)(value, environment))
    except ExpressionError:
        return False


def _equal(value: Any, wanted: Any) -> bool:
    """Equality as JSON; numbers by value, whether they are written with a point or not."""
    numbers = (int, float)
    if type(value) in numbers and type(wanted) in numbers:
        return bool(value == wanted)
    return is_same(value, wanted)
