"""A store with recorded requests: two weeks of a shop."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from propolis.app.admission_recorder import Decided, Recorder
from propolis.app.admission_rules import AdmissionRules, admission_rules
from propolis.core.resource import ResourceRef
from propolis.policy.engine.admission import request_subject
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.model.admission_review import API_VERSION, KIND, parse_review
from propolis.policy.sources.documents import read_policies
from propolis.store.database import open_database
from propolis.store.review_rows import ReviewWriter

BEGIN = datetime(2026, 11, 1, 8, tzinfo=UTC)
PLURALS = {"Deployment": ("apps", "deployments"), "Job": ("batch", "jobs")}
CI, OPERATOR = "system:serviceaccount:ci:deployer", "system:serviceaccount:shop:nightly"


def record_shop(store: Path, policy: Path) -> None:
    """Records the requests of two weeks, as if a policy had been in force for the second of them."""
    before = admission_rules(())
    after = admission_rules(read_policies(policy.read_bytes(), str(policy)).policies)
    recorder = Recorder(lambda: ReviewWriter(open_database(store)), timedelta(days=36500), lambda _text: None)
    for number, (at, user, document) in enumerate(_requests()):
        in_force = before if at < BEGIN + timedelta(days=7) else after
        recorder.take(_decided(number, at, user, document, in_force))
    recorder.close(60)


def _requests() -> Iterator[tuple[datetime, str, dict[str, Any]]]:
    for day in range(14):
        at = BEGIN + timedelta(days=day)
        for hour, name in enumerate(("cart", "pages", "search")):
            labels = {"owner": "storefront"} if day > 8 or name == "cart" else {}
            contact = {"contact": "storefront@example.org"} if name == "cart" else {}
            yield at + timedelta(hours=hour), CI, _object("Deployment", name, labels, contact)
        yield at + timedelta(hours=15), OPERATOR, _object("Job", "prices-*", {}, {})


def _object(kind: str, name: str, labels: dict[str, str], annotations: dict[str, str]) -> dict[str, Any]:
    group, _ = PLURALS[kind]
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": "shop",
        "labels": labels,
        "annotations": annotations,
    }
    if name.endswith("*"):
        metadata |= {"generateName": name[:-1], "name": f"{name[:-1]}x7k2p"}
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, "spec": {}}


def _decided(
    number: int, at: datetime, user: str, document: dict[str, Any], rules: AdmissionRules
) -> Decided:
    kind, name = document["kind"], document["metadata"]["name"]
    group, plural = PLURALS[kind]
    uid = f"00000000-0000-0000-0000-{number:012}"
    request = {
        "uid": uid,
        "kind": {"group": group, "version": "v1", "kind": kind},
        "resource": {"group": group, "version": "v1", "resource": plural},
        "operation": "CREATE",
        "name": name,
        "namespace": "shop",
        "userInfo": {"username": user},
        "object": document,
    }
    body = json.dumps({"apiVersion": API_VERSION, "kind": KIND, "request": request}).encode()
    subject = request_subject(parse_review(body), lambda _group, _plural: "")
    return Decided(
        at=at,
        webhook="validate",
        chosen="all",
        uid=uid,
        operation="CREATE",
        subresource="",
        body=body,
        ref=ResourceRef(f"{group}/v1", kind, name, "shop"),
        allowed=True,
        rules=rules,
        roles=((), ()),
        answers={},
        findings=evaluate(rules.sets["all"].validate, subject, {}, at).findings,
    )
