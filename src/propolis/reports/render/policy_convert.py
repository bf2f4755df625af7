"""What became of policies that were converted: the policies, what is refused and why, counter-examples."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.assessment import Problem
from propolis.core.printable import printable
from propolis.policy.engine.convert.proof import Difference
from propolis.policy.engine.convert.settle import CONVERTED, DIFFERS, REFUSED, UNPROVED, Settled
from propolis.reports.render.encoding import encode
from propolis.reports.render.policy_markdown import escaped_text, markdown_table
from propolis.reports.render.yaml_text import yaml_stream

FORMATS = ("yaml", "json", "markdown")
_ORDER = (CONVERTED, DIFFERS, UNPROVED, REFUSED)


class ConvertReport(msgspec.Struct, frozen=True):
    """Rules and what became of them, and what of the files could not be used."""

    rules: tuple[Settled, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def converted(self) -> tuple[Settled, ...]:
        """Those of which there is a new policy."""
        return tuple(one for one in self.rules if one.status == CONVERTED)

    @property
    def left(self) -> tuple[Settled, ...]:
        """The others."""
        return tuple(one for one in self.rules if one.status != CONVERTED)


def render_conversion(report: ConvertReport, format_: str) -> bytes:
    """The report in a format of `FORMATS`; in YAML the new policies alone."""
    if format_ == "yaml":
        return yaml_stream(document for one in report.converted for document in one.documents)
    if format_ == "json":
        return encode({"rules": [_document(one) for one in report.rules], "totals": totals(report)})
    return _markdown(report).encode()


def totals(report: ConvertReport) -> dict[str, int]:
    """How many rules came out which way."""
    counts = Counter(one.status for one in report.rules)
    return {status: counts[status] for status in _ORDER}


def told(report: ConvertReport) -> Iterator[str]:
    """Lines for people about what has no new policy, and about what the new ones do otherwise."""
    for one in report.rules:
        name = printable(f"{one.policy}/{one.rule}" if one.rule else one.policy)
        if one.status != CONVERTED:
            yield f"{name}: {one.status}: {printable(one.reason)}"
        for remark in one.remarks:
            yield f"{name}: note: {printable(remark)}"
        if one.proof is not None and one.proof.difference is not None:
            yield from _example(one.proof.difference)
    counts = totals(report)
    yield ", ".join(f"{number} {status}" for status, number in counts.items())


def _example(difference: Difference) -> Iterator[str]:
    before, after = difference.before, difference.after
    user = f" by {printable(difference.user)}" if difference.user else ""
    yield f"  {difference.operation}{user}: before {_shown(before)}, after {_shown(after)}"
    for line in yaml_stream([difference.document]).decode().splitlines():
        yield f"  {printable(line)}"


def _shown(verdict: Any) -> str:
    return f"{verdict.says} ({', '.join(verdict.outcomes) or 'no finding'})"


def _document(one: Settled) -> dict[str, Any]:
    found: dict[str, Any] = {
        "policy": one.policy, "path": one.path, "rule": one.rule, "way": one.way, "status": one.status,
    }  # fmt: skip
    if one.reason:
        found["reason"] = one.reason
    if one.remarks:
        found["remarks"] = list(one.remarks)
    if one.documents:
        found["documents"] = list(one.documents)
    if one.proof is not None:
        found["proof"] = {
            "resourcesAtHand": one.proof.at_hand,
            "resourcesAround": one.proof.around,
            "compared": one.proof.counts,
            "expectations": one.rows,
        }
        if one.proof.difference is not None:
            found["counterExample"] = _counter_example(one.proof.difference)
    return found


def _counter_example(difference: Difference) -> dict[str, Any]:
    return {
        "operation": difference.operation,
        "user": difference.user,
        "resource": difference.document,
        "before": msgspec.to_builtins(difference.before),
        "after": msgspec.to_builtins(difference.after),
    }


def _markdown(report: ConvertReport) -> str:
    heading = ("Policy", "Rule", "Way", "Status", "Compared", "Why")
    rows = [
        (one.policy, one.rule, one.way, one.status, _compared(one), one.reason or "; ".join(one.remarks))
        for one in report.rules
    ]
    parts = [markdown_table(heading, rows)]
    parts += [
        _block(one) for one in report.rules if one.proof is not None and one.proof.difference is not None
    ]
    counts = ", ".join(f"{number} {status}" for status, number in totals(report).items())
    return "\n".join([*parts, f"{counts}\n"])


def _compared(one: Settled) -> str:
    return "" if one.proof is None else str(sum(one.proof.counts.values()))


def _block(one: Settled) -> str:
    difference = one.proof.difference if one.proof else None
    if difference is None:
        return ""
    document = yaml_stream([difference.document]).decode().strip()
    fence = "`" * (3 + max((len(run) for run in document.split() if set(run) == {"`"}), default=0))
    name = escaped_text(f"{one.policy}/{one.rule}")
    line = f"{difference.operation}: before {_shown(difference.before)}, after {_shown(difference.after)}"
    return f"{name}: {escaped_text(line)}\n\n{fence}yaml\n{document}\n{fence}\n"
