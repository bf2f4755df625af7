"""What a replay found: who would have been refused by which line, and what was decided then."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from propolis.core.assessment import Problem
from propolis.core.errors import Place

Change = Literal["newly refused", "refused as before", "no longer refused", "cannot tell"]
CHANGES: tuple[Change, ...] = ("newly refused", "refused as before", "no longer refused", "cannot tell")
Then = Literal["absent", "same", "other text"]
"""The policy at the time of the request: not in force, in force as it is, in force with another text."""
BUCKETS = 24
"""Parts of the time for charts."""


class ReplayedCase(msgspec.Struct, frozen=True):
    """One request and one rule that refuses it, or did.

    Attributes:
        at: When it was asked.
        user: Who asked.
        resource: ``Kind namespace/name``; with the prefix of generated names.
        place: The line of the policy that decides; None for a rule that is not there any more.
        then: The policy at that time.
        was_allowed: Whether the request was let in.
        was: What the rule said then; empty for nothing against it.
    """

    at: datetime
    change: Change
    policy: str
    rule: str
    message: str
    user: str
    operation: str
    resource: str
    is_dry_run: bool
    place: Place | None
    then: Then
    was_allowed: bool
    was: str = ""


class ReplayReport(msgspec.Struct, frozen=True):
    """All of a replay.

    Attributes:
        since: The beginning of the time that was asked for.
        first: The first and last request that was replayed; None where there is none.
        requests: How many were replayed.
        changed: How many the policies would change.
        refused: Requests by what becomes of them; one that several rules refuse counts once.
        actions: What each policy says itself of violations.
        unseen: Kinds that policies are for and of which no request was recorded.
    """

    since: datetime
    until: datetime
    policies: int
    requests: int
    changed: int
    refused: dict[Change, int]
    cases: tuple[ReplayedCase, ...]
    actions: dict[str, str]
    first: datetime | None = None
    last: datetime | None = None
    unseen: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def newly(self) -> int:
        """Requests that were let in and would be refused."""
        return self.refused.get("newly refused", 0)


class RuleCases(msgspec.Struct, frozen=True):
    """The cases of one rule and one line."""

    policy: str
    rule: str
    place: Place | None
    cases: tuple[ReplayedCase, ...]

    def count(self, change: Change) -> int:
        """How many there are of a change."""
        return sum(one.change == change for one in self.cases)


def by_rule(cases: Iterable[ReplayedCase]) -> list[RuleCases]:
    """Cases by rule and line, those that refuse most first."""
    found: dict[tuple[str, str, str], list[ReplayedCase]] = {}
    for one in cases:
        found.setdefault((one.policy, one.rule, str(one.place)), []).append(one)
    rows = [
        RuleCases(policy, rule, members[0].place, tuple(members))
        for (policy, rule, _), members in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.count("newly refused"), -len(row.cases), row.policy, row.rule))


class Asker(msgspec.Struct, frozen=True):
    """Alike cases of one asker: the same rule, user, message and past, objects of one kind and namespace.

    Attributes:
        case: The last one.
        names: How many objects there are.
    """

    change: Change
    case: ReplayedCase
    count: int
    names: int
    first: datetime
    last: datetime


def by_asker(cases: Iterable[ReplayedCase]) -> list[Asker]:
    """Cases that differ in time and name alone; what is new first, then the most frequent."""
    found: dict[tuple[str, ...], list[ReplayedCase]] = {}
    for one in cases:
        place = one.resource.rpartition("/")[0]
        what = (one.user, one.operation, place or one.resource, one.then, one.was)
        key = (one.change, one.policy, one.rule, one.message, *what)
        found.setdefault(key, []).append(one)
    rows = [
        Asker(
            members[0].change,
            members[-1],
            len(members),
            len({one.resource for one in members}),
            members[0].at,
            members[-1].at,
        )
        for members in (sorted(group, key=lambda one: one.at) for group in found.values())
    ]
    return sorted(rows, key=lambda row: (CHANGES.index(row.change), -row.count, row.case.resource))


def chart_counts(cases: Iterable[ReplayedCase], first: datetime, last: datetime) -> list[int]:
    """How many cases fall in each of `BUCKETS` equal parts of a time."""
    counts = [0] * BUCKETS
    span = (last - first).total_seconds() or 1.0
    for one in cases:
        part = (one.at - first).total_seconds() / span
        counts[min(max(int(part * BUCKETS), 0), BUCKETS - 1)] += 1
    return counts


def replay_document(report: ReplayReport) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "summary": {
            "since": report.since,
            "until": report.until,
            "firstRequest": report.first,
            "lastRequest": report.last,
            "policies": report.policies,
            "requests": report.requests,
            "changed": report.changed,
            **{_camel(change): report.refused.get(change, 0) for change in CHANGES},
        },
        "statedActions": report.actions,
        "rules": [
            {
                "policy": row.policy,
                "rule": row.rule,
                "place": _place(row.place),
                **{_camel(change): row.count(change) for change in CHANGES},
            }
            for row in by_rule(report.cases)
        ],
        "requests": [_case(one) for one in report.cases],
        "kindsNeverAsked": list(report.unseen),
        "problems": [msgspec.to_builtins(problem) for problem in report.problems],
    }


def _camel(change: str) -> str:
    first, *rest = change.split()
    return first + "".join(word.capitalize() for word in rest)


def _case(one: ReplayedCase) -> dict[str, Any]:
    return {
        "at": one.at,
        "change": one.change,
        "policy": one.policy,
        "rule": one.rule,
        "place": _place(one.place),
        "message": one.message,
        "user": one.user,
        "operation": one.operation,
        "resource": one.resource,
        "dryRun": one.is_dry_run,
        "then": {"policy": one.then, "allowed": one.was_allowed, "outcome": one.was},
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"path": place.path, "line": place.line, "column": place.column}
