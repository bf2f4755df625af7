"""What every part of an expression gave in one evaluation, for people."""

from typing import Any

import msgspec

from propolis.lang.cel.ast import CheckedTree, Expr, Literal
from propolis.lang.cel.errors import EvaluationError

MOST_STEPS = 2000
"""Steps that a trace keeps."""
MOST_OF_ONE = 16
"""Steps of one part that a trace keeps: iterations of the comprehensions around it."""


class Step(msgspec.Struct, frozen=True):
    """One evaluation of one part.

    Attributes:
        text: The part as it was written.
        offset: Where it starts, in code points.
        value: What it gave; None when it failed.
        error: Why it gave nothing; empty when it did.
        iteration: How many times it was evaluated before.
    """

    text: str
    offset: int
    value: Any
    error: str = ""
    iteration: int = 0


class Trace(msgspec.Struct, frozen=True):
    """All steps, parts before what they are parts of.

    Attributes:
        value: Of the whole expression; None when it failed.
        error: Why it gave nothing; empty when it did.
        steps: Without literals.
        is_cut: Whether there were more steps than a trace keeps.
    """

    value: Any
    error: str
    steps: tuple[Step, ...]
    is_cut: bool


class Recorder:
    """Collects the steps of one evaluation."""

    def __init__(self, tree: CheckedTree) -> None:
        self._text = tree.text
        self._spans = tree.spans
        self._counts: dict[int, int] = {}
        self.steps: list[Step] = []
        self.is_cut = False

    def observe(self, node: Expr, value: Any) -> None:
        """Keeps a step, as `Program.evaluate_observed` tells it."""
        span = self._spans.get(node.id)
        if span is None or isinstance(node, Literal):
            return
        count = self._counts.get(node.id, 0)
        self._counts[node.id] = count + 1
        if count >= MOST_OF_ONE or len(self.steps) >= MOST_STEPS:
            self.is_cut = True
            return
        text = self._text[span[0] : span[1]]
        if isinstance(value, EvaluationError):
            self.steps.append(Step(text, span[0], None, value.message, count))
        else:
            self.steps.append(Step(text, span[0], value, "", count))
