"""One evaluation of an expression for people, or as JSON."""

from collections.abc import Iterator
from typing import Any

from propolis.core.printable import printable
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.json_values import to_json
from propolis.lang.cel.values import OptionalValue
from propolis.policy.engine.cel.trial import Part, Trial
from propolis.reports.render.encoding import compact

LONGEST = 100
"""Characters of a value in a tree."""


def shown_value(value: Any) -> Any:
    """A value as JSON; what has none as text."""
    if isinstance(value, OptionalValue):
        return {"optional": shown_value(value.value)} if value.has_value else {"optional": None}
    try:
        return to_json(value)
    except EvaluationError:
        return repr(value)


def trial_document(trial: Trial, *, with_parts: bool) -> dict[str, Any]:
    """All that is known, as JSON has it."""
    document: dict[str, Any] = {"type": trial.type, "cost": {"run": trial.cost, "most": trial.bound}}
    document |= {"error": trial.error} if trial.error else {"value": shown_value(trial.value)}
    if with_parts:
        document["trace"] = [_part_document(part) for part in trial.parts]
        document["isCut"] = trial.is_cut
    return document


def _part_document(part: Part) -> dict[str, Any]:
    step = part.step
    document: dict[str, Any] = {"text": step.text, "offset": step.offset}
    document |= {"error": step.error} if step.error else {"value": shown_value(step.value)}
    if part.parts:
        document["parts"] = [_part_document(one) for one in part.parts]
    return document


def trace_lines(trial: Trial) -> Iterator[str]:
    """The tree of the parts: each with what it gave, and below it what its parts gave."""
    for part in trial.parts:
        yield from _lines(part, "", "")
    if trial.is_cut:
        yield "... further steps are left out"


def _lines(part: Part, first: str, rest: str) -> Iterator[str]:
    step = part.step
    text = " ".join(step.text.split())
    found = f"error: {step.error}" if step.error else brief(step.value)
    yield printable(f"{first}{text}  =>  {found}")
    for index, inner in enumerate(part.parts):
        is_last = index == len(part.parts) - 1
        yield from _lines(inner, rest + ("└─ " if is_last else "├─ "), rest + ("   " if is_last else "│  "))


def brief(value: Any) -> str:
    """A value on one line."""
    text = compact(shown_value(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
