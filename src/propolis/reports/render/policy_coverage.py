"""What tests exercise of policies: numbers a policy, what no test takes, what no test would notice."""

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from propolis.core.assessment import Problem
from propolis.core.errors import Place
from propolis.core.printable import printable
from propolis.policy.engine.coverage.measure import Missed, PolicyCoverage, Survivor
from propolis.policy.engine.coverage.telling_apart import Example
from propolis.policy.engine.formatting import shown
from propolis.reports.render.encoding import encode
from propolis.reports.render.policy_markdown import escaped_text, markdown_table

MOST_TOLD = 8
"""Branches and survivors of one policy that the short table tells."""
LONGEST_VALUE = 80


class CoverageReport(msgspec.Struct, frozen=True):
    """Coverage of policies by their tests, and what of the tests could not be used."""

    tests: int
    policies: tuple[PolicyCoverage, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def percent(self) -> float:
        """Covered of all rules, branches and mutants; 0 where no test names a policy."""
        items = sum(one.items for one in self.policies)
        return 100 * sum(one.covered for one in self.policies) / items if items else 0.0

    @property
    def failing(self) -> int:
        """Rows of tests that do not hold."""
        return sum(one.failing for one in self.policies)

    def totals(self) -> dict[str, int]:
        """Sums over the policies."""
        return {
            "rules": sum(one.rules for one in self.policies),
            "rulesCovered": sum(one.rules - one.missed_rules for one in self.policies),
            "branches": sum(one.branches for one in self.policies),
            "branchesCovered": sum(one.branches - one.missed_branches for one in self.policies),
            "mutants": sum(one.killed + one.alive for one in self.policies),
            "mutantsKilled": sum(one.killed for one in self.policies),
            "maybeEquivalent": sum(len(one.survivors) - one.alive for one in self.policies),
        }


def render_coverage_table(report: CoverageReport, *, is_detailed: bool = False) -> RenderableType:
    """A line a policy, then what is missing of each."""
    table = Table()
    table.add_column("Policy", overflow="fold")
    for name in ("Tests", "Rules", "Branches", "Mutants killed", "Covered"):
        table.add_column(name, justify="right")
    for one in report.policies:
        table.add_row(Text(printable(one.policy)), *_numbers(one), _percent(one.covered, one.items))
    parts: list[RenderableType] = [table] if report.policies else []
    for one in report.policies:
        parts += _block(one, most=1_000_000 if is_detailed else MOST_TOLD)
    return Group(*parts, Text(headline(report), "bold"))


def _numbers(one: PolicyCoverage) -> tuple[str, str, str, str]:
    mutants = f"{one.killed}/{one.killed + one.alive}"
    return (
        str(one.tests),
        f"{one.rules - one.missed_rules}/{one.rules}",
        f"{one.branches - one.missed_branches}/{one.branches}",
        mutants if one.killed + len(one.survivors) else "-",
    )


def _percent(covered: int, items: int) -> Text:
    percent = 100 * covered / items if items else 100.0
    style = "green" if percent >= 90 else "yellow" if percent >= 60 else "bold red"  # noqa: PLR2004  # thirds for eyes
    return Text(f"{percent:.0f} %", style)


def headline(report: CoverageReport) -> str:
    """The sums in one line."""
    sums = report.totals()
    text = (
        f"Covered: {report.percent:.1f} %; rules {sums['rulesCovered']:,}/{sums['rules']:,}, "
        f"branches {sums['branchesCovered']:,}/{sums['branches']:,}, "
        f"mutants killed {sums['mutantsKilled']:,}/{sums['mutants']:,}"
    )
    return f"{text}, {sums['maybeEquivalent']:,} maybe equivalent" if sums["maybeEquivalent"] else text


def _block(one: PolicyCoverage, *, most: int) -> Iterator[RenderableType]:
    alive = [item for item in one.survivors if item.example is not None]
    doubtful = [item for item in one.survivors if item.example is None]
    if not (one.missed or one.survivors or one.failing or one.unjudged or one.untried):
        return
    yield Text.assemble(
        (f"\n{printable(one.policy)}", "bold"), (f"  {printable(one.path)}:{one.line}", "dim")
    )
    for note in _notes(one):
        yield Text(f"  {printable(note)}", "yellow")
    yield from _listed("no test takes", [_missed_line(item) for item in one.missed], most)
    yield from _listed("no test notices", [_survivor_line(item) for item in alive], most)
    if most > MOST_TOLD:
        yield from _listed("maybe the same policy", [_survivor_line(item) for item in doubtful], most)
    elif doubtful:
        yield Text(f"  {len(doubtful)} mutants may be the same policy; --detailed lists them", "dim")


def _notes(one: PolicyCoverage) -> Iterator[str]:
    if one.failing:
        yield f"{one.failing} rows of the tests do not hold: mend them first"
    if one.unjudged:
        yield f"not evaluated by this engine: {', '.join(one.unjudged)}"
    if one.untried:
        yield "the policy has more mutants than were tried"


def _listed(title: str, lines: list[RenderableType], most: int) -> Iterator[RenderableType]:
    if lines:
        yield Text(f"  {title}", "bold")
        yield from lines[:most]
        if len(lines) > most:
            yield Text(f"    and {len(lines) - most} more; --detailed lists them", "dim")


def _missed_line(one: Missed) -> RenderableType:
    return Padding(
        Text.assemble((_where(one.place), "dim"), "  ", printable(missed_text(one))),
        (0, 0, 0, 4),
        expand=False,
    )


def _where(place: Place | None) -> str:
    return f"{place.line}:{place.column}" if place else ""


def missed_text(one: Missed) -> str:
    """A branch in one line."""
    if one.what == "rule":
        return f"{one.rule}: the rule"
    return f"{one.rule}: {one.what} {one.text}".rstrip() + f" - {one.side}"


def _survivor_line(one: Survivor) -> RenderableType:
    text = Text.assemble((_where(one.place), "dim"), "  ", printable(f"{one.rule}: {one.what}"))
    line = Padding(text, (0, 0, 0, 4), expand=False)
    if one.example is None:
        return line
    return Group(
        line, Padding(Text(printable(example_text(one.example)), "cyan"), (0, 0, 0, 8), expand=False)
    )


def example_text(example: Example) -> str:
    """A resource that tells a mutant from its policy, in one line."""
    changes = [f"{one['op']} {one['path']}{_value(one)}" for one in example.operations]
    changes += [example.request] if example.request else []
    made = f" with {'; '.join(changes)}" if changes else ""
    return f"{example.resource}{made}: {example.expected}, the mutant says {example.mutated}"


def _value(operation: dict[str, Any]) -> str:
    if "value" not in operation:
        return ""
    text = shown(operation["value"])
    return f" = {text[:LONGEST_VALUE]}{'...' if len(text) > LONGEST_VALUE else ''}"


def render_coverage(report: CoverageReport, format_: str) -> bytes:
    """The report as ``json`` or ``markdown``."""
    if format_ == "json":
        return encode(coverage_document(report))
    return _markdown(report)


def coverage_document(report: CoverageReport) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "summary": {
            "tests": report.tests,
            "policies": len(report.policies),
            "percent": round(report.percent, 2),
            "failingRows": report.failing,
            **report.totals(),
        },
        "policies": [_policy(one) for one in report.policies],
        "problems": [msgspec.to_builtins(problem) for problem in report.problems],
    }


def _policy(one: PolicyCoverage) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(one)
    return {**document, "alive": one.alive, "items": one.items, "covered": one.covered}


def _markdown(report: CoverageReport) -> bytes:
    heading = ("Policy", "Tests", "Rules", "Branches", "Mutants killed", "Covered")
    rows = [(one.policy, *_numbers(one), _percent(one.covered, one.items).plain) for one in report.policies]
    lines = [markdown_table(heading, rows), f"{escaped_text(headline(report))}\n"]
    for one in report.policies:
        alive = [item for item in one.survivors if item.example is not None]
        if not (one.missed or alive):
            continue
        lines.append(f"### {escaped_text(one.policy)}\n")
        lines += [
            f"- {_where(item.place)} no test takes {escaped_text(missed_text(item))}" for item in one.missed
        ]
        lines += [
            f"- {_where(item.place)} no test notices {escaped_text(f'{item.rule}: {item.what}')}"
            f" ({escaped_text(example_text(item.example))})"
            for item in alive
            if item.example is not None
        ]
        lines.append("")
    return "\n".join(lines).encode(errors="replace")
