"""Two documents as YAML, and the lines in which they differ."""

from difflib import unified_diff
from typing import Any

from propolis.reports.render.yaml_text import yaml_stream

CONTEXT_LINES = 3
MOST_LINES = 400
"""Lines of one difference that are shown."""


def yaml_diff(before: Any, after: Any) -> list[str]:
    """Lines that begin with a blank, + or -; parts that are the same in between become ``...``."""
    old, new = _lines(before), _lines(after)
    found: list[str] = []
    for line in unified_diff(old, new, lineterm="", n=CONTEXT_LINES):
        if line.startswith(("---", "+++")) and len(found) == 0:
            continue
        found.append("..." if line.startswith("@@") else line)
    found = found[1:] if found[:1] == ["..."] else found
    hidden = len(found) - MOST_LINES
    return [*found[:MOST_LINES], *([f"... and {hidden} more lines"] if hidden > 0 else [])]


def _lines(document: Any) -> list[str]:
    if document is None:
        return []
    return yaml_stream([document]).decode().removeprefix("---\n").splitlines()
