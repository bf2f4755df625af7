"""Answers look-ups of the engines from an inventory: what manifests or a listed cluster can tell."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import msgspec

from propolis.core.evaluation import Answer, LookupKey
from propolis.core.inventory import Inventory
from propolis.core.resource import Resource
from propolis.lang.label_selector import compile_selector
from propolis.lang.wildcard import matches
from propolis.policy.engine.object_answers import ObjectAnswers
from propolis.policy.lookups import API_CALL, GLOBAL_CONTEXT, RESOURCE_NAME
from propolis.policy.model.global_context import GlobalContextEntry

RANDOM_BYTES = 64


class InventoryLookups:
    """Answers from what was observed. Made for one run; answers do not change during it.

    Args:
        inventory: What was observed.
        entries: Global entries, answered from it.
    """

    def __init__(self, inventory: Inventory, entries: Sequence[GlobalContextEntry] = ()) -> None:
        self._inventory = inventory
        self._entries = entries
        self._answers: dict[str, Callable[[tuple[str, ...]], Answer]] = {
            "namespace": self._namespace,
            "configmap": self._configmap,
            "serviceaccount": self._service_account,
            "resources": self._resources,
            "random": _random,
        }

    @cached_property
    def _objects(self) -> ObjectAnswers:
        return ObjectAnswers((resource.document for resource in self._inventory), self._entries)

    def fetch(self, keys: frozenset[LookupKey]) -> Mapping[LookupKey, Answer]:
        """An answer for every key; one that cannot be had without a cluster carries an error."""
        return {key: self._answer(key) for key in keys}

    def _answer(self, key: LookupKey) -> Answer:
        if key.kind in (API_CALL, GLOBAL_CONTEXT, RESOURCE_NAME):
            return self._objects.answer(key)
        answer = self._answers.get(key.kind)
        if answer is None:
            return Answer(error=f"look-up {key.kind} {' '.join(key.arguments)} needs a live cluster")
        return answer(key.arguments)

    def _namespace(self, arguments: tuple[str, ...]) -> Answer:
        """The Namespace object; one that was not observed has the labels that every namespace has."""
        (name,) = arguments
        found = self._inventory.get("Namespace", "", name, group="")
        if found is not None:
            return _answer_of(found)
        labels = self._inventory.namespace_labels(name)
        document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        return Answer(document)

    def _configmap(self, arguments: tuple[str, ...]) -> Answer:
        namespace, name = arguments
        found = self._inventory.get("ConfigMap", namespace, name, group="")
        return Answer() if found is None else _answer_of(found)

    def _service_account(self, arguments: tuple[str, ...]) -> Answer:
        namespace, name = arguments
        found = self._inventory.get("ServiceAccount", namespace, name, group="")
        return Answer() if found is None else _answer_of(found)

    def _resources(self, arguments: tuple[str, ...]) -> Answer:
        """Documents of a kind; empty arguments ask nothing, namespace and name may have wildcards."""
        api_version, kind, namespace, name, selector = arguments
        wanted = compile_selector(msgspec.json.decode(selector)) if selector else None
        found = [
            resource.document
            for resource in (self._inventory.kind(kind) if kind else self._inventory)
            if api_version in ("", resource.ref.api_version)
            and matches(namespace or "*", resource.ref.namespace)
            and matches(name or "*", resource.ref.name)
            and (wanted is None or wanted.matches(resource.labels))
        ]
        return Answer(found)


def _random(arguments: tuple[str, ...]) -> Answer:
    """Random digits for a pattern of the caller's; the same pattern gets the same ones within a run."""
    del arguments
    return Answer(secrets.token_hex(RANDOM_BYTES))


def _answer_of(resource: Resource) -> Answer:
    metadata = resource.document.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    return Answer(resource.document, version if isinstance(version, str) else "")
