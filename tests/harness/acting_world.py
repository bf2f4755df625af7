"""A cluster in memory on which rules act: it has versions and uids, and tells of changes as watches do."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from propolis.cluster.discovery import Served
from propolis.cluster.object_writer import ChangedError
from propolis.core.errors import SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document, Origin, Resource, ResourceRef, reference_of
from propolis.lang.json_patch import apply_patch
from propolis.policy.controllers.acting import Acting
from propolis.policy.controllers.acting_policies import Owner
from propolis.policy.controllers.concerns import GroupPlural, concern_of
from propolis.policy.engine.object_answers import ObjectAnswers
from propolis.policy.engine.subject import PolicySubject, UserInfo
from propolis.policy.sources.documents import read_policies

if TYPE_CHECKING:
    from propolis.policy.controllers.attempt import Deed

SERVED = (
    Served("", "v1", "Namespace", "namespaces", is_namespaced=False),
    Served("", "v1", "ConfigMap", "configmaps"),
    Served("", "v1", "Secret", "secrets"),
    Served("", "v1", "Pod", "pods"),
)
BY_KIND = {one.kind: one for one in SERVED}
IDLE_TURNS = 40
"""Turns of the loop without anything to do, after which nothing is on its way any more."""

Key = tuple[str, str, str]
"""Kind, namespace, name."""


class ActingWorld:
    """Objects, policies, and `Acting` over both.

    Attributes:
        writes: What was done to objects, one after the other.
        refuses: Kinds of which nothing is written.
    """

    def __init__(self) -> None:
        self.there: dict[Key, Document] = {}
        self.served: Sequence[Served] = SERVED
        self.writes: list[tuple[str, Key]] = []
        self.refuses: set[str] = set()
        self.deeds: list[Deed] = []
        self.settled: list[tuple[str, str, bool]] = []
        self.policies: dict[str, str] = {}
        self._version = 0
        self._told: set[GroupPlural] = set()
        self.begin()

    def begin(self) -> None:
        """An operator that knows nothing begins."""
        self._told = set()
        self.acting = Acting(self, self._ask, self._concern, self.deeds.append, sleep=_at_once)
        self.acting.settled = lambda *told: self.settled.append(told)
        self.acting.wake = self._follow

    async def _ask(self, keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
        source = ObjectAnswers(self.there.values())
        return {key: source.answer(key) for key in keys}

    def _concern(self, key: LookupKey) -> Any:
        return concern_of(key, SERVED, {})

    def _follow(self) -> None:
        for kind in self.acting.kinds - self._told:
            self._told.add(kind)
            served = next(one for one in SERVED if (one.group, one.plural) == kind)
            for document in list(self.there.values()):
                if document["kind"] == served.kind:
                    self._tell(document)
            self.acting.listed(served)

    def _tell(self, document: Document, *, is_gone: bool = False) -> None:
        served = BY_KIND[document["kind"]]
        if (served.group, served.plural) in self._told:
            labels = None if is_gone else dict(document["metadata"].get("labels") or {})
            self.acting.touched(served, reference_of(document), labels)

    # What people do

    def put(self, document: Document) -> Document:
        """An object is there, or is another now."""
        metadata = document["metadata"]
        key = document["kind"], metadata.get("namespace", ""), metadata["name"]
        there = self.there.get(key)
        self._version += 1
        uid = there["metadata"]["uid"] if there else f"uid-{self._version}"
        text = json.dumps({**document, "metadata": {**metadata, "uid": uid}})
        found: Document = json.loads(text)
        if there and _bare(found) == _bare(there):
            return there
        found["metadata"]["resourceVersion"] = str(self._version)
        self.there[key] = found
        self._tell(found)
        return found

    def drop(self, kind: str, namespace: str, name: str) -> None:
        """An object is gone."""
        found = self.there.pop((kind, namespace, name), None)
        if found is not None:
            self._tell(found, is_gone=True)

    def set_policies(self, **texts: str | None) -> None:
        """Policies are there, are others, or are gone."""
        for name, text in texts.items():
            self.policies.pop(name, None)
            if text:
                self.policies[name] = text
        read = read_policies("\n---\n".join(self.policies.values()).encode(), "all")
        assert not read.errors, read.errors
        self.acting.take(read.policies, read.exceptions)

    def ask(
        self, policy: str, rule: str, document: Document, user: str = "", operation: str = "CREATE"
    ) -> str:
        """A request was let in that a rule is for; the name of what it left."""
        ref = reference_of(document)
        origin = Origin("admission")
        subject = PolicySubject(Resource(ref, document, origin), operation=operation, user=UserInfo(user))
        name = f"ur-{len(self.settled)}-{ref.name}-{operation}"
        self.acting.request(name, Owner(policy, rule), ref, subject)
        return name

    async def settle(self) -> list[tuple[str, Key]]:
        """Lets everything happen; what was written meanwhile."""
        before = len(self.writes)
        running = asyncio.ensure_future(self.acting.run())
        idle = 0
        while idle < IDLE_TURNS and not running.done():
            await asyncio.sleep(0)
            idle = idle + 1 if self.acting.is_idle else 0
        if running.done():
            running.result()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return self.writes[before:]

    # What an API server does

    def _writable(self, what: str, key: Key) -> None:
        if key[0] in self.refuses:
            raise SourceError(f"{what} {key}", "server", "403 forbidden")
        self.writes.append((what, key))

    async def get(self, ref: ResourceRef) -> Document | None:
        await asyncio.sleep(0)
        found = self.there.get((ref.kind, ref.namespace, ref.name))
        return json.loads(json.dumps(found)) if found else None

    async def objects(self, kind: Served, namespace: str) -> Sequence[Resource]:
        await asyncio.sleep(0)
        found = [
            one
            for (of, space, _), one in self.there.items()
            if of == kind.kind and (not namespace or not kind.is_namespaced or space == namespace)
        ]
        return [Resource(reference_of(one), one, Origin("cluster")) for one in found]

    async def labelled(self, kind: Served, label: str) -> Sequence[Resource]:
        return [one for one in await self.objects(kind, "") if label in one.labels]

    async def create(self, document: Document, *, applies: bool = False) -> bool:
        ref = reference_of(document)
        key = ref.kind, ref.namespace, ref.name
        if key in self.there and not applies:
            return False
        self._writable("create", key)
        self.put(document)
        return True

    async def replace(self, document: Document) -> None:
        ref = reference_of(document)
        key = ref.kind, ref.namespace, ref.name
        if key not in self.there:
            raise ChangedError(f"replace {ref}", "server", "it is gone", try_again=True)
        self._writable("replace", key)
        self.put(document)

    async def patch(self, ref: ResourceRef, operations: Sequence[dict[str, Any]], version: str) -> None:
        key = ref.kind, ref.namespace, ref.name
        found = self.there.get(key)
        if found is None or version not in ("", found["metadata"]["resourceVersion"]):
            raise ChangedError(f"patch {ref}", "server", "it is another", try_again=True)
        self._writable("patch", key)
        patched = apply_patch(found, list(operations))
        assert isinstance(patched, dict)
        self.put(patched)

    async def delete(self, ref: ResourceRef, propagation: str = "") -> None:
        del propagation
        key = ref.kind, ref.namespace, ref.name
        found = self.there.get(key)
        if found is not None and ref.uid in ("", found["metadata"]["uid"]):
            self._writable("delete", key)
            self.drop(*key)


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


def _bare(document: Document) -> Document:
    metadata = {key: item for key, item in document["metadata"].items() if key != "resourceVersion"}
    return {**document, "metadata": metadata}


def namespace(name: str, **labels: str) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def config_map(space: str, name: str, labels: Mapping[str, str] | None = None, **data: str) -> Document:
    metadata = {"name": name, "namespace": space, "labels": dict(labels or {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
