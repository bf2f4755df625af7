r"""Templates of generating policies: YAML with ``(( expression ))`` in it.

Follows Kyverno pkg/cel/policies/gpol/template @ v1.19.1: a scalar that is one placeholder becomes what the
expression gives; a placeholder within a text must give a scalar; keys hold none; ``\((`` is the text ``((``.
"""

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.lang.yaml import load_documents
from propolis.policy.engine.cel.mutating import plain

Render = Callable[[Mapping[str, Any], Runtime], Any]
Compile = Callable[[str], Program]

_PLACEHOLDER = re.compile(r"\\\(\(|\(\((.*?)\)\)(?!\))", re.DOTALL)
_SCALARS = (str, bool, int, float)


class TemplateError(Exception):
    """A template that is no resource."""


def compile_template(text: str, compile_program: Compile, *, is_interpolated: bool) -> list[Render]:
    """The documents of a template, each as a function that gives its resource.

    Raises:
        TemplateError: It is no YAML, or holds none, or something else than objects.
    """
    renders: list[Render] = []
    for parsed in load_documents(text.encode()):
        if parsed.error is not None:
            raise TemplateError(f"failed to parse YAML: {parsed.error.message}")
        if parsed.document is None:
            continue
        if not isinstance(parsed.document, dict | str):
            raise TemplateError(f"line {parsed.line}: document must be a mapping describing a resource")
        compiler = compile_program if is_interpolated else None
        renders.append(_compile(parsed.document, compiler) or _constant(parsed.document))
    if not renders:
        raise TemplateError("template must contain at least one YAML document")
    return renders


def _constant(value: Any) -> Render:
    return lambda _activation, _runtime: copy.deepcopy(value)


def _compile(value: Any, compile_program: Compile | None) -> Render | None:
    """The function of a part; None for one without placeholders. Raises `TemplateError`."""
    if compile_program is None:
        return None
    if isinstance(value, str):
        return _text(value, compile_program)
    if isinstance(value, list):
        items = [_compile(item, compile_program) for item in value]
        return _list(value, items) if any(items) else None
    if isinstance(value, dict):
        if any(isinstance(key, str) and _PLACEHOLDER.search(key) for key in value):
            raise TemplateError("placeholders are not supported in mapping keys")
        fields = {key: _compile(item, compile_program) for key, item in value.items()}
        return _map(value, fields) if any(fields.values()) else None
    return None


def _list(value: list[Any], items: list[Render | None]) -> Render:
    renders = [one or _constant(item) for one, item in zip(items, value, strict=True)]
    return lambda activation, runtime: [one(activation, runtime) for one in renders]


def _map(value: dict[str, Any], fields: dict[str, Render | None]) -> Render:
    renders = {key: fields[key] or _constant(item) for key, item in value.items()}
    return lambda activation, runtime: {key: one(activation, runtime) for key, one in renders.items()}


def _text(value: str, compile_program: Compile) -> Render | None:
    parts: list[str | tuple[str, Program]] = []
    end = 0
    for found in _PLACEHOLDER.finditer(value):
        parts.append(value[end : found.start()])
        expression = found.group(1)
        is_escape = expression is None
        parts.append("((" if is_escape else (expression.strip(), compile_program(expression.strip())))
        end = found.end()
    parts = [part for part in (*parts, value[end:]) if part]
    if not end:
        return None
    if len(parts) == 1 and isinstance(parts[0], tuple):
        text, program = parts[0]
        return lambda activation, runtime: _value(text, program, activation, runtime)
    return lambda activation, runtime: "".join(_joined(part, activation, runtime) for part in parts)


def _value(text: str, program: Program, activation: Mapping[str, Any], runtime: Runtime) -> Any:
    try:
        return plain(program.evaluate(activation, runtime))
    except EvaluationError as error:
        raise EvaluationError(f'failed to evaluate placeholder "{text}": {error.message}') from error


def _joined(part: str | tuple[str, Program], activation: Mapping[str, Any], runtime: Runtime) -> str:
    if isinstance(part, str):
        return part
    text, program = part
    found = _value(text, program, activation, runtime)
    if not isinstance(found, _SCALARS):
        raise EvaluationError(f'placeholder "{text}" embedded in a string must evaluate to a scalar')
    return str(found).lower() if isinstance(found, bool) else str(found)
