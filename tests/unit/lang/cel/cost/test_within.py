from typing import Any

import pytest

from propolis.lang.cel.cost.counter import Counter, Plan
from propolis.lang.cel.cost.within import evaluate_within
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.lang.cel.types import DYN
from tests.harness.cel_runs import runtime
from tests.harness.cel_values import program

CHECK = "l.all(a, a.startsWith('x'))"
ITEMS: dict[str, Any] = {"l": ["xyz"] * 100}
SIZE = 600


def limited(limit: int | None) -> Runtime:
    its = runtime()
    its.cost_limit = limit
    return its


def cost(made: Program) -> int:
    counter = Counter(Plan(made.tree))
    made.evaluate_observed(ITEMS, runtime(), counter.observe)
    return counter.cost


def test_what_cannot_exceed_the_limit_is_not_counted() -> None:
    its = limited(1_000_000)
    assert evaluate_within(program(CHECK, l=DYN), ITEMS, its, SIZE) is True
    assert its.spent == 0


def test_what_could_exceed_the_limit_is_counted_and_ends_there() -> None:
    made = program(CHECK, l=DYN)
    exact = cost(made)
    its = limited(exact)
    assert evaluate_within(made, ITEMS, its, SIZE) is True
    assert its.spent == exact
    too_little = limited(exact - 1)
    with pytest.raises(CostError, match="cost limit"):
        evaluate_within(made, ITEMS, too_little, SIZE)
    assert too_little.spent == exact


def test_the_bound_grows_with_the_size_of_the_variables() -> None:
    its = limited(1_000_000)
    assert evaluate_within(program(CHECK, l=DYN), ITEMS, its, 3_000_000) is True
    assert its.spent > 0


def test_no_limit_is_no_limit() -> None:
    assert evaluate_within(program(CHECK, l=DYN), ITEMS, limited(None), 10**9) is True


def test_errors_are_told_as_without_a_limit() -> None:
    its = limited(10)
    with pytest.raises(EvaluationError, match="no such key"):
        evaluate_within(program("l.b == 1", l=DYN), {"l": {"a": 1}}, its, 10)
