"""A clock that a test sets while a program runs: its time of day is so many seconds from the real one."""

from pathlib import Path

VARIABLE = "PROPOLIS_TEST_CLOCK"
FOLDER = Path(__file__).parent


class SetClock:
    """The clock of a process that is started with `environment`."""

    def __init__(self, path: Path, seconds: float = 0.0) -> None:
        self._path = path
        self.environment = {VARIABLE: str(path), "PYTHONPATH": str(FOLDER)}
        self.set(seconds)

    def set(self, seconds: float) -> None:
        """From now on the process is so far ahead of the real time; negative is behind it."""
        made = self._path.with_suffix(".new")
        made.write_text(str(seconds))
        made.replace(self._path)
