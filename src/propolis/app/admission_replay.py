"""Replays recorded requests against policies: who would have been refused, and by which line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from propolis.app.policy_cluster import ClusterTarget, open_cluster
from propolis.app.policy_inputs import PolicyInput, read_policy_input
from propolis.app.progress import Progress
from propolis.app.replay_lines import Lines
from propolis.app.replay_policies import ReplayPolicies, replay_policies
from propolis.app.replay_requests import Replayable, RequestReader
from propolis.app.replay_then import Past
from propolis.app.replay_verdicts import Fetch, Verdict, Verdicts
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError
from propolis.core.finding import Finding
from propolis.policy.engine.admission_record import RecordedOutcome
from propolis.reports.render.admission_replay import Change, ReplayedCase, ReplayReport
from propolis.store.database import Database, open_database
from propolis.store.review_queries import Kind, RecordedKind, recorded_kinds

MOST_CASES = 100_000
"""Cases that a report holds; requests beyond are counted."""
TOLD_EVERY = 200
"""Requests between two steps of the progress."""


class ReplayInputs(msgspec.Struct, frozen=True):
    """What to replay.

    Attributes:
        policies: Files and folders, ``-``, ``pack:NAME``.
        stores: Where decisions were recorded; several for several replicas.
        as_is: Whether failure actions count as the policies have them; everything is enforced else.
        cluster: To ask for what was not recorded, as it is now; None to ask nobody.
    """

    policies: Sequence[str]
    exceptions: Sequence[str]
    stores: Sequence[Path]
    since: datetime
    until: datetime
    as_is: bool = False
    cluster: ClusterTarget | None = None


def replay(inputs: ReplayInputs, stdin: BinaryIO, tell: Progress) -> ReplayReport:
    """Evaluates the policies on every recorded request that they may be for.

    Raises:
        DocumentError: There is no policy that is for requests, or a store is not there.
        SourceError: A store or the cluster cannot be read.
    """
    read = read_policy_input(inputs.policies, inputs.exceptions, stdin)
    policies = replay_policies(read, as_is=inputs.as_is)
    if not policies.policies:
        raise DocumentError(
            "there is no policy that is for requests", expected="policies that judge or change requests"
        )
    with ExitStack() as stack:
        databases = [_existing(path) for path in inputs.stores]
        for database in databases:
            stack.callback(database.close)
        fetch = None
        if inputs.cluster is not None:
            fetch = stack.enter_context(open_cluster(inputs.cluster, tell)).lookups(read.entries)
        return _Replay(inputs, read, policies, fetch, tell).run(databases)


def _existing(path: Path) -> Database:
    if not path.is_file():
        raise DocumentError(
            f"there is no store {path}", expected="the store of an admission server (--store)"
        )
    return open_database(path)


class _Replay:
    """One run over all stores."""

    def __init__(
        self,
        inputs: ReplayInputs,
        read: PolicyInput,
        policies: ReplayPolicies,
        fetch: Fetch | None,
        tell: Progress,
    ) -> None:
        self._inputs = inputs
        self._read = read
        self._policies = policies
        self._fetch = fetch
        self._tell = tell
        self._lines = Lines(policies, read)
        self._cases: list[ReplayedCase] = []
        self._counts: Counter[Change] = Counter()
        self._requests = self._changed = self._untold = self._unreadable = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def run(self, databases: Sequence[Database]) -> ReplayReport:
        """Everything, store by store."""
        seen: list[RecordedKind] = []
        for database in databases:
            kinds = recorded_kinds(database, self._inputs.since, self._inputs.until)
            seen += kinds
            wanted = [one for one in kinds if self._policies.may_be_for(*one.kind)]
            self._store(database, [one.kind for one in wanted], sum(one.reviews for one in wanted))
        return ReplayReport(
            self._inputs.since,
            self._inputs.until,
            len(self._policies.policies),
            self._requests,
            self._changed,
            dict(self._counts),
            tuple(sorted(self._cases, key=lambda one: (one.at, one.policy, one.rule))),
            self._policies.actions,
            self._first,
            self._last,
            tuple(self._policies.unseen(one.kind for one in seen)),
            tuple(self._problems(seen)),
        )

    def _store(self, database: Database, kinds: Sequence[Kind], reviews: int) -> None:
        reader, past = RequestReader(database), Past(database, self._policies)
        verdicts = Verdicts(database, self._policies, self._fetch)
        for request in reader.requests(self._inputs.since, self._inputs.until, kinds):
            self._one(request, verdicts.of(request), past)
            if self._requests % TOLD_EVERY == 0:
                self._tell("Replaying", reader.read, reviews)
        self._unreadable += reader.unreadable
        self._tell("Replaying", reviews, reviews)

    def _one(self, request: Replayable, verdict: Verdict, past: Past) -> None:
        self._requests += 1
        self._changed += verdict.changes
        self._first = min(self._first or request.at, request.at)
        self._last = max(self._last or request.at, request.at)
        changes: set[Change] = set()
        for case in self._cases_of(request, verdict, past):
            changes.add(case.change)
            if len(self._cases) < MOST_CASES:
                self._cases.append(case)
            else:
                self._untold += 1
        self._counts.update(changes)

    def _cases_of(self, request: Replayable, verdict: Verdict, past: Past) -> Iterator[ReplayedCase]:
        before = {(one.policy, one.rule): one for one in request.outcomes}
        for finding in (*verdict.refusing, *verdict.unknown):
            old = before.get((finding.rule.policy, finding.rule.name))
            change: Change = "newly refused" if request.allowed else "refused as before"
            if finding in verdict.unknown:
                change = "cannot tell"
            yield self._case(request, change, finding, verdict, past, old)
        again = {(one.rule.policy, one.rule.name) for one in (*verdict.refusing, *verdict.unknown)}
        for key, old in before.items():
            if old.refuses and key not in again and old.policy in self._policies.keys:
                yield _freed(request, old, past)

    def _case(
        self,
        request: Replayable,
        change: Change,
        finding: Finding,
        verdict: Verdict,
        past: Past,
        old: RecordedOutcome | None,
    ) -> ReplayedCase:
        rule = finding.rule
        return ReplayedCase(
            request.at,
            change,
            rule.policy,
            rule.name,
            finding.message,
            *_about(request),
            self._lines.place(finding, verdict),
            past.then(request.policies, rule.policy),
            request.allowed,
            old.outcome if old else "",
        )

    def _problems(self, seen: Iterable[RecordedKind]) -> Iterator[Problem]:
        yield from self._read.problems
        yield from (Problem("skipped", text) for text in self._policies.left_out)
        if self._unreadable:
            yield Problem("document", f"{self._unreadable:,} recorded reviews cannot be read")
        if self._untold:
            yield Problem("skipped", f"{self._untold:,} more cases are counted and not listed")
        if not list(seen):
            yield Problem("skipped", "nothing was recorded in that time")


def _freed(request: Replayable, old: RecordedOutcome, past: Past) -> ReplayedCase:
    return ReplayedCase(
        request.at,
        "no longer refused",
        old.policy,
        old.rule,
        old.message,
        *_about(request),
        None,
        past.then(request.policies, old.policy),
        request.allowed,
        old.outcome,
    )


def _about(request: Replayable) -> tuple[str, str, str, bool]:
    """User, operation, resource, whether it was a dry run."""
    asked = request.request
    kind = request.recorded.parent or asked.kind.get("kind", "")
    part = f"/{asked.sub_resource}" if asked.sub_resource else ""
    place = f"{asked.namespace}/{_named(request)}" if asked.namespace else _named(request)
    return asked.user_info.username, asked.operation, f"{kind}{part} {place}", bool(asked.dry_run)


def _named(request: Replayable) -> str:
    """The name of an object; of one whose name was made up for it the prefix and ``*``."""
    document = request.request.object or request.request.old_object or {}
    metadata = document.get("metadata")
    prefix = metadata.get("generateName") if isinstance(metadata, dict) else None
    return f"{prefix}*" if isinstance(prefix, str) and prefix else request.request.name
