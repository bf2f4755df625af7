"""Decisions are recorded behind the decisions: nothing waits for the store, and what is lost is counted."""

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from propolis.app import admission_recorder
from propolis.app.admission_recorder import Decided, Recorder
from propolis.app.admission_rules import admission_rules
from propolis.core.errors import SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.finding import Finding, Outcome, Rule
from propolis.core.resource import ResourceRef
from propolis.policy.engine.admission_record import decode_answers, decode_policies, decode_request
from propolis.policy.sources.documents import read_policies
from propolis.store.database import Database, open_database
from propolis.store.review_queries import StoredReview, blobs, recorded_reviews
from propolis.store.review_rows import ReviewWriter

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECRET = "aHVudGVyMg=="  # noqa: S105  # what must not be kept
POLICY = b"""
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: labels}
spec:
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Secret]}}]}
      validate: {message: say who, pattern: {metadata: {labels: {team: "?*"}}}}
"""
RULES = admission_rules(read_policies(POLICY, "policy.yaml").policies)
REF = ResourceRef("v1", "Secret", "keys", "shop")
TEAM = Rule("policy", "labels", "team")


def review(uid: str = "1", name: str = "keys", **more: Any) -> bytes:
    metadata = {"name": name, "namespace": "shop", "managedFields": [{"manager": "kubectl"}]}
    request = {
        "uid": uid,
        "kind": {"group": "", "version": "v1", "kind": "Secret"},
        "resource": {"group": "", "version": "v1", "resource": "secrets"},
        "operation": "CREATE",
        "name": name,
        "namespace": "shop",
        "object": {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"key": SECRET}},
        **more,
    }
    return json.dumps(
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    ).encode()


def decided(body: bytes, **more: Any) -> Decided:
    given: dict[str, Any] = {"allowed": True, "answers": {}, "uid": "1", **more}
    return Decided(
        at=NOW,
        webhook="validate",
        chosen="fail",
        operation="CREATE",
        subresource="",
        body=body,
        ref=REF,
        rules=RULES,
        roles=((), ()),
        **given,
    )


@contextmanager
def recording(opened: Callable[[], ReviewWriter], told: list[str] | None = None) -> Iterator[Recorder]:
    recorder = Recorder(opened, 36500 * DAY, (told if told is not None else []).append)
    try:
        yield recorder
    finally:
        recorder.close()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path / "store.db")


def stored(database: Database) -> list[StoredReview]:
    pages = recorded_reviews(database, NOW - DAY, NOW + DAY, [("", "v1", "Secret")])
    return [one for page in pages for one in page]


def body_of(database: Database, number: int | None) -> bytes:
    assert number is not None
    return zlib.decompress(blobs(database, [number])[number])


def test_a_decision_is_found_with_all_that_it_was_made_of(database: Database) -> None:
    failed, passed = Finding(TEAM, REF, Outcome.FAIL, "no"), Finding(TEAM, REF, Outcome.PASS)
    key = LookupKey("namespace", ("shop",))
    with recording(lambda: ReviewWriter(database)) as recorder:
        recorder.take(
            decided(
                review(),
                allowed=False,
                findings=[failed, passed],
                refusing=[failed],
                answers={key: Answer({"metadata": {"labels": {"a": "b"}}}, "7")},
            )
        )
    [found] = stored(database)
    assert (found.allowed, found.outcomes) == (False, [["labels", "team", "fail", True, "no"]])
    assert decode_request(body_of(database, found.request)).parsed().name == "keys"
    assert decode_answers(body_of(database, found.answers))[key].version == "7"
    assert [one.key for one in decode_policies(body_of(database, found.policies))] == ["labels"]
    assert (recorder.written, recorder.lost) == (1, 0)


def test_secrets_and_managed_fields_are_not_kept(database: Database) -> None:
    with recording(lambda: ReviewWriter(database)) as recorder:
        recorder.take(decided(review()))
    [found] = stored(database)
    kept = body_of(database, found.request)
    assert SECRET.encode() not in kept
    assert b"managedFields" not in kept


def test_messages_do_not_quote_secrets(database: Database) -> None:
    failed = Finding(TEAM, REF, Outcome.FAIL, f"the value {SECRET} is hunter2")
    with recording(lambda: ReviewWriter(database)) as recorder:
        recorder.take(decided(review(), findings=[failed]))
    assert stored(database)[0].outcomes[0][4] == "the value [redacted] is [redacted]"


def test_headers_of_calls_are_not_kept(database: Database) -> None:
    key = LookupKey("service-call", ("GET", "https://a", "", '{"Authorization":"Bearer hunter2"}', ""))
    with recording(lambda: ReviewWriter(database)) as recorder:
        recorder.take(decided(review(), answers={key: Answer([1])}))
    [found] = stored(database)
    assert b"hunter2" not in body_of(database, found.answers)


def test_alike_requests_are_stored_once_whatever_their_uid(database: Database) -> None:
    with recording(lambda: ReviewWriter(database)) as recorder:
        for uid in ("a1", "b2", "c3"):
            recorder.take(decided(review(uid), uid=uid))
        recorder.take(decided(review(name="other")))
    assert len({one.request for one in stored(database)}) == 2


def test_one_that_cannot_be_read_does_not_stop_the_others(database: Database) -> None:
    with recording(lambda: ReviewWriter(database)) as recorder:
        for body in (b"{", b'{"request":[]}', review()):
            recorder.take(decided(body))
    assert len(stored(database)) == 1
    assert recorder.lost == 2


def test_a_store_that_is_down_is_written_once_it_is_back(database: Database) -> None:
    is_up, was_asked = threading.Event(), threading.Event()
    told: list[str] = []

    def opened() -> ReviewWriter:
        was_asked.set()
        if not is_up.is_set():
            raise SourceError("write", "store", "it is down", try_again=True)
        return ReviewWriter(database)

    with recording(opened, told) as recorder:
        recorder.take(decided(review()))
        assert was_asked.wait(10)
        is_up.set()
    assert (recorder.written, recorder.lost) == (1, 0)
    assert told == [
        "decisions wait to be recorded: cannot write (store): it is down; try again",
        "decisions are recorded again",
    ]


def test_too_many_that_wait_are_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_recorder, "MOST_WAITING", 3)

    def opened() -> ReviewWriter:
        raise SourceError("write", "store", "it is down", try_again=True)

    with recording(opened) as recorder:
        for _ in range(5):
            recorder.take(decided(review()))
        assert (recorder.waiting, recorder.lost) == (3, 2)
    assert recorder.lost == 5


def test_large_reviews_that_wait_are_bounded_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    body = review()
    monkeypatch.setattr(admission_recorder, "MOST_WAITING_BYTES", 2 * len(body))

    def opened() -> ReviewWriter:
        raise SourceError("write", "store", "it is down", try_again=True)

    with recording(opened) as recorder:
        for _ in range(3):
            recorder.take(decided(body))
        assert recorder.waiting == 2


def test_counts_are_told() -> None:
    with recording(lambda: ReviewWriter(open_database(Path("/dev/null/none")))) as recorder:
        recorder.take(decided(review()))
        found = {sample.name: sample.value for family in recorder.collect() for sample in family.samples}
    assert found["propolis_admission_records_waiting"] == 1
