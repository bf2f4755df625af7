"""A table of thousands of rows: the look of rich's, laid out with plain texts instead of renderables."""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

Cell = tuple[str, str]
"""A text and its style; empty for none."""
NARROWEST = 6
"""Columns that a column keeps however little space there is."""


class Grid:
    """Rows of cells below a header; texts that are too long go on in further lines."""

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        self._header = header
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table in the width that there is."""
        frame = box.HEAVY_HEAD.substitute(options, safe=console.safe_box)
        texts = [self._header, *([text for text, _ in row] for row in self._rows)]
        widths = fitted([_widest(column) for column in zip(*texts, strict=True)], options.max_width)
        outer = [width + 2 for width in widths]
        head = (frame.head_left, frame.head_vertical, frame.head_right)
        body = (frame.mid_left, frame.mid_vertical, frame.mid_right)
        yield Segment(f"{frame.get_top(outer)}\n")
        yield from _lines([(text, "bold") for text in self._header], widths, head, console)
        yield Segment(f"{frame.get_row(outer, 'head')}\n")
        for row in self._rows:
            yield from _lines(row, widths, body, console)
        yield Segment(f"{frame.get_bottom(outer)}\n")


def _widest(texts: Iterable[str]) -> int:
    return max((cell_len(line) for text in texts for line in text.split("\n")), default=0)


def fitted(widths: list[int], available: int) -> list[int]:
    """Widths of columns with their frame in a line: the widest give way until all fit."""
    found = list(widths)
    spare = available - 3 * len(found) - 1
    while sum(found) > spare and max(found) > NARROWEST:
        widest = max(found)
        below = max((width for width in found if width < widest), default=NARROWEST)
        index = found.index(widest)
        found[index] = max(NARROWEST, min(widest - 1, max(below, widest - (sum(found) - spare))))
    return found


def _lines(
    row: Sequence[Cell], widths: list[int], frame: tuple[str, str, str], console: Console
) -> Iterator[Segment]:
    left, middle, right = frame
    folded = [folded_lines(text, width) for (text, _), width in zip(row, widths, strict=True)]
    styles = [console.get_style(style) if style else None for _, style in row]
    for number in range(max(map(len, folded))):
        yield from _line(
            [lines[number] if number < len(lines) else "" for lines in folded], widths, styles, (left, middle)
        )
        yield Segment(f" {right}\n")


def _line(
    texts: list[str], widths: list[int], styles: list[Style | None], frame: tuple[str, str]
) -> Iterator[Segment]:
    left, middle = frame
    before = f"{left} "
    for text, width, style in zip(texts, widths, styles, strict=True):
        cell = text.ljust(width) if text.isascii() else set_cell_size(text, width)
        if style is None:
            before += cell
        else:
            yield Segment(before)
            yield Segment(cell, style)
            before = ""
        before += f" {middle} "
    yield Segment(before.removesuffix(f" {middle} "))


def folded_lines(text: str, width: int) -> list[str]:
    """A text in lines of at most so many columns: cut between words, and within words that are longer."""
    if "\n" in text:
        return [line for part in text.split("\n") for line in folded_lines(part, width)]
    if cell_len(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *cut, line = chop_cells(word, width) if cell_len(word) > width else [word]
        lines += cut
    return [*lines, line]
