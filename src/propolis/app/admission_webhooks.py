"""Webhook configurations that follow the policies, written to the API server that is to ask.

A webhook is there only where policies need it. No configuration asks for what a cluster needs to start again:
its own namespace, leases, reviews of tokens and of access, so a cluster that was stopped whole comes up
whatever policies say.
"""

import base64
from collections.abc import Iterable
from typing import Any

import msgspec

from propolis.app.admission_rules import FAILURE_POLICIES, AdmissionRules, FailurePolicy
from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.core.resource import Document
from propolis.policy.engine.webhooks import ServedKind, WebhookRule, webhook_rules

API_VERSION = "admissionregistration.k8s.io/v1"
PATH = f"/apis/{API_VERSION}"
NAME_LABEL = "kubernetes.io/metadata.name"
_MANAGED = {"app.kubernetes.io/managed-by": "propolis"}
_FAILURES = {"fail": "Fail", "ignore": "Ignore"}


class Service(msgspec.Struct, frozen=True):
    """A Service of the cluster that leads to admission."""

    namespace: str
    name: str
    port: int = 443


class Target(msgspec.Struct, frozen=True):
    """How an API server reaches admission.

    Attributes:
        service: In the cluster; else ``url``.
        url: ``https://host:port``, without a path.
        authority: By which the server is known, as PEM.
        name: Of both configurations.
        excluded: Namespaces whose objects are not asked about: the server's own.
    """

    authority: bytes
    service: Service | None = None
    url: str = ""
    name: str = "propolis-admission"
    excluded: tuple[str, ...] = ()


_MUTATE, _VALIDATE = "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"
_PLURALS = {_MUTATE: "mutatingwebhookconfigurations", _VALIDATE: "validatingwebhookconfigurations"}


def configurations(
    rules: AdmissionRules, served: Iterable[Served], target: Target
) -> tuple[Document, Document]:
    """The configuration of mutating and that of validating webhooks; each may be without any."""
    kinds = [ServedKind(one.group, one.version, one.kind, one.plural) for one in served]
    found: dict[str, list[Document]] = {_MUTATE: [], _VALIDATE: []}
    for failure in FAILURE_POLICIES:
        own = rules.sets[failure]
        for kind, policies in ((_MUTATE, own.changing), (_VALIDATE, own.judging)):
            asked = webhook_rules(policies, kinds)
            if asked:
                found[kind].append(_webhook(kind, failure, asked, rules.timeout_seconds, target))
    return _configuration(_MUTATE, found[_MUTATE], target), _configuration(
        _VALIDATE, found[_VALIDATE], target
    )


def _configuration(kind: str, webhooks: list[Document], target: Target) -> Document:
    metadata = {"name": target.name, "labels": _MANAGED}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "webhooks": webhooks}


def _webhook(
    kind: str, failure: FailurePolicy, rules: tuple[WebhookRule, ...], timeout_seconds: int, target: Target
) -> Document:
    verb = "mutate" if kind == _MUTATE else "validate"
    webhook: Document = {
        "name": f"{verb}.propolis.svc-{failure}",
        "clientConfig": _client(target, f"/{verb}/{failure}"),
        "rules": [rule.document() for rule in rules],
        "failurePolicy": _FAILURES[failure],
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": timeout_seconds,
        "admissionReviewVersions": ["v1"],
    }
    if target.excluded:
        outside = {"key": NAME_LABEL, "operator": "NotIn", "values": list(target.excluded)}
        webhook["namespaceSelector"] = {"matchExpressions": [outside]}
    if kind == _MUTATE:
        webhook["reinvocationPolicy"] = "IfNeeded"
    return webhook


def _client(target: Target, path: str) -> dict[str, Any]:
    bundle = {"caBundle": base64.b64encode(target.authority).decode()}
    service = target.service
    if service is None:
        return {**bundle, "url": f"{target.url}{path}"}
    place = {"namespace": service.namespace, "name": service.name, "port": service.port, "path": path}
    return {**bundle, "service": place}


async def write(client: ApiClient, documents: Iterable[Document]) -> None:
    """Writes configurations; those without webhooks are deleted.

    Raises:
        SourceError: The server refuses or does not answer.
    """
    for document in documents:
        path = _path(document["kind"], document["metadata"]["name"])
        asked = f"write {document['kind']} {document['metadata']['name']}"
        if document["webhooks"]:
            await client.apply(path, asked, msgspec.json.encode(document))
        else:
            await client.delete(path, asked)


async def remove(client: ApiClient, name: str) -> None:
    """Deletes both configurations.

    Raises:
        SourceError: The server refuses or does not answer.
    """
    for kind in _PLURALS:
        await client.delete(_path(kind, name), f"delete {kind} {name}")


def _path(kind: str, name: str) -> str:
    return f"{PATH}/{_PLURALS[kind]}/{name}"
