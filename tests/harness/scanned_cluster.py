"""A cluster of documents in memory, and a scan over it that is told of changes as a live one would be."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from propolis.cluster.discovery import Served
from propolis.core.evaluation import LookupKey
from propolis.core.finding import Finding
from propolis.core.resource import Document, ResourceRef
from propolis.policy.controllers.concerns import Concern, concern_of
from propolis.policy.controllers.scan import Scan
from propolis.policy.controllers.units import ScanRules, scan_rules
from propolis.policy.engine.object_answers import ObjectAnswers
from propolis.policy.sources.documents import read_policies

Said = tuple[str, str, str, str]
Key = tuple[str, str, str]
"""Kind, namespace, name."""

SERVED = (
    Served("", "v1", "Namespace", "namespaces", is_namespaced=False),
    Served("", "v1", "Pod", "pods"),
    Served("", "v1", "ConfigMap", "configmaps"),
    Served("apps", "v1", "Deployment", "deployments"),
)
BY_KIND = {one.kind: one for one in SERVED}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class RecordingSink:
    """Remembers what it was told last of every resource."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, str, str], list[Said]] = {}
        self.calls = 0

    def put(self, resource: ResourceRef, findings: Sequence[Finding]) -> None:
        self.calls += 1
        key = resource.kind, resource.namespace, resource.name
        said = [(one.rule.policy, one.rule.name, str(one.outcome), one.message) for one in findings]
        self.told[key] = said
        if not said:
            del self.told[key]

    def drop(self, resource: ResourceRef) -> None:
        self.calls += 1
        self.told.pop((resource.kind, resource.namespace, resource.name), None)


class ScannedCluster:
    """Objects and policies, and a scan that has been told of all of them."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.objects: dict[Key, Document] = {}
        self.policies: dict[str, Document] = {}
        self.asked: list[LookupKey] = []
        self._version = 0
        self._begin()

    def _begin(self) -> None:
        self.sink = RecordingSink()
        self.scan = Scan([self.sink], lambda: self.now, self._concern)
        for served in SERVED:
            self.scan.subjects_of(served).keep(set())

    def _concern(self, key: LookupKey) -> Concern | None:
        return concern_of(key, SERVED, {})

    def put(self, document: Document) -> None:
        """An object is there, or is another now."""
        metadata = document["metadata"]
        key = document["kind"], metadata.get("namespace", ""), metadata["name"]
        self._version += 1
        uid = self.objects.get(key, {}).get("metadata", {}).get("uid") or f"uid-{self._version}"
        found = {**document, "metadata": {**metadata, "uid": uid, "resourceVersion": str(self._version)}}
        self.objects[key] = found
        self._tell(key, found)

    def _tell(self, key: Key, document: Document) -> None:
        kind, *place = key
        self.scan.subjects_of(BY_KIND[kind]).put((place[0], place[1]), json.dumps(document).encode())

    def drop(self, kind: str, namespace: str, name: str) -> None:
        """An object is gone."""
        if self.objects.pop((kind, namespace, name), None) is not None:
            self.scan.subjects_of(BY_KIND[kind]).drop((namespace, name))

    def set_policy(self, name: str, document: Document | None) -> None:
        """A policy or exception is there, is another, or is gone."""
        if document is None:
            self.policies.pop(name, None)
        else:
            self.policies[name] = document
        self.scan.take_rules(self._rules(self.scan.rules))

    def _rules(self, before: ScanRules | None) -> ScanRules:
        read = read_policies("\n---\n".join(map(json.dumps, self.policies.values())).encode(), "all")
        assert not read.errors, read.errors
        return scan_rules(read.policies, read.exceptions, read.bindings, before)

    def pass_time(self, seconds: float) -> None:
        """Lets time go by."""
        self.now += timedelta(seconds=seconds)

    def settle(self) -> dict[Key, list[Said]]:
        """Judges all that is due and answers all that is asked; what is told then."""
        while True:
            self.scan.look_at_clock()
            while self.scan.step():
                pass
            keys = self.scan.answers.to_ask(100)
            if not keys:
                assert self.scan.is_done
                return self.sink.told
            self.asked += keys
            source = ObjectAnswers(self.objects.values())
            for key in keys:
                self.scan.answered(key, source.answer(key))

    def fresh(self) -> dict[Key, list[Said]]:
        """What is told by a scan that begins now."""
        other = ScannedCluster()
        other.now, other.objects = self.now, self.objects
        other.scan.take_rules(self._rules(None))
        for key, document in self.objects.items():
            other._tell(key, document)
        return other.settle()
