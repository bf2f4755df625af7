"""Tables for people: what an image holds that is weak, and what nobody can say about it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from propolis.core.finding import Severity
from propolis.core.printable import printable
from propolis.images.engine.merge import ImageContent
from propolis.images.model.image import Image
from propolis.images.model.vulnerability import CoverageState, Matching, Vulnerability
from propolis.reports.render.image_order import urgency
from propolis.reports.render.tables import STYLES

UNREADABLE_SHOWN = 10
EXPLOITED_STYLE = "bold white on red"


def render_image(image: Image, content: ImageContent, matching: Matching) -> RenderableType:
    """Headline, vulnerabilities, and always what is not known."""
    parts: list[RenderableType] = [image_headline(image, content, matching), Text("")]
    if matching.vulnerabilities:
        parts.append(vulnerability_table(matching.vulnerabilities))
    unknown = unknown_list(content, matching)
    if unknown:
        parts += [Text(""), unknown]
    return Group(*parts)


def image_headline(image: Image, content: ImageContent, matching: Matching) -> Text:
    """One line with the image and its distribution, one with the counts."""
    line = Text(printable(next(iter(image.names), "") or image.id), style="bold")
    system = f"{_system(content)}, {image.os}/{image.architecture}"
    line.append(f": {printable(system)}\n", style="not bold")
    packages, found = len(content.packages), matching.vulnerabilities
    line.append(f"{_counted(packages, 'package')}, ", style="not bold")
    line.append("no known vulnerability" if not found else _counted(len(found), "vulnerability"))
    counts = Counter(one.severity for one in found)
    told = [severity for severity in Severity if counts[severity]]
    for position, severity in enumerate(told):
        line.append("  " if position == 0 else ", ", style="not bold")
        line.append(f"{counts[severity]} {severity}", style=STYLES[severity])
    if found:
        line.append("\n")
        line.append_text(_shares(found))
    return line


def _shares(found: Sequence[Vulnerability]) -> Text:
    """How many are exploited, can be mended, came with the base image."""
    exploited = sum(one.is_exploited for one in found)
    fixable = sum(bool(one.fixed_version) for one in found)
    inherited = sum(one.package.is_base for one in found)
    text = Text(style="not bold")
    text.append(f"{exploited} known to be exploited", style="bold red" if exploited else "")
    text.append(f", {fixable} with a fix, {inherited} from the base image")
    return text


def _system(content: ImageContent) -> str:
    distribution = content.distribution
    if distribution is None:
        return "no distribution"
    return distribution.name or f"{distribution.id} {distribution.version}".strip() or "no distribution"


def _counted(number: int, word: str) -> str:
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"


def vulnerability_table(vulnerabilities: Iterable[Vulnerability]) -> Table:
    """One row a vulnerability, the worst first, exploited ones before others of their severity."""
    table = Table(title="Vulnerabilities", title_justify="left", title_style="bold", expand=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Id", overflow="fold", ratio=4)
    table.add_column("Package", overflow="fold", ratio=4)
    table.add_column("Installed", overflow="fold", ratio=3)
    table.add_column("Fixed in", overflow="fold", ratio=3)
    table.add_column("Layer", no_wrap=True)
    table.add_column("Exploited", no_wrap=True)
    for one in sorted(vulnerabilities, key=urgency):
        table.add_row(*_cells(one))
    return table


def _cells(one: Vulnerability) -> list[Text]:
    fixed = Text(printable(one.fixed_version)) if one.fixed_version else Text("none yet", style="dim")
    return [
        Text(one.severity, style=STYLES[one.severity]),
        Text(printable(one.id)),
        Text(printable(one.package.name)),
        Text(printable(one.package.version)),
        fixed,
        Text("base", style="dim") if one.package.is_base else Text("app"),
        Text("exploited", style=EXPLOITED_STYLE) if one.is_exploited else Text(""),
    ]


def unknown_list(content: ImageContent, matching: Matching) -> Text:
    """Why the absence of a vulnerability says nothing; empty when all is known."""
    lines = [
        f"{one.reason or one.ecosystem} ({_counted(one.packages, 'package')})"
        for one in matching.coverage
        if one.state is not CoverageState.KNOWN
    ]
    unordered = [f"{one.name} {one.version}".strip() for one in matching.unreadable]
    if unordered:
        more = len(unordered) - UNREADABLE_SHOWN
        tail = f" and {more} more" if more > 0 else ""
        lines.append(f"versions that cannot be compared: {', '.join(unordered[:UNREADABLE_SHOWN])}{tail}")
    lines += [f"not read: {problem}" for problem in content.problems]
    text = Text()
    if lines:
        text.append("What is not known\n", style="bold yellow")
        text.append("\n".join(f"  {printable(line)}" for line in lines))
    return text
