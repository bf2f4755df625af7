"""Stops evaluations that take too long, so that one policy cannot stand in the way of all requests.

An engine reads no clock, and a rule may loop over what strangers sent. So a timer of the system interrupts
the thread that evaluates: the rule that runs then ends with an error of its own, the others go on; an
evaluation that goes on for too long in all ends whole. Between two evaluations nothing is interrupted. The
timer counts processor time, so that a machine that stands still makes no rule slow.
"""

import signal
from collections.abc import Callable
from typing import TypeVar

from propolis.core import clock
from propolis.core.evaluation import OutOfTimeError, OverrunError

RULE_SECONDS = 0.5
"""Of the processor, that one rule may take; usual ones take some microseconds."""
WHOLE_SECONDS = 2.0
"""Of the processor, that all rules of a request may take."""
AGAIN_SECONDS = 0.05
"""Between two interruptions, where the first was lost in code that lets nothing through."""

LEAST_SECONDS = 0.001
"""An evaluation may take, however little time is left."""

Result = TypeVar("Result")


class EvaluationGuard:
    """Interrupts evaluations of the main thread. There is one in a process, since it takes a signal."""

    def __init__(self, rule_seconds: float = RULE_SECONDS, whole_seconds: float = WHOLE_SECONDS) -> None:
        self._rule = rule_seconds
        self._whole = whole_seconds
        self._is_active = False
        self._end = 0.0

    def install(self) -> None:
        """Takes the signal; to be called by the main thread."""
        signal.signal(signal.SIGPROF, self._interrupt)

    def run(self, evaluation: Callable[[], Result], left_seconds: float) -> Result:
        """The result of an evaluation, for which there is so much time at most.

        Raises:
            StoppedError: It was stopped whole.
        """
        self._end = clock.processor() + min(self._whole, left_seconds)
        self._is_active = True
        try:
            first = max(min(self._rule, left_seconds), LEAST_SECONDS)
            signal.setitimer(signal.ITIMER_PROF, first, AGAIN_SECONDS)
            return evaluation()
        finally:
            self._is_active = False
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _interrupt(self, _number: int, _frame: object) -> None:
        if not self._is_active:
            return
        if clock.processor() >= self._end:
            raise OutOfTimeError("all rules together take too long")
        signal.setitimer(signal.ITIMER_PROF, self._rule, AGAIN_SECONDS)
        raise OverrunError
