"""Stops evaluations that take too long, so that one policy cannot stand in the way of all requests.

An engine reads no clock, and a rule may loop over what strangers sent. So a timer of the system interrupts
the thread that evaluates: the rule that runs then ends with an error of its own, the others go on; an
evaluation that goes on for too long in all ends whole. Between two evaluations nothing is interrupted. The
timer goes on all the time and counts processor time: an evaluation costs no call of the system, and a machine
that stands still makes no rule slow.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from typing import TypeVar

from propolis.core.evaluation import OutOfTimeError, OverrunError

RULE_SECONDS = 0.5
"""Of the processor, that one rule may take; usual ones take some microseconds."""
WHOLE_SECONDS = 2.0
"""Of the processor, that all rules of a request may take."""
TICKS = 10
"""Of the timer, in the time of one rule; a rule is stopped within one more."""

Result = TypeVar("Result")


class EvaluationGuard:
    """Interrupts evaluations of the main thread. There is one in a process, since it takes a signal."""

    def __init__(self, rule_seconds: float = RULE_SECONDS, whole_seconds: float = WHOLE_SECONDS) -> None:
        self._tick_seconds = rule_seconds / TICKS
        self._whole = whole_seconds
        self._is_active = False
        self._now = self._rule_end = self._whole_end = 0

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Takes the signal and has the timer go while the block runs; for the main thread.

        The timer ends before the handler does: a process that ends while it goes would be killed by it.
        """
        before = signal.signal(signal.SIGPROF, self._tick)
        signal.setitimer(signal.ITIMER_PROF, self._tick_seconds, self._tick_seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def run(self, evaluation: Callable[[], Result], left_seconds: float) -> Result:
        """The result of an evaluation, for which there is so much time at most.

        Raises:
            StoppedError: It was stopped whole.
        """
        left = min(self._whole, left_seconds)
        self._rule_end = self._now + TICKS
        self._whole_end = self._now + max(ceil(left / self._tick_seconds), 1)
        self._is_active = True
        try:
            return evaluation()
        finally:
            self._is_active = False

    def _tick(self, _number: int, _frame: object) -> None:
        self._now += 1
        if not self._is_active:
            return
        if self._now > self._whole_end:
            raise OutOfTimeError("all rules together take too long")
        if self._now > self._rule_end:
            self._rule_end = self._now + TICKS
            raise OverrunError
