"""Cases of Kubescape's rules against our findings of the same meaning: alerts are there, or none."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import yaml
import zstandard

from propolis import compliance, network
from propolis.compliance import lookups
from propolis.core.evaluation import Answer, Evaluation, LookupKey, Lookups, complete
from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.network.model.exposure import ExposureLevel
from tests.harness.corpora import Suite, corpora, corpus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUITE = Suite("kubescape", __file__)
MEANINGS: dict[str, set[str]] = {
    "alert-any-hostpath": {"KSV-0023"},
    "anonymous-access-enabled": {"anonymous-access"},
    "automount-default-service-account": {"PROP-0011"},
    "container-hostPort": {"KSV-0024"},
    "containers-mounting-docker-socket": {"KSV-0006"},
    "drop-capability-netraw": {"KSV-0003"},
    "host-network-access": {"KSV-0009"},
    "pod-security-admission-applied-1": {"PROP-0009"},
    "pod-security-admission-baseline-applied-1": {"PROP-0009"},
    "pods-in-default-namespace": {"KSV-0110"},
    "resources-cpu-limit-and-request": {"KSV-0011", "KSV-0015"},
    "resources-cpu-limits": {"KSV-0011"},
    "resources-cpu-requests": {"KSV-0015"},
    "resources-memory-limit-and-request": {"KSV-0016", "KSV-0018"},
    "resources-memory-limits": {"KSV-0018"},
    "resources-memory-requests": {"KSV-0016"},
    "rule-allow-privilege-escalation": {"KSV-0001"},
    "rule-can-access-proxy-subresource": {"nodes-proxy"},
    "rule-can-create-pod": {"assign-service-account", "obtain-token"},
    "rule-can-create-service-account-token": {"token-request", "obtain-token", "everything"},
    "rule-can-list-get-secrets-v1": {"retrieve-token-secrets", "list-secrets", "read-secrets"},
    "rule-credentials-configmap": {"KSV-0109"},
    "rule-credentials-in-env-var": {"PROP-0003"},
    "rule-privileged-container": {"KSV-0005", "KSV-0017"},
    "set-hostprocess-true": {"KSV-0103"},
    "set-seccomp-profile-RuntimeDefault": {"KSV-0030"},
}
"""Our rules that say what a rule of Kubescape says; any of them open is an alert."""


def _cases() -> list[Document]:
    path = corpora() / "kubescape" / "cases.jsonl.zst"
    if not path.exists():
        return []
    with zstandard.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


CASES = [case for case in _cases() if case["rule"] in MEANINGS]
EXPOSURE = [
    case
    for case in _cases()
    if case["rule"] in ("exposure-to-internet", "exposure-to-internet-via-gateway-api")
]


def _named(cases: list[Document]) -> list[object]:
    return [pytest.param(case, id=f"{case['rule']}/{case['case']}") for case in cases]


def _inventory(case: Document) -> Inventory:
    parsed = [one for text in case["inputs"].values() for one in yaml.safe_load_all(text)]
    documents = [item for one in parsed if isinstance(one, dict) for item in one.get("items") or [one]]
    return Inventory(Resource(reference_of(one), one, Origin(case["rule"])) for one in documents)


def _open_rules(inventory: Inventory) -> set[str]:
    checks = compliance.checks()

    def fetch(keys: frozenset[LookupKey]) -> dict[LookupKey, Answer]:
        return {key: lookups.answer(key, inventory) for key in keys}

    found = list(compliance.rbac.evaluate(compliance.rbac_rules(), inventory, {}, NOW).findings)
    for one in inventory:
        found += complete(_audit(checks, one), {}, fetch).findings
    return {finding.rule.name for finding in found if finding.is_open}


def _audit(checks: compliance.CheckSet, subject: Resource) -> Callable[[Lookups], Evaluation]:
    return lambda answers: compliance.config_audit.evaluate(checks, subject, answers, NOW)


def _settle(case: Document, *, has_alerts: bool) -> None:
    is_right = has_alerts == bool(case["expected"])
    SUITE.settle(f"{case['rule']}/{case['case']}", is_right=is_right, why=f"alerts: {has_alerts}")


def test_the_corpus_is_there() -> None:
    corpus("kubescape")
    assert set(MEANINGS) == {case["rule"] for case in CASES}
    assert EXPOSURE


@pytest.mark.parametrize("case", _named(CASES))
def test_alerts_are_there_or_none(case: Document) -> None:
    _settle(case, has_alerts=bool(MEANINGS[case["rule"]] & _open_rules(_inventory(case))))


@pytest.mark.parametrize("case", _named(EXPOSURE))
def test_a_workload_is_exposed_or_not(case: Document) -> None:
    found = network.exposure(_inventory(case)).values()
    _settle(case, has_alerts=any(one.level is ExposureLevel.INTERNET for one in found))
