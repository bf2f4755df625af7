"""Background scans of a real API server: every change is judged again within about a second."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from propolis.app.operator import Operator
from propolis.app.operator_options import OperatorOptions
from propolis.app.operator_telling import Telling
from propolis.core.finding import Finding
from propolis.core.resource import Document, ResourceRef
from tests.harness import scan_policies as policies
from tests.harness.control_plane import ControlPlane

WAIT_SECONDS = 60
LOOK_SECONDS = 0.02
CLOSE_SECONDS = 0.25
"""For connections with TLS that are being closed when the operator has ended."""


class Recorded:
    """A sink that remembers what it was told last."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, str, str], dict[str, str]] = {}

    def put(self, resource: ResourceRef, findings: Sequence[Finding]) -> None:
        key = resource.kind, resource.namespace, resource.name
        self.told[key] = {f"{one.rule.policy}/{one.rule.name}": str(one.outcome) for one in findings}

    def drop(self, resource: ResourceRef) -> None:
        self.told.pop((resource.kind, resource.namespace, resource.name), None)


class Running:
    """An operator on a thread of its own, over policies in a folder that names one namespace."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path) -> None:
        self.plane = plane
        self.namespace = namespace
        self.sink = Recorded()
        self.took: dict[str, float] = {}
        self._folder = folder
        self._exceptions = folder.parent / "exceptions.yaml"
        self._loop = asyncio.new_event_loop()
        self._leave = asyncio.Event()
        self._thread: threading.Thread | None = None
        self.operator: Operator | None = None

    def write(self, *documents: Document) -> None:
        """Puts policies in the place of those that are there."""
        made = self._folder.parent / "made.yaml"
        made.write_text("\n---\n".join(map(json.dumps, documents)))
        made.replace(self._folder / "policies.yaml")

    def exempt(self, document: Document) -> None:
        """Puts an exception in the place of the one that is there."""
        self._exceptions.write_text(json.dumps(document))

    def start(self, *documents: Document, from_cluster: bool = False) -> None:
        self._folder.mkdir()
        self.write(*documents)
        self._exceptions.touch()
        options = OperatorOptions(
            policies=(str(self._folder),),
            exceptions=(str(self._exceptions),),
            from_cluster=from_cluster,
            kubeconfig=self.plane.kubeconfig,
            port=0,
        )
        self.operator = Operator(options, lambda _reader: Telling(sinks=(self.sink,)))
        running = self._run(self.operator)
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(running,))
        self._thread.start()
        self.wait(lambda: self.settled, "first scan")

    async def _run(self, operator: Operator) -> None:
        await operator.run(self._leave)
        await asyncio.sleep(CLOSE_SECONDS)

    @property
    def settled(self) -> bool:
        cluster = self.operator.cluster if self.operator else None
        return cluster is not None and cluster.background.is_settled.is_set()

    def stop(self) -> None:
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._leave.set)
            self._thread.join(WAIT_SECONDS)
            assert not self._thread.is_alive()
        self._loop.close()
        print({name: f"{seconds:.2f} s" for name, seconds in self.took.items()})

    def said(self, kind: str, name: str) -> dict[str, str]:
        return self.sink.told.get((kind, self.namespace, name), {})

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Until something holds; remembers how long it took."""
        begin = time.monotonic()
        while not holds():
            assert time.monotonic() < begin + WAIT_SECONDS, (what, self.sink.told)
            time.sleep(LOOK_SECONDS)
        self.took[what] = time.monotonic() - begin

    def apply(self, *documents: Document) -> None:
        items = [_within(one, self.namespace) for one in documents]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        done = self.plane.kubectl("apply", "--validate=false", "-f", "-", stdin=text)
        assert done.returncode == 0, done.stderr

    def kubectl(self, *arguments: str) -> None:
        done = self.plane.kubectl(*arguments)
        assert done.returncode == 0, done.stderr


def _within(document: Document, namespace: str) -> Document:
    if document["kind"] in ("Namespace", "CustomResourceDefinition") or "Admission" in document["kind"]:
        return document
    return {**document, "metadata": {**document["metadata"], "namespace": namespace}}


def pod(name: str, **labels: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [{"name": "c", "image": "registry.example/web:1"}]},
    }


def config_map(name: str, **data: str) -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


