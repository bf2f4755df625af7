"""The one way in which commands speak to people: tables on standard output, progress on standard error."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

PIPE_WIDTH = 120
"""Columns of a table that is not printed to a terminal."""


def output() -> Console:
    """Standard output: colour on a terminal only, and not where NO_COLOR is set."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False, soft_wrap=False)


def standard_input() -> BinaryIO:
    """Standard input, empty where the process was started without one."""
    return sys.stdin.buffer if sys.stdin is not None else io.BytesIO()


def errors() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


class _RateColumn(ProgressColumn):
    """Things a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="dim")


class Steps:
    """Progress of a run: one bar a step, with a rate and an end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Tells how far a step is; a step is named the first time it is told."""
        for task in self._progress.tasks:
            if task.description == step:
                self._progress.update(task.id, completed=done, total=total)
                return
        self._progress.add_task(step, completed=done, total=total)


@contextmanager
def progress() -> Iterator[Steps]:
    """Shows progress while the block runs, on a terminal only; nothing of it stays."""
    shown = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
        console=errors(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with shown:
        yield Steps(shown)
