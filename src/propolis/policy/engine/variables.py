r"""Variables: ``{{ expression }}`` in texts, keys and values of a document.

Follows Kyverno pkg/engine/variables @ 111e07b: a text that is one variable takes its value, inside
of longer text the value is written out; a variable inside of a variable comes first; ``\{{`` is a
literal ``{{``. Each document compiles once to a function of the context.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from propolis.core.limits import DEFAULT
from propolis.lang.jmespath import Expression, ExpressionError, compile_expression
from propolis.lang.jmespath.values import to_json
from propolis.policy.engine.context import Context, ContextError

Resolve = Callable[[Context], Any]

_VARIABLE = re.compile(r"(?:^|(?<=[^\\]))\{\{(?:\{[^{}]*\}|[^{}])*\}\}")
MOST_NESTED = 32
"""How deep variables may lie in each other; every level reads the text once more."""

_MARK = "\x00"
_MARKED = re.compile("\x00([0-9]+)\x00")


class VariableError(ExpressionError):
    """A variable cannot be resolved."""


class Constant(msgspec.Struct, frozen=True):
    """A document without variables."""

    value: Any

    def __call__(self, context: Context) -> Any:
        """The document."""
        del context
        return self.value


def compile_document(document: Any, path: str = "") -> Resolve:
    """The function that fills in the variables of a document; a `Constant` where there are none.

    Variables that have a wrong syntax fail when they are resolved, as any other.
    """
    if isinstance(document, str):
        return compile_text(document, path)
    if isinstance(document, dict):
        return _compile_map(document, path)
    if isinstance(document, list):
        return _compile_list(document, path)
    return Constant(document)


def _compile_list(document: list[Any], path: str) -> Resolve:
    items = [compile_document(item, f"{path}/{index}") for index, item in enumerate(document)]
    if all(isinstance(item, Constant) for item in items):
        return Constant([item(_NOWHERE) for item in items])
    return lambda context: [item(context) for item in items]


def _compile_map(document: dict[str, Any], path: str) -> Resolve:
    pairs = [
        (compile_text(key, path), compile_document(value, path_below(path, key)))
        for key, value in document.items()
    ]
    if all(isinstance(part, Constant) for pair in pairs for part in pair):
        return Constant({key(_NOWHERE): value(_NOWHERE) for key, value in pairs})

    def resolve(context: Context) -> dict[str, Any]:
        return {_key(key(context), path): value(context) for key, value in pairs}

    return resolve


def path_below(path: str, key: str) -> str:
    """The path of a key, as errors tell it."""
    return f"{path}/{key.replace('/', chr(92) + '/')}"


def _key(found: Any, path: str) -> str:
    if not isinstance(found, str):
        raise VariableError(f"a variable in a key at path {path} does not give a string")
    return found


_NOWHERE: Any = None
"""What constants are called with: they look at nothing."""


def compile_text(text: str, path: str = "") -> Resolve:
    """The function that fills in the variables of a text."""
    if "{{" not in text:
        return Constant(text)
    if _MARK in text:
        return _failing(f"the text at path {path} holds a null character")
    template, variables = _extract(text, path)
    whole = _MARKED.fullmatch(template)
    if whole:
        return variables[int(whole[1])]
    if not variables:
        return Constant(_unescape(text))
    return _Joined(template, variables, path)


def _unescape(text: str) -> str:
    return text.replace("\\{{", "{{")


def _failing(message: str) -> Resolve:
    def resolve(context: Context) -> Any:
        del context
        raise VariableError(message)

    return resolve


def _extract(text: str, path: str) -> tuple[str, list[Resolve]]:
    """Takes out the innermost variables until none is left; marks with their number stand in their place."""
    variables: list[Resolve] = []

    def take(found: re.Match[str]) -> str:
        variables.append(_compile_variable(found[0], variables, path))
        return f"{_MARK}{len(variables) - 1}{_MARK}"

    for _ in range(MOST_NESTED + 1):
        reduced = _VARIABLE.sub(take, text)
        if reduced == text:
            return text, variables
        text = reduced
    return f"{_MARK}0{_MARK}", [_failing(f"variables at path {path} lie more than {MOST_NESTED} deep")]


def _expression_of(found: str) -> str:
    return found.replace("{{", "").replace("}}", "").strip().removeprefix("-").strip()


def expressions_in(text: str) -> list[str]:
    """The expressions of the innermost variables of a text: those that are known before any resource is."""
    return [_expression_of(found) for found in _VARIABLE.findall(text)]


def _compile_variable(found: str, inner: list[Resolve], path: str) -> Resolve:
    expression = _expression_of(found)
    if _MARK in expression:
        joined = _Joined(expression, inner, path)
        return lambda context: _query(joined(context), context, path)
    if "request.object" not in expression:
        return _Variable(expression, path)
    on_create = _Variable(expression, path)
    on_delete = _Variable(expression.replace("request.object", "request.oldObject"), path)
    return lambda context: on_delete(context) if context.is_delete else on_create(context)


def _query(expression: str, context: Context, path: str) -> Any:
    return _Variable(expression, path)(context)


class _Variable:
    """An expression in a text. It is compiled when it is first needed; a wrong one is told each time."""

    __slots__ = ("_compiled", "_path", "_text")

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._compiled: Expression | None = None

    def __call__(self, context: Context) -> Any:
        """The value.

        Raises:
            VariableError: It cannot be resolved.
        """
        if self._compiled is None and not self._text.strip():
            raise VariableError(f"failed to resolve an empty variable at path {self._path}")
        try:
            if self._compiled is None:
                self._compiled = compile_expression(self._text.strip())
            return context.query(self._compiled)
        except ExpressionError as error:
            message = f"failed to resolve {self._text} at path {self._path}: {self._reason(error)}"
            raise VariableError(message) from error

    def _reason(self, error: ExpressionError) -> str:
        """Why, as Kyverno says it (pkg/engine/context/evaluate.go): no query, or one that found nothing."""
        if self._compiled is None:
            return f"incorrect query {self._text.strip()}: {error.message}"
        is_loading = isinstance(error, ContextError | VariableError)
        return error.message if is_loading else f"JMESPath query failed: {error.message}"


class _Joined:
    """Text with variables in it."""

    def __init__(self, template: str, variables: list[Resolve], path: str) -> None:
        self._path = path
        self._parts: list[str | Resolve] = []
        for index, part in enumerate(_MARKED.split(template)):
            if index % 2:
                self._parts.append(variables[int(part)])
            elif part:
                self._parts.append(_unescape(part))

    def __call__(self, context: Context) -> str:
        """The text with every value written out.

        Raises:
            VariableError: A variable cannot be resolved, or the text becomes too long.
        """
        parts = [part if isinstance(part, str) else _written(part(context)) for part in self._parts]
        if sum(map(len, parts)) > DEFAULT.text_bytes:
            raise VariableError(
                f"the text at path {self._path} is longer than {DEFAULT.text_bytes} characters"
            )
        return "".join(parts)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)
