"""JMESPath compiled to Python source, with the functions that Kyverno adds.

``compile_expression`` in `expression.py` is the door. `emitter.py` turns the syntax tree of the
`jmespath` package into source; `functions.py` holds the standard functions, `kyverno.py` and
its neighbours the added ones; `values.py` says what JSON values are equal, true, or of which type.

Nothing here does I/O: time and look-ups come in an `Environment`.
"""

from propolis.lang.jmespath.errors import ExpressionError, NotFoundError
from propolis.lang.jmespath.expression import Expression, compile_expression
from propolis.lang.jmespath.runtime import Environment

__all__ = ["Environment", "Expression", "ExpressionError", "NotFoundError", "compile_expression"]
