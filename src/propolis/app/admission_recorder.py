"""Records what admission decides, behind its back: no decision waits for the store, or needs one."""

import threading
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from propolis.app.admission_rules import AdmissionRules
from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.finding import Finding
from propolis.core.limits import MEBIBYTE
from propolis.core.resource import ResourceRef
from propolis.policy.engine.admission import Roles
from propolis.policy.engine.admission_record import (
    RecordedPolicy,
    encode_answers,
    encode_policies,
    encode_request,
    outcomes_of,
)
from propolis.policy.engine.told_secrets import secrets_of
from propolis.policy.model.any import AnyPolicy
from propolis.store.database import open_database
from propolis.store.review_rows import Blob, ReviewRow, ReviewWriter, digest_of

MOST_WAITING = 20_000
"""Decisions that wait to be written; more are lost, and counted."""
MOST_WAITING_BYTES = 64 * MEBIBYTE
"""Of the reviews that wait."""
AT_ONCE = 1_000
"""Decisions of one transaction."""
PAUSE_SECONDS = 0.5
"""Between two transactions, so that each has many decisions."""
LONGEST_PAUSE_SECONDS = 30.0
"""Between two trials while the store is down."""
PRUNE_SECONDS = 3600.0
MOST_REMEMBERED = 10_000
"""Requests whose content is known by the bytes in which they came."""


class Decided(msgspec.Struct, frozen=True):
    """A decision to be recorded.

    Attributes:
        uid: Of the request: the one thing in which alike reviews differ.
        body: The review as it came.
        ref: What was judged.
        answers: To look-ups, and the namespace of the object.
    """

    at: datetime
    webhook: str
    chosen: str
    uid: str
    operation: str
    subresource: str
    body: bytes
    ref: ResourceRef
    allowed: bool
    rules: AdmissionRules
    roles: Roles
    answers: Mapping[LookupKey, Answer]
    findings: Sequence[Finding] = ()
    refusing: Sequence[Finding] = ()


