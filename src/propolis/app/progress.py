"""How far a step is, told to whoever shows it."""

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Takes the name of a step, how much of it is done, and out of how many (None: not known yet)."""

EVERY = 100
"""Things between two tellings."""


def silent(step: str, done: int, total: int | None) -> None:
    """Shows nothing."""
    del step, done, total
