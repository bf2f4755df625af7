"""What the expressions of a policy may cost, as an API server limits it, counted only where that is needed.

Follows kubernetes/apiserver pkg/apis/cel/config.go and pkg/admission/plugin/cel/activation.go @ v0.36.3. For
most policies and requests a bound proves that no limit can be met; the others are evaluated step by step.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from propolis.lang.cel.cost.counter import Counter, Plan
from propolis.lang.cel.errors import CostError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.bounds import bounds_of
from propolis.policy.engine.cel.extents import Extent

CALL_COST = 1_000_000
"""Cost units of one expression at most."""
POLICY_COST = 10_000_000
"""Of all expressions of a policy, for one request and one parameter."""
CONDITIONS_COST = 2_500_000
"""Of all match conditions of a policy."""
OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"


class BudgetError(CostError):
    """The expressions of a policy together cost more than they may; none of them is evaluated further."""


class Spending(Runtime):
    """A runtime whose costs are counted.

    Attributes:
        budget: The most that may be spent.
    """

    budget: int = CONDITIONS_COST

    def renewed(self) -> None:
        """Begins the budget of what comes after the conditions."""
        self.spent, self.budget = 0, POLICY_COST


class MeteredProgram(Program):
    """A program whose cost counts against the limits of a policy."""

    def __init__(self, program: Program) -> None:
        super().__init__(program.tree, program.environment)
        self._program = program
        self._plan: Plan | None = None
        self.evaluate = self._metered

    def _metered(self, variables: Mapping[str, Any], runtime: Runtime) -> Any:
        if not isinstance(runtime, Spending):
            return self._program.evaluate(variables, runtime)
        _check(runtime)
        plan = self._plan = self._plan or Plan(self.tree)
        counter = Counter(plan, CALL_COST)
        try:
            found = self._program.evaluate_observed(variables, runtime, counter.observe)
        finally:
            runtime.spent += counter.cost
        _check(runtime)
        return found


def _check(runtime: Spending) -> None:
    if runtime.spent > runtime.budget:
        raise BudgetError(OUT_OF_BUDGET)


class Bound:
    """Whether a policy can meet a limit at all, by the extent of a request.

    Args:
        variables: In the order of the policy.
        conditions: What is evaluated against the budget of conditions.
        programs: All others.
    """

    def __init__(
        self, variables: Mapping[str, Program], conditions: Sequence[Program], programs: Sequence[Program]
    ) -> None:
        self._variables = dict(variables)
        self._conditions = list(conditions)
        self._programs = list(programs)
        self._known: dict[Extent, bool] = {}

    def covers(self, request: Extent) -> bool:
        """Whether no limit can be met by a request of this extent."""
        found = self._known.get(request)
        if found is None:
            found = self._known[request] = self._is_below(request)
        return found

    def _is_below(self, request: Extent) -> bool:
        extents: dict[str, Extent] = {}
        shared: list[int] = []
        for name, program in self._variables.items():
            found = bounds_of(program.tree, request, extents)
            extents[name] = found.extent
            shared.append(found.cost)

        def costs(programs: Sequence[Program]) -> list[int]:
            return [bounds_of(program.tree, request, extents).cost for program in programs]

        conditions, others = costs(self._conditions), costs(self._programs)
        return (
            max((*shared, *conditions, *others), default=0) <= CALL_COST
            and sum(conditions) + sum(shared) <= CONDITIONS_COST
            and sum(others) + sum(shared) <= POLICY_COST
        )
