"""JMESPath as policies have it, to try out: queries, syntax trees, functions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from propolis.app.lookups import InventoryLookups
from propolis.cluster.files import read_file, read_stdin
from propolis.core import clock
from propolis.core.errors import DocumentError, Place
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.inventory import Inventory
from propolis.core.limits import DEFAULT
from propolis.lang.jmespath import Environment, ExpressionError, compile_expression
from propolis.lang.jmespath.expression import ALL_FUNCTIONS, STANDARD_FUNCTIONS, parse_expression
from propolis.lang.jmespath.signature import Function
from propolis.lang.yaml import load_documents
from propolis.reports.render.encoding import encode


def query(expression: str, input_: Path | None, stdin: BinaryIO) -> Any:
    """The result of an expression on the first document of a file, or of standard input.

    Raises:
        DocumentError: The expression or the input is wrong, or the expression ends at a missing key.
        SourceError: The input cannot be read.
    """
    compiled = compile_expression(expression)
    if input_ is None:
        path, data = "<stdin>", read_stdin(stdin, DEFAULT)
    else:
        path, data = str(input_), read_file(input_, DEFAULT)
    for parsed in load_documents(data, path):
        if parsed.error is not None:
            raise parsed.error
        found = compiled.query(parsed.document, Environment(clock.now(), _ask))
        _check_value(found)
        return found
    raise DocumentError("holds no document", Place(path), "YAML or JSON")


def _check_value(found: Any) -> None:
    """Raises `ExpressionError` where a result is no JSON: it is or holds an expression (``&name``)."""
    try:
        encode(found)
    except TypeError as error:
        raise ExpressionError(f"the result is no value: {error}", expected="a value of JSON") from error


def _ask(key: LookupKey) -> Answer:
    """Look-ups of functions without a cluster."""
    return InventoryLookups(Inventory(())).fetch(frozenset({key}))[key]


def syntax_tree(expression: str) -> str:
    """The tree of an expression, one node a line.

    Raises:
        DocumentError: It has a wrong syntax, or is nested too deep.
    """
    try:
        return "\n".join(_lines(parse_expression(expression), 0))
    except RecursionError:
        raise DocumentError("the expression is nested too deep") from None


def _lines(node: dict[str, Any], depth: int) -> list[str]:
    value = f" {node['value']!r}" if "value" in node else ""
    lines = [f"{'  ' * depth}{node['type']}{value}"]
    for child in node["children"]:
        lines += _lines(child, depth + 1) if isinstance(child, dict) else [f"{'  ' * (depth + 1)}{child!r}"]
    return lines


def signatures(names: Sequence[str]) -> list[str]:
    """One line a function: its arguments and whether it is of the specification.

    Raises:
        DocumentError: There is no function of a name.
    """
    for name in names:
        if name not in ALL_FUNCTIONS:
            raise DocumentError(f"there is no function {name!r}", expected="a name of jp function")
    return [_signature(ALL_FUNCTIONS[name]) for name in names or sorted(ALL_FUNCTIONS)]


def _signature(function: Function) -> str:
    arguments = [" or ".join(types) or "any" for types in function.parameters]
    more = "..." if function.is_variadic else ""
    is_standard = STANDARD_FUNCTIONS.get(function.name) is function
    return f"{function.name}({', '.join(arguments)}{more}){'' if is_standard else '  (added by Kyverno)'}"
