"""Loaded by Python as it starts, in a process whose clock a test sets (see the package)."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from propolis.core import clock

_real = clock.now
_path = Path(os.environ["PROPOLIS_TEST_CLOCK"])  # noqa: TID251  # no setting of the program


def _now() -> datetime:
    return _real() + timedelta(seconds=float(_path.read_text()))


clock.now = _now
