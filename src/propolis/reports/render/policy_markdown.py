"""Tables in Markdown, as code hosts show them in comments and summaries."""

from collections.abc import Iterable, Sequence
from html import escape

_ESCAPES = str.maketrans({"|": "\\|", "\n": " ", "\r": " ", "`": "\\`", "*": "\\*", "_": "\\_", "[": "\\["})


def markdown_table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells show their text as it is; ends with a newline."""
    lines = [_line(heading), _line(["---"] * len(heading)), *(_line(map(escaped_text, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escaped_text(text: str) -> str:
    """Text in which nothing is markup: neither Markdown's nor HTML's."""
    return escape(text.replace("\\", "\\\\").translate(_ESCAPES), quote=False)
