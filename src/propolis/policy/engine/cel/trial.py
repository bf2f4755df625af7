"""One expression, tried out: its value and type, what it may cost and what it cost, what its parts gave."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from propolis.lang.cel.cost.counter import Counter, Plan
from propolis.lang.cel.cost.ranges import ENDLESS
from propolis.lang.cel.errors import CelError, EvaluationError
from propolis.lang.cel.libraries.kyverno.generator import GENERATOR_TYPE, Generator
from propolis.lang.cel.program import Program
from propolis.lang.cel.tracing import Step
from propolis.lang.cel.types import DYN
from propolis.policy.engine.cel.activation import (
    OBJECT,
    OLD_OBJECT,
    VARIABLES,
    Activation,
    Variables,
    request_activation,
)
from propolis.policy.engine.cel.bounds import bounds_of
from propolis.policy.engine.cel.environments import GENERATOR, REQUESTS
from propolis.policy.engine.cel.extents import Extent
from propolis.policy.engine.cel.messages import read_message
from propolis.policy.engine.cel.programs import Expressions, PolicyError
from propolis.policy.engine.cel.seen import Seen
from propolis.policy.engine.request import Request
from propolis.policy.model.cel.match import NamedExpression

KINDS = (
    "ValidatingPolicy",
    "MutatingPolicy",
    "GeneratingPolicy",
    "DeletingPolicy",
    "ImageValidatingPolicy",
    "ValidatingAdmissionPolicy",
    "MutatingAdmissionPolicy",
    "ClusterPolicy",
    "Envoy",
    "HTTP",
)
"""Kinds whose expressions can be tried; the last two are modes of policies that answer servers."""


class Part(msgspec.Struct, frozen=True):
    """What one part of an expression gave, and what its parts gave before."""

    step: Step
    parts: tuple["Part", ...] = ()


class Trial(msgspec.Struct, frozen=True):
    """What came of one evaluation.

    Attributes:
        type: Before any evaluation.
        value: As CEL has it; None where there is an error.
        error: Why there is none.
        cost: Units that this evaluation took.
        bound: The most units for objects of this extent; None without bound.
        parts: The whole expression, or the parts that were evaluated before an error.
    """

    type: str
    value: Any = None
    error: str = ""
    cost: int = 0
    bound: int | None = None
    parts: tuple[Part, ...] = ()
    is_cut: bool = False
    code: str = ""


class Setting(msgspec.Struct, frozen=True):
    """What an expression sees.

    Attributes:
        kind: One of `KINDS`.
        values: More variables by name, and in place of those that a request gives.
        variables: Of a policy, as expressions.
    """

    kind: str = KINDS[0]
    values: Mapping[str, Any] = {}
    variables: Sequence[NamedExpression] = ()


def compile_trial(text: str, setting: Setting) -> tuple[Program, Expressions]:
    """The program of an expression as a policy of some kind would compile it.

    Raises:
        CelError: It cannot be used; or a variable cannot.
    """
    extra = dict.fromkeys(setting.values, DYN)
    if setting.kind == "GeneratingPolicy":
        extra[GENERATOR] = GENERATOR_TYPE
    try:
        expressions = Expressions(setting.kind, extra=extra)
        expressions.add_variables(setting.variables)
        return expressions.program(text), expressions
    except PolicyError as error:
        raise error.error from error


def tried(
    program: Program, expressions: Expressions, request: Request, seen: Seen, setting: Setting
) -> Trial:
    """One evaluation for a request.

    Raises:
        MissingLookups: The world has to be asked first.
        DocumentError: The document is no request of the kind of server.
    """
    runtime = seen.spending()
    activation = _activation(request, setting)
    activation[VARIABLES] = Variables(expressions.variables, activation, runtime)
    counter = Counter(Plan(program.tree))
    with suppress(EvaluationError):  # the trace below tells it
        program.evaluate_observed(activation, runtime, counter.observe)
    activation = _activation(request, setting)
    activation[VARIABLES] = Variables(expressions.variables, activation, runtime)
    trace = program.trace(activation, runtime)
    return Trial(
        str(program.type),
        trace.value,
        trace.error,
        counter.cost,
        _bound(program, expressions, seen.fine),
        nested(trace.steps),
        trace.is_cut,
        program.dump_code(),
    )


def _activation(request: Request, setting: Setting) -> Activation:
    activation = request_activation(request)
    if setting.kind in REQUESTS:
        activation[OBJECT] = read_message(REQUESTS[setting.kind], request.document)
    elif not request.document:
        activation[OBJECT] = activation[OLD_OBJECT] = None
    activation[GENERATOR] = Generator()
    activation.update(setting.values)
    return activation


def _bound(program: Program, expressions: Expressions, request: Extent) -> int | None:
    extents: dict[str, Extent] = {}
    total = 0
    for name, variable in expressions.variables.items():  # each is evaluated once at most
        found = bounds_of(variable.tree, request, extents)
        extents[name] = found.extent
        total += found.cost
    total += bounds_of(program.tree, request, extents).cost
    return total if total < ENDLESS // 100 else None


def nested(steps: Sequence[Step]) -> tuple[Part, ...]:
    """Steps as a tree: parts come before what they are parts of, and stand within its text."""
    stack: list[Part] = []
    for step in steps:
        end = step.offset + len(step.text)
        first = len(stack)
        while first and _is_within(stack[first - 1].step, step.offset, end):
            first -= 1
        stack[first:] = [Part(step, tuple(stack[first:]))]
    return tuple(stack)


def _is_within(step: Step, begin: int, end: int) -> bool:
    return begin <= step.offset and step.offset + len(step.text) <= end


__all__ = ["KINDS", "CelError", "Part", "Setting", "Trial", "compile_trial", "nested", "tried"]