@pytest.fixture
def running(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[Running]:
    found = Running(control_plane, namespace, tmp_path / "policies")
    yield found
    found.stop()


def test_each_change_is_judged_again(running: Running) -> None:
    running.apply(pod("web"), config_map("rules", open="yes"))
    running.start(
        policies.labelled("team"), policies.by_namespace("high"), policies.by_config_map(), policies.by_list()
    )
    begun = {"labelled/has": "fail", "by-config-map/open": "pass", "by-list/few": "pass"}
    assert running.said("Pod", "web") == begun

    running.apply(pod("web", team="shop"))
    running.wait(lambda: running.said("Pod", "web")["labelled/has"] == "pass", "a resource")
    running.apply(config_map("rules", open="no"))
    running.wait(lambda: running.said("Pod", "web")["by-config-map/open"] == "fail", "a ConfigMap")
    running.kubectl("label", "namespace", running.namespace, "level=high")
    running.wait(lambda: running.said("Pod", "web").get("by-namespace/high") == "fail", "a namespace")
    running.apply(pod("two"), pod("three"))
    running.wait(lambda: running.said("Pod", "web")["by-list/few"] == "fail", "a list of pods")
    running.write(policies.labelled("owner"))
    running.wait(lambda: running.said("Pod", "web") == {"labelled/has": "fail"}, "a policy")
    running.exempt(policies.exception("labelled", "has", "web"))
    running.wait(lambda: running.said("Pod", "web") == {"labelled/has": "skip"}, "an exception")
    moment = datetime.now(UTC) + timedelta(seconds=3)  # noqa: TID251  # when something is to change
    running.write(policies.until(moment.isoformat(timespec="seconds")))
    running.wait(lambda: running.said("Pod", "web") == {"until/late": "pass"}, "a policy with a date")
    running.wait(lambda: running.said("Pod", "web") == {"until/late": "fail"}, "a date")
    late = datetime.now(UTC) - moment  # noqa: TID251  # as above
    running.took["a date, after it has passed"] = late.total_seconds()
    running.kubectl("-n", running.namespace, "delete", "pod", "three", "--wait=false", "--grace-period=0")
    running.wait(lambda: ("Pod", running.namespace, "three") not in running.sink.told, "a deletion")


def test_admission_policies_of_the_cluster_are_judged_with_their_parameters(running: Running) -> None:
    name = f"native-{running.namespace}"
    policy, binding = policies.admission_policy(name, "params.data.open == 'yes'")
    only = {"matchLabels": {"kubernetes.io/metadata.name": running.namespace}}
    binding["spec"] |= {"validationActions": ["Audit"], "matchResources": {"namespaceSelector": only}}
    running.apply(pod("web"), config_map("parameters", open="yes"))
    running.start(policies.labelled("team"), from_cluster=True)
    key = f"{name}/"
    try:
        running.apply(policy, binding)
        running.wait(lambda: running.said("Pod", "web").get(key) == "pass", "a policy object")
        running.apply(config_map("parameters", open="no"))
        running.wait(lambda: running.said("Pod", "web").get(key) == "fail", "a parameter")
    finally:
        running.kubectl("delete", "validatingadmissionpolicybinding", f"{name}-everywhere")
        running.kubectl("delete", "validatingadmissionpolicy", name)
    running.wait(lambda: key not in running.said("Pod", "web"), "a policy object that is gone")


def test_a_kind_that_comes_later_is_found(running: Running) -> None:
    group = f"{running.namespace}.example.org"
    rule: dict[str, Any] = {
        "name": "sized",
        "match": {"any": [{"resources": {"kinds": ["Widget"]}}]},
        "validate": {"message": "no size", "pattern": {"spec": {"size": "?*"}}},
    }
    running.start(policies.cluster_policy("widgets", rule))
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
    }
    running.apply(definition)
    running.kubectl("wait", "--for=condition=Established", f"crd/widgets.{group}", "--timeout=20s")
    try:
        running.apply({"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {}})
        running.wait(lambda: running.said("Widget", "w") == {"widgets/sized": "fail"}, "a kind")
    finally:
        running.kubectl("delete", "crd", f"widgets.{group}")
    running.wait(lambda: ("Widget", running.namespace, "w") not in running.sink.told, "a kind that is gone")
