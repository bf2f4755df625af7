"""Evaluating within a limit of cost, counting only where the limit could be exceeded.

Counting needs the exact evaluation, an order slower than generated code. The static estimate for variables of
the size that they really have is an upper bound; most expressions stay far below the limit by it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from propolis.lang.cel.cost.counter import Counter, Plan
from propolis.lang.cel.cost.estimate import estimate
from propolis.lang.cel.cost.ranges import Range
from propolis.lang.cel.cost.sizes import Path
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.lang.cel.types import Type


def evaluate_within(program: Program, variables: Mapping[str, Any], runtime: Runtime, size_bytes: int) -> Any:
    """The value, if it costs no more than the runtime's limit; what was counted is added to ``spent``.

    Args:
        program: A compiled expression.
        variables: Its variables.
        runtime: With ``cost_limit``; without one this is `Program.evaluate`.
        size_bytes: Of all variables together as JSON; what look-ups may give included.

    Raises:
        EvaluationError: There is no value.
        CostError: It would cost more.
        MissingLookups: The world has to be asked first.
    """
    limit = runtime.cost_limit
    if limit is None or _bound(program, size_bytes.bit_length()) <= limit:
        return program.evaluate(variables, runtime)
    counter = Counter(_plan(program), limit)
    try:
        return program.evaluate_observed(variables, runtime, counter.observe)
    finally:
        runtime.spent += counter.cost


@lru_cache(maxsize=4096)
def _bound(program: Program, bits: int) -> int:
    """The most that an expression costs for values of less than two to the power of ``bits`` bytes."""
    most = Range(0, 2**bits)

    def size_of(path: Path, kind: Type) -> Range | None:
        del kind
        return most if path else None

    return estimate(program.tree, size_of).high


@lru_cache(maxsize=4096)
def _plan(program: Program) -> Plan:
    return Plan(program.tree)
