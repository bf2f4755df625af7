"""Recorded requests are decided again: who would have been refused, by which line, against what was then."""

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from propolis.app.admission_metrics import AdmissionMetrics
from propolis.app.admission_recorder import open_recorder
from propolis.app.admission_replay import ReplayInputs, replay
from propolis.app.admission_rules import admission_rules
from propolis.app.admission_service import AdmissionService, World
from propolis.app.progress import silent
from propolis.app.replay_period import moment
from propolis.core import clock
from propolis.core.errors import DocumentError
from propolis.core.evaluation import Answer, LookupKey
from propolis.policy.sources.documents import read_policies
from propolis.reports.render.admission_replay import (
    ReplayReport,
    by_asker,
    by_rule,
    chart_counts,
    replay_document,
)

AUDITED = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: labels}
spec:
  validationFailureAction: ACTION
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate:
        message: say who
        pattern:
          metadata:
            labels:
              team: "?*"
"""
BY_NAMESPACE = """
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: frozen}
spec:
  validationActions: [Audit]
  matchConstraints:
    namespaceSelector: {matchLabels: {frozen: "yes"}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations:
    - expression: "false"
      message: nothing new here
"""
ASKING = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: quota}
spec:
  rules:
    - name: free
      match: {any: [{resources: {kinds: [Pod]}}]}
      context: [{name: settings, configMap: {name: settings, namespace: default}}]
      validate:
        message: closed
        deny: {conditions: {any: [{key: "{{settings.data.open}}", operator: NotEquals, value: "yes"}]}}
"""
CHANGING = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: default-team}
spec:
  rules:
    - name: default
      match: {any: [{resources: {kinds: [Pod]}}]}
      mutate: {patchStrategicMerge: {metadata: {labels: {+(team): nobody}}}}
