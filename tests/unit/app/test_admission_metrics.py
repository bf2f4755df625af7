"""Names and labels of metrics as Kyverno 1.19.1 has them, so that dashboards stay as they are."""

import asyncio
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from propolis.app import admission_metrics, admission_tallies
from propolis.app.admission_application import AdmissionApplication
from propolis.app.admission_metrics import AdmissionMetrics
from propolis.app.admission_tallies import Tally
from propolis.core.finding import Finding, Outcome, Rule
from propolis.core.resource import ResourceRef
from tests.harness.asgi import ask
from tests.unit.app.test_admission import CHANGING, ENFORCED, response, review, rules, service

CEL = """
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: named}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  validations: [{expression: "object.metadata.name == 'b'"}]
"""
MUTATING = """
apiVersion: policies.kyverno.io/v1
kind: MutatingPolicy
metadata: {name: labelled}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration: {expression: "Object{metadata: Object.metadata{labels: {'a': 'b'}}}"}
"""
IMAGES = """
apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {name: signed}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
  attestors: [{name: a, cosign: {key: {data: b}}}]
  validations: [{expression: "true"}]
"""
REQUEST = {"resource_kind", "resource_namespace", "resource_request_operation"}
POLICY = {
    "policy_validation_mode",
    "policy_type",
    "policy_background_mode",
    "policy_namespace",
    "policy_name",
}
RULE = {"rule_name", "rule_result", "rule_type", "rule_execution_cause", "dry_run"}
OF_CEL = {"policy_background_mode", "policy_name", "policy_namespace", "execution_cause", "result"}
MODE = {"policy_validation_mode"}
REVIEW = {"resource_kind", "resource_request_operation", "request_allowed", "request_webhook"}
FACTS: dict[str, set[str]] = {
    "kyverno_admission_requests_total": REVIEW | {"resource_namespace"},
    "kyverno_admission_review_duration_seconds_count": REVIEW,
    "kyverno_policy_results_total": POLICY | REQUEST | RULE,
    "kyverno_policy_execution_duration_seconds_count": POLICY | RULE | {"resource_kind"},
    "kyverno_validating_policy_results_total": OF_CEL | REQUEST | MODE,
    "kyverno_validating_policy_execution_duration_seconds_count": OF_CEL | MODE | {"resource_kind"},
    "kyverno_mutating_policy_results_total": OF_CEL | REQUEST,
    "kyverno_mutating_policy_execution_duration_seconds_count": OF_CEL | {"resource_kind"},
    "kyverno_image_validating_policy_results_total": OF_CEL | REQUEST | MODE,
    "kyverno_image_validating_policy_execution_duration_seconds_count": OF_CEL | MODE | {"resource_kind"},
    "kyverno_policy_rule_info_total": POLICY | {"rule_name", "rule_type", "status_ready"},
    "kyverno_policy_changes_total": POLICY | {"policy_change_type"},
    "kyverno_http_requests_total": {"http_method", "http_url"},
    "kyverno_http_requests_duration_seconds_count": {"http_method", "http_url"},
    "kyverno_client_queries_total": {"operation", "client_type", "resource_kind", "resource_namespace"},
    "kyverno_info": {"version"},
}
BOUNDS = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 25, 30}


