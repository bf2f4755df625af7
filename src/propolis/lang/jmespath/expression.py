"""The door: text to `Expression`."""

import warnings
from functools import lru_cache
from typing import Any, cast

from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser

from propolis.lang.generated import Generated, Language
from propolis.lang.jmespath.arithmetic import ARITHMETIC_FUNCTIONS
from propolis.lang.jmespath.data import DATA_FUNCTIONS
from propolis.lang.jmespath.emitter import emit_expression
from propolis.lang.jmespath.errors import ExpressionError, NotFoundError
from propolis.lang.jmespath.functions import STANDARD
from propolis.lang.jmespath.regexes import REGEX_FUNCTIONS
from propolis.lang.jmespath.runtime import (
    EMPTY,
    MOST_ITEMS,
    MOST_STEPS,
    BudgetError,
    Environment,
    Missing,
    Reference,
    Run,
    check_length,
    exhausted,
)
from propolis.lang.jmespath.texts import TEXT_FUNCTIONS
from propolis.lang.jmespath.times import TIME_FUNCTIONS
from propolis.lang.jmespath.values import equal

LONGEST_EXPRESSION = 32 * 1024
"""Characters that an expression may have."""

STANDARD_FUNCTIONS = {function.name: function for function in STANDARD}
"""Functions of the specification."""

ALL_FUNCTIONS = STANDARD_FUNCTIONS | {
    function.name: function
    for group in (TEXT_FUNCTIONS, REGEX_FUNCTIONS, ARITHMETIC_FUNCTIONS, TIME_FUNCTIONS, DATA_FUNCTIONS)
    for function in group
}
"""Functions of policies: those that Kyverno adds come before those of the specification (``sum``)."""


LANGUAGE = Language(
    "jmespath",
    {
        "BudgetError": BudgetError,
        "ExpressionError": ExpressionError,
        "MOST_ITEMS": MOST_ITEMS,
        "Missing": Missing,
        "Reference": Reference,
        "check_length": check_length,
        "equal": equal,
        "exhausted": exhausted,
    },
)
"""The names that the code of an expression knows."""


class Expression:
    """A compiled expression."""

    __slots__ = ("_run", "text")

    def __init__(self, text: str, run: Run) -> None:
        self.text = text
        self._run = run

    def search(self, value: Any, environment: Environment = EMPTY) -> Any:
        """The result on a value; null when a key is missing, as JMESPath says.

        Raises:
            ExpressionError: A function was given what it does not take, or a limit was met.
        """
        found = self._run(value, environment, [MOST_STEPS])
        return None if type(found) is Missing else found

    def query(self, value: Any, environment: Environment = EMPTY) -> Any:
        """The result on a value, as Kyverno says: a missing key at the end is an error.

        Raises:
            NotFoundError: The expression ends at a key that is not there.
            ExpressionError: A function was given what it does not take, or a limit was met.
        """
        found = self._run(value, environment, [MOST_STEPS])
        if type(found) is Missing:
            raise NotFoundError(found.key)
        return found


def compile_expression(text: str, *, is_standard: bool = False) -> Expression:
    """Compiles an expression; a standard one knows the functions of the specification only.

    Raises:
        ExpressionError: It has a wrong syntax, an unknown function or a wrong number of arguments.
    """
    if len(text) <= _LONGEST_REMEMBERED:
        return _remembered(text, is_standard)
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionError(f"the expression has more than {LONGEST_EXPRESSION} characters")
    return _compiled(text, is_standard)


_LONGEST_REMEMBERED = 4096
"""Characters of an expression that is kept: resources may bring in any number of longer ones."""


def _compiled(text: str, is_standard: bool) -> Expression:  # noqa: FBT001  # arguments of a cache
    return Expression(text, LANGUAGE.function(generate_expression(text, is_standard=is_standard)))


_remembered = lru_cache(maxsize=8192)(_compiled)


def generate_expression(text: str, *, is_standard: bool = False) -> Generated:
    """The code of an expression, as `compile_expression` makes it a function.

    Raises:
        ExpressionError: It has a wrong syntax, an unknown function or a wrong number of arguments.
    """
    functions = STANDARD_FUNCTIONS if is_standard else ALL_FUNCTIONS
    return emit_expression(parse_expression(text), functions)


def parse_expression(text: str) -> dict[str, Any]:
    """The syntax tree; text in backticks that is no JSON counts as a string, as it always did.

    Raises:
        ExpressionError: It has a wrong syntax.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            tree = cast("dict[str, Any]", Parser().parse(text).parsed)
    except JMESPathError as error:
        raise ExpressionError(f"{text!r}: {str(error).splitlines()[0]}") from error
    except (RecursionError, ValueError) as error:
        raise ExpressionError(f"{text[:80]!r} cannot be parsed: {type(error).__name__}") from error
    return tree
