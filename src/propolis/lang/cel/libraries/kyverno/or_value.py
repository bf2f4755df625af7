"""``orValue`` on a value that is no optional one: the value itself.

Follows kyverno pkg/cel/compiler/env.go OrValueCompatEnvOptions @ v1.19.1.

Policies call it on fields that they did not make optional; cel-go up to 0.27 let them.
"""

from typing import Any

from propolis.lang.cel.ast import Expr
from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.library import Library, Macro
from propolis.lang.cel.nodes import Nodes
from propolis.lang.cel.types import DYN
from propolis.lang.cel.values import OptionalValue

NAME = "__orValueCompat__"


def _or_value(value: Any, otherwise: Any) -> Any:
    if isinstance(value, OptionalValue):
        return value.value if value.has_value else otherwise
    return value


def _expand(target: Expr | None, arguments: tuple[Expr, ...], new: Nodes) -> Expr | None:
    return None if target is None else new.call(NAME, target, arguments[0])


OR_VALUE_LIBRARY = Library(
    "kyverno.orValue",
    (function(NAME, call("__orValueCompat___dyn_dyn", (DYN, DYN), DYN, _or_value)),),
    macros=(Macro("orValue", 1, is_member=True, expand=_expand),),
)
