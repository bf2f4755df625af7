"""What an operator did is told in Kyverno's words and counted under its names."""

from typing import Any

import prometheus_client
from prometheus_client.parser import text_string_to_metric_families

from propolis.app.operator_deeds import Deeds
from propolis.cluster.discovery import Served
from propolis.core.resource import ResourceRef
from propolis.policy.controllers.acting_policies import ActingRule, acting_rules
from propolis.policy.controllers.attempt import Deed
from propolis.policy.controllers.cleaning import Deletion
from propolis.policy.sources.documents import read_policies

POLICIES = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: quota}
spec:
  rules:
    - name: make
      match: {any: [{resources: {kinds: [Namespace]}}]}
      generate: {apiVersion: v1, kind: ConfigMap, name: made, namespace: shop, data: {}}
    - name: mark
      match: {any: [{resources: {kinds: [Namespace]}}]}
      mutate: {targets: [{apiVersion: v1, kind: Secret}], patchStrategicMerge: {metadata: {labels: {a: b}}}}
---
apiVersion: kyverno.io/v2
kind: CleanupPolicy
metadata: {name: old, namespace: shop}
spec: {schedule: "* * * * *", match: {any: [{resources: {kinds: [Pod]}}]}}
---
apiVersion: policies.kyverno.io/v1
kind: DeletingPolicy
metadata: {name: cel}
spec: {schedule: "* * * * *", matchConstraints: {resourceRules: []}, conditions: []}
"""
READ = read_policies(POLICIES.encode(), "p")
TRIGGER = ResourceRef("v1", "Namespace", "shop")
MADE = ResourceRef("v1", "ConfigMap", "made", "shop")
POD = ResourceRef("v1", "Pod", "web", "shop")


class Writer:
    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def tell(
        self, reason: str, regarding: ResourceRef, related: ResourceRef | None, action: str, note: str
    ) -> None:
        self.told.append((reason, str(regarding), str(related or ""), action, note))


class Expired:
    def __init__(self) -> None:
        self.deleted = {("Pod", "shop"): 2}
        self.failed = {("Widget", ""): 1}


def rule(name: str) -> ActingRule:
    return next(one for one in acting_rules(READ.policies).values() if one.owner.rule == name)


def deeds() -> tuple[Deeds, Writer]:
    writer = Writer()
    found = Deeds(lambda: None, Expired, lambda: [Served("", "v1", "Pod", "pods")])  # type: ignore[arg-type]  # doubles
    found.writers = dict.fromkeys(("generate", "mutate", "cleanup"), writer)  # type: ignore[arg-type]
    return found, writer


def counted(found: Deeds) -> set[tuple[str, tuple[str, ...], float]]:
    registry = prometheus_client.CollectorRegistry()
    registry.register(found)
    text = prometheus_client.generate_latest(registry).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.values())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_a_resource_that_was_made_is_told_on_the_policy_and_on_it() -> None:
    found, writer = deeds()
    found.did(Deed(rule("make"), TRIGGER, "Create", MADE))
    found.did(Deed(rule("make"), TRIGGER, "Update", MADE))
    found.did(Deed(rule("make"), TRIGGER, "Delete", MADE))
    found.did(Deed(rule("mark"), TRIGGER, "Patch", MADE))
    generated = (
        "PolicyApplied",
        "ClusterPolicy/quota",
        "shop/ConfigMap/made",
        "Resource Generated",
        "resource generated",
    )
    applied = "Created ConfigMap made as a result of applying policy quota/make"
    assert writer.told == [
        generated,
        ("PolicyApplied", "shop/ConfigMap/made", "", "None", applied),
        generated,
        (
            "PolicyApplied",
            "ClusterPolicy/quota",
            "shop/ConfigMap/made",
            "Resource Mutated",
            "resource mutated",
        ),
    ]
    assert ("propolis_actions_total", ("Create", "done", "make", "quota"), 1.0) in counted(found)


def test_what_could_not_be_done_is_told_with_the_trigger() -> None:
    found, writer = deeds()
    found.did(Deed(rule("make"), TRIGGER, error="no source"))
    note = "policy quota/make error: no source"
    assert writer.told == [("PolicyError", "ClusterPolicy/quota", "Namespace/shop", "None", note)]


def test_deletions_by_schedule_are_told_and_counted() -> None:
    found, writer = deeds()
    (cleanup,) = READ.cleanups
    cel = READ.policies[1]
    found.deleted(Deletion(cleanup, POD, "Foreground"))
    found.deleted(Deletion(cel, POD, "", "403"))  # type: ignore[arg-type]  # a DeletingPolicy
    cleaned = "successfully cleaned up the target resource Pod/shop/web"
    failed = "failed to delete the target resource Pod/shop/web: 403"
    assert writer.told == [
        ("PolicyApplied", "shop/CleanupPolicy/old", "shop/Pod/web", "Resource Cleaned Up", cleaned),
        ("PolicyError", "DeletingPolicy/cel", "shop/Pod/web", "None", failed),
    ]
    counts = counted(found)
    names = ("CleanupPolicy", "Foreground", "Pod", "old", "shop", "shop")
    assert ("kyverno_cleanup_controller_deletedobjects_total", names, 1.0) in counts
    labels = ("", "", "DeletingPolicy", "cel", "pods", "shop")
    assert ("kyverno_deleting_controller_errors_total", labels, 1.0) in counts
    assert ("kyverno_ttl_controller_deletedobjects_total", ("", "pods", "shop", "v1"), 2.0) in counts
    assert ("kyverno_ttl_controller_errors_total", ("", "", "", "Widget"), 1.0) in counts


def test_reasons_that_are_omitted_are_not_told() -> None:
    found, writer = deeds()
    found.omitted = frozenset({"PolicyApplied"})
    found.did(Deed(rule("make"), TRIGGER, "Create", MADE))
    assert writer.told == []
