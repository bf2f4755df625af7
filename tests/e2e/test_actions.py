"""Admission and operator on a real API server: resources are generated, kept, changed and cleaned up."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from propolis.core.resource import Document
from tests.harness.acting_operator import ActingOperator, applied
from tests.harness.admission import Admission
from tests.harness.control_plane import ControlPlane

WAIT_SECONDS = 30
LOOK_SECONDS = 0.05
TRIGGER = {"team": "*"}
DENY: Document = {"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}


class Acting:
    """An admission server and an operator over policies for one namespace, and the API server between."""

    def __init__(self, admission: Admission, plane: ControlPlane, namespace: str) -> None:
        self.admission = admission
        self.plane = plane
        self.namespace = namespace
        self.operator = ActingOperator(plane, namespace)
        self.took: dict[str, float] = {}

    def start(self, *policies: Document) -> None:
        self.admission.start(*policies, more=("--namespace", self.namespace))
        self.operator.start("--policies", str(self.admission.folder))
        webhooks = ("get", "validatingwebhookconfiguration", "-o", "name")
        self.wait(lambda: self.admission.name in self.plane.kubectl(*webhooks).stdout, "webhooks")

    def stop(self) -> None:
        self.operator.stop()
        print({what: f"{seconds:.2f} s" for what, seconds in self.took.items()})

    def get(self, kind: str, name: str, namespace: str = "") -> Document | None:
        where = ("-n", namespace or self.namespace)
        found = self.plane.kubectl("get", kind, name, *where, "-o", "json", "--ignore-not-found")
        return json.loads(found.stdout) if found.stdout.strip() else None

    def wait(self, holds: Callable[[], Any], what: str) -> None:
        """Until something holds; remembers how long it took."""
        begin = time.monotonic()
        while not holds():
            assert time.monotonic() < begin + WAIT_SECONDS, (what, self.operator.told[-10:])
            time.sleep(LOOK_SECONDS)
        self.took[what] = time.monotonic() - begin

    def kubectl(self, *arguments: str) -> None:
        done = self.plane.kubectl("-n", self.namespace, *arguments)
        assert done.returncode == 0, done.stderr

    def apply(self, document: Document, *more: str) -> None:
        applied(self.plane, [document], "-n", self.namespace, *more)

    def policy(self, name: str, *rules: Document, **spec: Any) -> Document:
        """A policy for ConfigMaps with a team in the namespace of the test."""
        within = {
            "kinds": ["ConfigMap"],
            "namespaces": [self.namespace],
            "selector": {"matchLabels": TRIGGER},
        }
        matching = [{"match": {"any": [{"resources": within}]}, **rule} for rule in rules]
        metadata = {"name": f"{name}-{self.namespace}"}
        return {
            "apiVersion": "kyverno.io/v1",
            "kind": "ClusterPolicy",
            "metadata": metadata,
            "spec": {"rules": matching, **spec},
        }

    def generating(self, name: str, kind: str, **fields: Any) -> Document:
        api = "networking.k8s.io/v1" if kind == "NetworkPolicy" else "v1"
        made = {"apiVersion": api, "kind": kind, "name": name, "namespace": self.namespace}
        return {"name": name, "generate": {**made, "synchronize": True, **fields}}


def trigger(name: str, team: str | None = "red") -> Document:
    labels = {"team": team} if team else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels},
        "data": {"of": team or "nobody"},
    }


@pytest.fixture
def acting(admission: Admission, served_kinds: ControlPlane, namespace: str) -> Iterator[Acting]:
    found = Acting(admission, served_kinds, namespace)
    yield found
    found.stop()


def test_what_a_rule_generates_comes_stays_and_goes(acting: Acting) -> None:
    data = {
        "data": {"team": "{{request.object.metadata.labels.team}}", "by": "{{request.userInfo.username}}"}
    }
    acting.start(
        acting.policy(
            "make",
            acting.generating("deny", "NetworkPolicy", data=DENY),
            acting.generating("made", "ConfigMap", data=data),
        )
    )
    acting.apply(trigger("web"), "--as", "eva", "--as-group", "system:masters")
    acting.wait(lambda: acting.get("networkpolicy", "deny") and acting.get("configmap", "made"), "made")
    made = acting.get("configmap", "made")
    assert made is not None
    assert made["data"] == {"team": "red", "by": "eva"}
    acting.wait(
        lambda: not acting.plane.kubectl("get", "ur", "-n", acting.namespace, "-o", "name").stdout, "done"
    )

    acting.kubectl("delete", "networkpolicy", "deny")
    acting.wait(lambda: acting.get("networkpolicy", "deny"), "brought back after its deletion")
    acting.kubectl("patch", "configmap", "made", "--type=merge", "-p", '{"data": {"team": "mine"}}')
    acting.wait(lambda: (acting.get("configmap", "made") or made)["data"]["team"] == "red", "changed back")
    acting.kubectl("label", "configmap", "web", "team=blue", "--overwrite")
    acting.wait(lambda: (acting.get("configmap", "made") or made)["data"]["team"] == "blue", "carried over")
    acting.kubectl("label", "configmap", "web", "team-")
    acting.wait(lambda: not acting.get("networkpolicy", "deny"), "gone: the rule is not for it")
    acting.apply(trigger("web"))
    acting.wait(lambda: acting.get("networkpolicy", "deny"), "made again")
    acting.kubectl("delete", "configmap", "web")
    acting.wait(lambda: not acting.get("networkpolicy", "deny"), "gone with its trigger")
    assert "propolis_actions_total" in acting.operator.metrics()


def test_a_copy_follows_its_source_and_what_happened_meanwhile_is_made_good(acting: Acting) -> None:
    source = {"namespace": acting.namespace, "name": "source"}
    copy = acting.generating("{{request.object.metadata.name}}-copy", "Secret", clone=source)
    rule = {**copy, "name": "copy"}
    acting.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "source"}, "stringData": {"a": "1"}}
    )
    acting.start(acting.policy("copy", rule))
    for name in ("one", "two"):
        acting.apply(trigger(name))
    acting.wait(lambda: acting.get("secret", "one-copy") and acting.get("secret", "two-copy"), "copied")
    changed = '{"stringData": {"a": "2"}}'
    acting.kubectl("patch", "secret", "source", "--type=merge", "-p", changed)
    acting.wait(lambda: _value(acting.get("secret", "one-copy")) == "Mg==", "source carried over")

    acting.operator.stop()
    acting.kubectl("delete", "configmap", "two")
    acting.kubectl("patch", "secret", "one-copy", "--type=merge", "-p", '{"stringData": {"a": "mine"}}')
    acting.operator.start("--policies", str(acting.admission.folder))
    acting.wait(lambda: not acting.get("secret", "two-copy"), "gone while nobody looked")
    acting.wait(lambda: _value(acting.get("secret", "one-copy")) == "Mg==", "changed while nobody looked")
    acting.kubectl("delete", "secret", "source")
    acting.wait(lambda: not acting.get("secret", "one-copy"), "gone with its source")


def _value(secret: Document | None) -> Any:
    return secret["data"]["a"] if secret else None


def test_policies_act_on_what_is_there_and_take_along_what_they_made(acting: Acting) -> None:
    acting.apply(trigger("web"))
    acting.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "target"}, "stringData": {"a": "1"}}
    )
    target = {"apiVersion": "v1", "kind": "Secret", "name": "target", "namespace": acting.namespace}
    label = {"metadata": {"labels": {"marked": "{{request.object.metadata.name}}"}}}
    mark = {"name": "mark", "mutate": {"targets": [target], "patchStrategicMerge": label}}
    existing = acting.policy("mark", mark, mutateExistingOnPolicyUpdate=True)
    make = acting.policy("make", acting.generating("deny", "NetworkPolicy", data=DENY), generateExisting=True)
    acting.start(existing, make)
    acting.wait(lambda: _label(acting.get("secret", "target")) == "web", "changed by a policy that came")
    acting.wait(lambda: acting.get("networkpolicy", "deny"), "made by a policy that came")
    acting.apply(trigger("other"))
    acting.wait(lambda: _label(acting.get("secret", "target")) == "other", "changed by a request")
    acting.admission.write(existing)
    acting.wait(lambda: not acting.get("networkpolicy", "deny"), "gone with its policy")
    events = acting.plane.kubectl("get", "events.events.k8s.io", "-A", "-o", "json").stdout
    told = [
        one for one in json.loads(events)["items"] if one["regarding"]["name"] == existing["metadata"]["name"]
    ]
    assert {one["reason"] for one in told} == {"PolicyApplied"}


def _label(document: Document | None) -> Any:
    return (document or {}).get("metadata", {}).get("labels", {}).get("marked")


def test_a_generating_policy_in_cel_keeps_what_it_makes(acting: Acting) -> None:
    made = (
        '[{"apiVersion": dyn("v1"), "kind": dyn("ConfigMap"), "metadata": dyn({"name": "cel-made"}), '
        '"data": dyn({"team": object.metadata.labels.team})}]'
    )
    rules = [
        {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["configmaps"],
        }
    ]
    constraints = {
        "resourceRules": rules,
        "objectSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": acting.namespace}},
    }
    document = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "GeneratingPolicy",
        "metadata": {"name": f"cel-{acting.namespace}"},
        "spec": {
            "evaluation": {"synchronize": {"enabled": True}},
            "matchConstraints": constraints,
            "variables": [{"name": "made", "expression": made}],
            "generate": [{"expression": "generator.Apply(object.metadata.namespace, variables.made)"}],
        },
    }
    acting.start(document)
    acting.apply(trigger("web"))
    acting.wait(lambda: acting.get("configmap", "cel-made"), "made")
    acting.kubectl("delete", "configmap", "cel-made")
    acting.wait(lambda: acting.get("configmap", "cel-made"), "brought back")
    acting.kubectl("delete", "configmap", "web")
    acting.wait(lambda: not acting.get("configmap", "cel-made"), "gone with its trigger")


def test_objects_are_cleaned_up_when_their_time_comes(served_kinds: ControlPlane, namespace: str) -> None:
    operator = ActingOperator(served_kinds, namespace)
    acting = Acting(Admission.__new__(Admission), served_kinds, namespace)
    acting.operator = operator
    policy = {
        "apiVersion": "kyverno.io/v2",
        "kind": "CleanupPolicy",
        "metadata": {"name": "old"},
        "spec": {
            "schedule": "* * * * *",
            "match": {
                "any": [{"resources": {"kinds": ["ConfigMap"], "selector": {"matchLabels": {"old": "yes"}}}}]
            },
        },
    }
    soon = {"name": "soon", "labels": {"cleanup.kyverno.io/ttl": "2s"}}
    old = {"name": "old", "labels": {"old": "yes"}}
    acting.apply(policy)
    past = '{"status": {"lastExecutionTime": "2020-01-01T00:00:00Z"}}'
    acting.kubectl("patch", "cleanuppolicy", "old", "--type=merge", "--subresource=status", "-p", past)
    for metadata in (soon, old, {"name": "kept"}):
        acting.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    operator.start("--from-cluster")
    try:
        acting.wait(lambda: not acting.get("configmap", "old"), "cleaned up by schedule")
        acting.wait(lambda: not acting.get("configmap", "soon"), "gone at its end")
        assert acting.get("configmap", "kept")
        acting.wait(
            lambda: (acting.get("cleanuppolicy", "old") or {})["status"]["lastExecutionTime"][:4] != "2020",
            "its time written",
        )
        told = operator.metrics()
        assert "kyverno_cleanup_controller_deletedobjects_total{" in told
        assert "kyverno_ttl_controller_deletedobjects_total{" in told
    finally:
        acting.stop()
