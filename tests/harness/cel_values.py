"""Short ways to evaluate an expression in a test: what it gives, both ways, or why it fails."""

from typing import Any

from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.program import Program, compile_expression
from propolis.lang.cel.types import DYN, Type
from tests.harness.cel_runs import ENVIRONMENT, is_same, runtime


def program(text: str, *, environment: Environment = ENVIRONMENT, **variables: Type) -> Program:
    """A program with more variables."""
    return compile_expression(text, environment.extended(variables=variables))


def value(text: str, environment: Environment = ENVIRONMENT, /, **variables: Any) -> Any:
    """The value of an expression, which generated code and the exact evaluation agree on."""
    made = program(text, environment=environment, **dict.fromkeys(variables, DYN))
    exact = made.evaluate_exactly(variables, runtime())
    made.generate()
    assert is_same(made.evaluate(variables, runtime()), exact)
    return exact


def failure(text: str, environment: Environment = ENVIRONMENT, /, **variables: Any) -> str:
    """Why an expression gives no value, whichever way it is evaluated."""
    made = program(text, environment=environment, **dict.fromkeys(variables, DYN))
    made.generate()
    messages = set()
    for evaluate in (made.evaluate_exactly, made.evaluate):
        try:
            found = evaluate(variables, runtime())
        except EvaluationError as error:
            messages.add(error.message)
        else:
            raise AssertionError(f"{text} gives {found!r:.200}")
    assert len(messages) == 1
    return messages.pop()