"""


def review(name: str = "web", labels: dict[str, str] | None = None, **fields: Any) -> bytes:
    metadata = {"name": name, "namespace": "shop", "labels": labels or {}}
    request = {
        "uid": "1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE",
        "name": name,
        "namespace": "shop",
        "userInfo": {"username": "ann"},
        "object": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}},
        **fields,
    }
    return json.dumps(
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    ).encode()


async def answer(key: LookupKey) -> Answer:
    if key.kind == "configmap":
        return Answer({"data": {"open": "no"}}, "1")
    return Answer(error="nobody knows")


def namespace(name: str) -> Answer:
    return Answer({"metadata": {"name": name, "labels": {"frozen": "yes"}}}, "3")


class Recording:
    """An admission service that records into a store."""

    def __init__(self, store: Path, text: str) -> None:
        world = World(answer, lambda _group, _plural: "", lambda _user, _groups: ((), ()), namespace)
        read = read_policies(text.encode(), "policy.yaml")
        assert not read.errors
        self.service = AdmissionService(admission_rules(read.policies), world, AdmissionMetrics())
        self.service.recorder = open_recorder(store, 30, lambda _text: None)

    def ask(self, body: bytes, *webhooks: str) -> bool:
        """Whether all webhooks let it in."""
        for webhook in webhooks or ("mutate", "validate"):
            found = asyncio.run(self.service.review(webhook, "all", body, 10))  # type: ignore[arg-type]
            if not json.loads(found)["response"]["allowed"]:
                return False
        return True


@contextmanager
def recording(store: Path, text: str) -> Iterator[Recording]:
    found = Recording(store, text)
    try:
        yield found
    finally:
        assert found.service.recorder is not None
        found.service.recorder.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def replayed(store: Path, text: str, **more: Any) -> ReplayReport:
    policy = store.parent / "new.yaml"
    policy.write_text(text)
    now = clock.now()
    hour = timedelta(hours=1)
    inputs = ReplayInputs([str(policy)], [], [store], now - hour, now + hour, **more)
    return replay(inputs, io.BytesIO(), silent)


def test_a_request_that_audit_let_in_is_newly_refused_with_the_line(store: Path) -> None:
    audited = AUDITED.replace("ACTION", "Audit")
    with recording(store, audited) as admission:
        assert admission.ask(review())
        assert admission.ask(review("named", {"team": "a"}))
    report = replayed(store, audited)
    [case] = report.cases
    assert (report.requests, report.refused) == (2, {"newly refused": 1})
    assert (case.change, case.user, case.operation, case.resource) == (
        "newly refused",
        "ann",
        "CREATE",
        "Pod shop/web",
    )
    assert (case.then, case.was_allowed, case.was) == ("same", True, "fail")
    assert case.place is not None
    assert (Path(case.place.path).name, case.place.line) == ("new.yaml", 15)


def test_a_policy_that_was_not_there_is_told(store: Path) -> None:
    with recording(store, CHANGING) as admission:
        admission.ask(review(labels={"app": "a"}), "validate")
        admission.ask(review(labels={"app": "a"}), "mutate")
    report = replayed(store, AUDITED.replace("ACTION", "Enforce"))
    assert {one.then for one in report.cases} == {"absent"}


def test_a_policy_with_another_text_is_told(store: Path) -> None:
    with recording(store, AUDITED.replace("ACTION", "Audit").replace("say who", "who?")) as admission:
        admission.ask(review())
    assert [one.then for one in replayed(store, AUDITED.replace("ACTION", "Audit")).cases] == ["other text"]


def test_what_was_refused_stays_or_is_let_in(store: Path) -> None:
    enforced = AUDITED.replace("ACTION", "Enforce")
    with recording(store, enforced) as admission:
        assert not admission.ask(review())
    assert replayed(store, enforced).refused == {"refused as before": 1}
    lenient = enforced.replace('"?*"', '"*"')
    report = replayed(store, lenient.replace("team:", "=(team):"))
    assert report.refused == {"no longer refused": 1}
    assert report.cases[0].was == "fail"


def test_as_it_is_an_audit_refuses_nothing(store: Path) -> None:
    audited = AUDITED.replace("ACTION", "Audit")
    with recording(store, audited) as admission:
        admission.ask(review())
    report = replayed(store, audited, as_is=True)
    assert (report.requests, report.refused) == (1, {})


def test_webhooks_of_one_request_count_once_and_requests_that_repeat_count_each(store: Path) -> None:
    audited = AUDITED.replace("ACTION", "Audit")
    with recording(store, audited + "---" + CHANGING) as admission:
        for _ in range(3):
            assert admission.ask(review())
    report = replayed(store, audited)
    assert report.requests == 3
    [row] = by_asker(report.cases)
    assert (row.count, row.case.resource) == (3, "Pod shop/web")


def test_refused_requests_that_are_tried_again_count_each(store: Path) -> None:
    with recording(store, AUDITED.replace("ACTION", "Enforce")) as admission:
        for _ in range(3):
            assert not admission.ask(review())
    assert replayed(store, AUDITED.replace("ACTION", "Enforce")).refused == {"refused as before": 3}


def test_labels_of_the_namespace_are_those_of_then(store: Path) -> None:
    with recording(store, AUDITED.replace("ACTION", "Audit")) as admission:
        admission.ask(review())
    report = replayed(store, BY_NAMESPACE)
    assert report.refused == {"newly refused": 1}
    assert report.actions == {"frozen": "Audit"}
    assert report.cases[0].message == "nothing new here"
    assert report.cases[0].place is not None
    assert report.cases[0].place.line == BY_NAMESPACE.split("\n").index('    - expression: "false"') + 1


def test_look_ups_are_answered_as_they_were(store: Path) -> None:
    with recording(store, ASKING) as admission:
        admission.ask(review())
    assert replayed(store, ASKING).refused == {"newly refused": 1}


def test_what_was_not_recorded_cannot_be_told(store: Path) -> None:
    with recording(store, AUDITED.replace("ACTION", "Audit")) as admission:
        admission.ask(review())
    report = replayed(store, ASKING)
    assert report.refused == {"cannot tell": 1}
    assert "configmap default settings" in report.cases[0].message


def test_requests_that_a_policy_would_change_are_counted(store: Path) -> None:
    with recording(store, AUDITED.replace("ACTION", "Audit")) as admission:
        admission.ask(review())
        admission.ask(review("named", {"team": "a"}))
    report = replayed(store, CHANGING)
    assert (report.requests, report.changed, report.cases) == (2, 1, ())


def test_kinds_that_nobody_asked_about_are_named(store: Path) -> None:
    with recording(store, AUDITED.replace("ACTION", "Audit")) as admission:
        admission.ask(review())
    report = replayed(store, AUDITED.replace("ACTION", "Audit"))
    assert "Deployment" in report.unseen
    assert "Pod" not in report.unseen
    assert "Service" not in report.unseen


def test_a_store_or_a_policy_that_is_not_there_is_an_error(store: Path, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="there is no store"):
        replayed(tmp_path / "other.db", ASKING)
    with pytest.raises(DocumentError, match="no policy that is for requests"):
        replayed(store, AUDITED.replace("ACTION", "Audit").replace("spec:", "spec:\n  admission: false"))


def test_nothing_recorded_is_said(store: Path) -> None:
    with recording(store, ASKING):
        pass
    report = replayed(store, ASKING)
    assert [one.text for one in report.problems] == ["nothing was recorded in that time"]


def test_the_report_is_told_as_json(store: Path) -> None:
    with recording(store, AUDITED.replace("ACTION", "Audit")) as admission:
        admission.ask(review())
    report = replayed(store, AUDITED.replace("ACTION", "Audit"))
    told = replay_document(report)
    assert (told["summary"]["newlyRefused"], told["summary"]["requests"]) == (1, 1)
    assert told["rules"][0]["place"]["line"] == 15
    assert told["requests"][0]["then"] == {"policy": "same", "allowed": True, "outcome": "fail"}
    assert len(by_rule(report.cases)) == 1


NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14d", NOW - timedelta(days=14)),
        ("36h", NOW - timedelta(hours=36)),
        ("2w", NOW - timedelta(days=14)),
        ("0s", NOW),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T09:30+01:00", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_times_are_ago_or_dates(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "soon", "14", "999999w", "-3d", "2026-13-01"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(DocumentError, match="is no time"):
        moment(text, NOW)


def test_charts_have_all_cases(store: Path) -> None:
    with recording(store, AUDITED.replace("ACTION", "Audit")) as admission:
        for _ in range(4):
            admission.ask(review())
    report = replayed(store, AUDITED.replace("ACTION", "Audit"))
    assert report.first is not None
    assert report.last is not None
    assert sum(chart_counts(report.cases, report.first, report.last)) == 4
