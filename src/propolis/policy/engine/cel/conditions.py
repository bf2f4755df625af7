"""Conditions of CEL policies: all must be true; one that is false decides, whatever errors others have.

Follows kubernetes/apiserver plugin/webhook/matchconditions and Kyverno pkg/cel/policies @ v1.19.1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.budget import BudgetError


def all_hold(programs: Sequence[Program], activation: Mapping[str, Any], runtime: Runtime) -> bool:
    """Whether all conditions are true.

    Raises:
        EvaluationError: Some have no value and none is false.
    """
    errors: list[str] = []
    for program in programs:
        try:
            if not truth(program, activation, runtime):
                return False
        except BudgetError:
            raise
        except EvaluationError as error:
            errors.append(error.message)
    if errors:
        raise EvaluationError("; ".join(errors))
    return True


def truth(program: Program, activation: Mapping[str, Any], runtime: Runtime) -> bool:
    """The truth of a program.

    Raises:
        EvaluationError: It has no value, or one that is no bool.
    """
    found = program.evaluate(activation, runtime)
    if found is True or found is False:
        return found
    raise EvaluationError(f"the expression gives {type(found).__name__}, not bool")