class Recorder(Collector):
    """A bounded queue, and a thread that writes what is in it. A collector of its own counts.

    Attributes:
        written: Decisions that were.
        problem: Why the store was not written last; empty when it was.
    """

    def __init__(
        self,
        opened: Callable[[], ReviewWriter],
        kept: timedelta,
        tell: Callable[[str], None],
    ) -> None:
        """Begins at once.

        Args:
            opened: Opens the store; is called again when it could not be. Raises `SourceError`.
            kept: How long decisions are kept.
            tell: Is told when the store breaks, and when it is well again.
        """
        self.written = 0
        self.problem = ""
        self._opened = opened
        self._kept = kept
        self._tell = tell
        self._waiting: deque[Decided] = deque()
        self._lost = 0
        self._taken_bytes = 0
        self._dropped_bytes = 0
        self._wake = threading.Event()
        self._ends = threading.Event()
        self._writer: ReviewWriter | None = None
        self._next_prune = clock.monotonic()
        self._rows = _Rows()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Decisions that are not and will not be recorded."""
        return self._lost + self._rows.unreadable

    @property
    def waiting(self) -> int:
        """Decisions that are not written yet."""
        return len(self._waiting)

    def collect(self) -> Iterator[Metric]:
        """The counts, for the client library."""
        family = CounterMetricFamily(
            "propolis_admission_records", "decisions of admission, by what became of them", labels=("state",)
        )
        family.add_metric(("written",), self.written)
        family.add_metric(("lost",), self.lost)
        yield family
        yield GaugeMetricFamily(
            "propolis_admission_records_waiting", "decisions that are not written yet", self.waiting
        )

    def take(self, decided: Decided) -> None:
        """Records a decision some time later; loses it when too many wait."""
        size = len(decided.body)
        waiting_bytes = self._taken_bytes - self._dropped_bytes
        if len(self._waiting) >= MOST_WAITING or waiting_bytes + size > MOST_WAITING_BYTES:
            self._lost += 1
            return
        self._taken_bytes += size
        self._waiting.append(decided)
        if len(self._waiting) >= AT_ONCE:
            self._wake.set()

    def close(self, seconds: float = 5.0) -> None:
        """Writes what waits, for as long as it may take; what is left then is lost."""
        self._ends.set()
        self._wake.set()
        self._thread.join(seconds)
        self._lost += len(self._waiting)

    def _run(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            if not self._ends.is_set():
                self._wake.wait(pause)
                self._wake.clear()
            is_last = self._ends.is_set()
            pause = PAUSE_SECONDS if self._write_all() else min(2 * pause, LONGEST_PAUSE_SECONDS)
            if pause > PAUSE_SECONDS and not is_last:
                self._ends.wait(pause)
            if is_last:
                return

    def _write_all(self) -> bool:
        """Whether all that waited was written."""
        try:
            self._writer = self._writer or self._opened()
            while batch := self._first():
                self._writer.write(self._rows.of(batch))
                self._drop(batch)
            self._prune(self._writer)
        except Error as error:
            self._broke(str(error))
            return False
        if self.problem:
            self._tell("decisions are recorded again")
        self.problem = ""
        return True

    def _broke(self, told: str) -> None:
        if not self.problem:
            self._tell(f"decisions wait to be recorded: {told}")
        self.problem = told
        self._writer = None

    def _first(self) -> list[Decided]:
        count = min(len(self._waiting), AT_ONCE)
        return [self._waiting[index] for index in range(count)]

    def _drop(self, batch: Sequence[Decided]) -> None:
        for decided in batch:
            self._waiting.popleft()
            self._dropped_bytes += len(decided.body)
        self.written += len(batch)

    def _prune(self, writer: ReviewWriter) -> None:
        if clock.monotonic() >= self._next_prune:
            self._next_prune = clock.monotonic() + PRUNE_SECONDS
            writer.prune(clock.now() - self._kept)


class _Rows:
    """Decisions as rows. Requests that came in the same bytes before are not looked at again.

    Attributes:
        unreadable: Decisions of which no row could be made.
    """

    def __init__(self) -> None:
        self.unreadable = 0
        self._digests: OrderedDict[bytes, bytes] = OrderedDict()
        self._rules: AdmissionRules | None = None
        self._policies = Blob(b"", bytes)

    def of(self, batch: Sequence[Decided]) -> Iterator[ReviewRow]:
        """A row for each that one can be made of."""
        for decided in batch:
            try:
                yield self._row(decided)
            except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
                self.unreadable += 1

    def _row(self, decided: Decided) -> ReviewRow:
        group, _, version = decided.ref.api_version.rpartition("/")
        return ReviewRow(
            at=decided.at,
            webhook=decided.webhook,
            chosen=decided.chosen,
            allowed=decided.allowed,
            operation=decided.operation,
            api_group=group,
            version=version,
            kind=decided.ref.kind,
            outcomes=outcomes_of(decided.findings, decided.refusing, lambda: _secrets(decided.body)),
            request=self._request(decided),
            answers=_blob(encode_answers(decided.answers)) if decided.answers else None,
            policies=self._policies_of(decided.rules),
        )

    def _request(self, decided: Decided) -> Blob:
        more = (decided.ref.kind if decided.subresource else "", *decided.roles)

        def content() -> bytes:
            return encode_request(_REVIEW.decode(decided.body).request, *more)

        came = digest_of(decided.body.replace(decided.uid.encode(), b"", 1), repr(more).encode())
        known = self._digests.get(came)
        if known is None:
            known = self._digests[came] = digest_of(content())
            if len(self._digests) > MOST_REMEMBERED:
                self._digests.popitem(last=False)
        return Blob(known, lambda: zlib.compress(content()))

    def _policies_of(self, rules: AdmissionRules) -> Blob:
        if rules is not self._rules:
            self._rules = rules
            self._policies = _blob(encode_policies(recorded_policies(rules)))
        return self._policies


class _Review(msgspec.Struct, frozen=True):
    request: dict[str, Any]


def _secrets(body: bytes) -> list[str]:
    """What messages about a review must not quote."""
    return secrets_of(_REVIEW.decode(body).request)


_REVIEW = msgspec.json.Decoder(_Review)


def _blob(content: bytes) -> Blob:
    return Blob(digest_of(content), lambda: zlib.compress(content))


def recorded_policies(rules: AdmissionRules) -> set[RecordedPolicy]:
    """What is kept of policies: their names and digests of what they say."""
    everything = rules.sets["all"]
    return {_recorded(one) for one in (*everything.changing, *everything.judging)}


def _recorded(policy: AnyPolicy) -> RecordedPolicy:
    key = f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name
    said: Any = policy.spec
    return RecordedPolicy(key, policy.kind, digest_of(msgspec.json.encode(said)).hex())


def open_recorder(path: Path, days: int, tell: Callable[[str], None]) -> Recorder:
    """A recorder into a store, which may be there later than it."""
    return Recorder(lambda: ReviewWriter(open_database(path)), timedelta(days=days), tell)
