"""What compiled expressions pass around: the environment, missing keys, expression references."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from propolis.core.evaluation import Answer, LookupKey
from propolis.lang.jmespath.errors import ExpressionError

MOST_ITEMS = 1_000_000
"""Longest list that an expression may build."""


def _no_lookups(key: LookupKey) -> Answer:
    return Answer(error=f"no look-ups here: {key.kind}")


class Environment(msgspec.Struct, frozen=True):
    """What an expression may know besides its value.

    Attributes:
        now: The time of the evaluation.
        ask: Answers a look-up or raises `MissingLookups`.
    """

    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    ask: Callable[[LookupKey], Answer] = _no_lookups


EMPTY = Environment()

MOST_STEPS = 2_000_000
"""Items that the projections of one evaluation may walk over, and calls of expression references."""

Budget = list[int]
"""One number: what is left of `MOST_STEPS`."""

Run = Callable[[Any, Environment, Budget], Any]
"""A compiled expression: the value it stands on, the environment and the budget to its result."""


class BudgetError(ExpressionError):
    """The evaluation takes too many steps. Nothing forgives it, unlike other errors."""


def exhausted() -> None:
    """Ends an evaluation that takes too many steps.

    Raises:
        BudgetError: Always.
    """
    raise BudgetError(f"the expression walks over more than {MOST_STEPS} items")


class Missing:
    """The result of a field that the object does not have; one instance a node.

    It is null wherever a value is used; only as the end result it says that nothing was found.
    """

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key

    def __str__(self) -> str:
        return f"missing {self.key!r}"


class Reference:
    """``&expression`` as an argument of a function; its calls count for its whole evaluation."""

    __slots__ = ("_budget", "_run")

    def __init__(self, run: Run, budget: Budget) -> None:
        self._run = run
        self._budget = budget

    def __call__(self, value: Any, environment: Environment) -> Any:
        """The result on one item; missing counts as null.

        Raises:
            BudgetError: The evaluation takes too many steps.
        """
        self._budget[0] -= 1
        if self._budget[0] < 0:
            exhausted()
        return self._run(value, environment, self._budget)


def check_length(items: list[Any]) -> list[Any]:
    """The list itself.

    Raises:
        ExpressionError: It is longer than `MOST_ITEMS`.
    """
    if len(items) > MOST_ITEMS:
        raise ExpressionError(f"the expression builds a list of more than {MOST_ITEMS} items")
    return items
