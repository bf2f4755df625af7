"""Decisions are told as events: refusals always, successes where the settings say so, trials never."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from propolis.app.admission_events import AdmissionEvents
from propolis.core.resource import ResourceRef
from propolis.policy.model.kyverno_settings import KyvernoSettings
from tests.unit.app.test_admission import ENFORCED, review, rules, service

Told = tuple[str, str, str]


class Writer:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def tell(self, reason: str, regarding: ResourceRef, _related: object, action: str, note: str) -> None:
        assert note
        self.told.append((reason, regarding.kind, action))


def told(
    *bodies: bytes, text: str = ENFORCED, omitted: frozenset[str] = frozenset(), **settings: Any
) -> list[Told]:
    writer = Writer()
    events = AdmissionEvents(writer, omitted)  # type: ignore[arg-type]  # as much of one as is used
    admission = service(rules(text))
    admission.events = events
    admission.rules = msgspec.structs.replace(admission.rules, settings=KyvernoSettings(**settings))

    async def run() -> None:
        for body in bodies:
            json.loads(await admission.review("validate", "all", body, 10))

    asyncio.run(run())
    return writer.told


def test_a_refusal_is_told_on_the_policy() -> None:
    assert told(review()) == [("PolicyViolation", "ClusterPolicy", "Resource Blocked")]


def test_a_violation_that_is_let_in_is_told_on_both() -> None:
    found = told(review(), text=ENFORCED.replace("Enforce", "Audit"))
    assert {kind for _, kind, _ in found} == {"ClusterPolicy", "ConfigMap"}


def test_a_success_is_told_where_the_settings_say_so() -> None:
    good = review(labels={"team": "a"})
    assert told(good) == []
    assert told(good, generates_success_events=True) == [
        ("PolicyApplied", "ClusterPolicy", "Resource Passed")
    ]


@pytest.mark.parametrize("omitted", [frozenset({"PolicyViolation"})])
def test_reasons_that_are_left_out_are_not_told(omitted: frozenset[str]) -> None:
    assert told(review(), omitted=omitted) == []


def test_a_trial_tells_nothing() -> None:
    assert told(review(dryRun=True)) == []
