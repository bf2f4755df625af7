"""Ends with one clear line when this Python is too old for the project."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # run by whatever Python the machine has
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        f"Propolis needs Python 3.11 or later; found {found}. Name another with: make PYTHON=/path/to/python3"
    )