def samples(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    return found


@pytest.fixture(scope="module")
def counted() -> dict[str, list[tuple[dict[str, str], float]]]:
    judging = service(rules(ENFORCED, CHANGING, CEL, MUTATING, IMAGES))
    for path in ("/validate/fail?timeout=10s", "/mutate/fail", "/mutate/fail/once"):
        response(judging, path)
        response(judging, path, review(dryRun=True))
    judging.metrics.queried("GET", "/api/v1/namespaces/shop/configmaps/a")
    return samples(ask(AdmissionApplication(judging), "/metrics").text)


@pytest.mark.parametrize("name", FACTS)
def test_names_and_labels_are_those_of_kyverno(
    name: str, counted: dict[str, list[tuple[dict[str, str], float]]]
) -> None:
    assert name in counted
    assert {frozenset(labels) for labels, _ in counted[name]} == {frozenset(FACTS[name])}


def test_the_bounds_of_times_are_those_of_kyverno_and_finer_ones() -> None:
    assert set(admission_tallies.BUCKETS) > BOUNDS
    assert all(bound < min(BOUNDS) for bound in set(admission_tallies.BUCKETS) - BOUNDS)


def test_values_of_labels_are_those_of_kyverno(
    counted: dict[str, list[tuple[dict[str, str], float]]],
) -> None:
    own = [(labels, value) for labels, value in counted["kyverno_policy_results_total"]]
    wanted = {
        "policy_validation_mode": "enforce",
        "policy_type": "cluster",
        "policy_background_mode": "true",
        "policy_namespace": "-",
        "policy_name": "team",
        "resource_kind": "ConfigMap",
        "resource_namespace": "shop",
        "resource_request_operation": "create",
        "rule_name": "named",
        "rule_result": "fail",
        "rule_type": "validate",
        "rule_execution_cause": "admission_request",
        "dry_run": "false",
    }
    assert (wanted, 1.0) in own
    assert ({**wanted, "dry_run": "true"}, 1.0) in own
    (cel,) = counted["kyverno_validating_policy_results_total"]
    assert cel == (
        {
            "policy_validation_mode": "Deny",
            "policy_background_mode": "true",
            "policy_name": "named",
            "policy_namespace": "",
            "resource_kind": "ConfigMap",
            "resource_namespace": "shop",
            "resource_request_operation": "create",
            "execution_cause": "admission_request",
            "result": "fail",
        },
        2.0,
    )
    urls = {labels["http_url"] for labels, _ in counted["kyverno_http_requests_total"]}
    assert urls == {"/validate/fail?timeout=10s", "/mutate/fail", "/mutate/fail/once"}
    query = {
        "operation": "get",
        "client_type": "dynamic",
        "resource_kind": "configmaps",
        "resource_namespace": "shop",
    }
    assert counted["kyverno_client_queries_total"] == [(query, 1.0)]


def test_the_parts_of_the_time_of_a_decision_make_up_the_whole(
    counted: dict[str, list[tuple[dict[str, str], float]]],
) -> None:
    results = sum(value for _, value in counted["kyverno_policy_results_total"])
    times = sum(value for _, value in counted["kyverno_policy_execution_duration_seconds_count"])
    seconds = sum(value for _, value in counted["kyverno_policy_execution_duration_seconds_sum"])
    assert results == times == 4
    assert seconds > 0


def test_changes_of_policies_are_counted() -> None:
    metrics = AdmissionMetrics()
    for of in (rules(ENFORCED), rules(ENFORCED.replace("say who", "who")), rules(CHANGING)):
        metrics.take(of)
        metrics.take(of)
    changed = [
        (labels["policy_name"], labels["policy_change_type"], value)
        for labels, value in samples(asyncio.run(metrics.text()).decode())["kyverno_policy_changes_total"]
    ]
    assert sorted(changed) == [
        ("default-team", "created", 1.0),
        ("team", "created", 1.0),
        ("team", "deleted", 1.0),
        ("team", "updated", 1.0),
    ]


def finding(rule: Rule) -> Finding:
    return Finding(
        rule, ResourceRef("v1", "ConfigMap", "a"), Outcome.PASS, "", datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_results_are_kept_when_rules_are_read_again() -> None:
    metrics = AdmissionMetrics()
    for _ in range(3):
        of = rules(ENFORCED)
        metrics.take(of)
        (compiled,) = of.sets["all"].validate.rules
        metrics.judged(("ConfigMap", "shop", "create"), [finding(compiled.rule)], 0.1, dry_run=False)
    ((_, value),) = samples(asyncio.run(metrics.text()).decode())["kyverno_policy_results_total"]
    assert value == 3.0


def test_what_waits_to_be_counted_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_metrics, "MOST_LIVE", 10)
    metrics = AdmissionMetrics()
    of = rules(ENFORCED)
    metrics.take(of)
    (compiled,) = of.sets["all"].validate.rules
    for number in range(100):
        metrics.judged(("ConfigMap", f"n-{number}", "create"), [finding(compiled.rule)], 0.1, dry_run=False)
        assert len(metrics._live) <= 11
    found = samples(asyncio.run(metrics.text()).decode())["kyverno_policy_results_total"]
    assert sum(value for _, value in found) == 100


def test_sets_of_labels_have_a_limit_and_others_count_together() -> None:
    tally = Tally(("a",), most=2)
    for name in "abcda":
        tally.cell((name,)).add(0.1)
    assert {values: cell.count for values, cell in tally.cells.items()} == {
        ("a",): 2,
        ("b",): 1,
        ("other",): 2,
    }
