"""Webhook configurations that follow the policies, written to the API server that is to ask.

A webhook is there only where policies need it. No configuration asks for what a cluster needs to start again:
its own namespace, leases, reviews of tokens and of access, so a cluster that was stopped whole comes up
whatever policies say.
"""

import base64
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from propolis.app.admission_rules import AdmissionRules
from propolis.app.configured_webhooks import (
    API_VERSION,
    MUTATE,
    OF_LABEL,
    PATH,
    PLURALS,
    VALIDATE,
    Configured,
)
from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.core.limits import MEBIBYTE
from propolis.core.resource import Document
from propolis.policy.engine.webhook_conditions import usable
from propolis.policy.engine.webhook_groups import NAME_LABEL, WebhookGroup, merged_selectors
from propolis.policy.engine.webhooks import ANY, ServedKind, WebhookRule, webhook_rules
from propolis.policy.model.kyverno_settings import KyvernoSettings

MOST_BYTES = MEBIBYTE
"""Of one configuration: an object of 1.5 MiB is more than etcd takes."""
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
        name: Of the configurations; where one would be too large, others follow with a number.
        excluded: Namespaces whose objects are not asked about: the server's own.
    """

    authority: bytes
    service: Service | None = None
    url: str = ""
    name: str = "propolis-admission"
    excluded: tuple[str, ...] = ()


def configurations(rules: AdmissionRules, served: Iterable[Served], target: Target) -> tuple[Document, ...]:
    """The configurations of mutating, then of validating webhooks; the first of each may be without any."""
    kinds = [ServedKind(one.group, one.version, one.kind, one.plural) for one in served]
    found: dict[str, list[Document]] = {MUTATE: [], VALIDATE: []}
    for own in rules.webhooks:
        for kind, policies in ((MUTATE, own.changing), (VALIDATE, own.judging)):
            asked = webhook_rules(policies, kinds)
            if asked:
                found[kind].append(_webhook(kind, own.group, asked, target, rules.settings))
    return tuple(
        one for kind, webhooks in found.items() for one in _split(kind, webhooks, target, rules.settings)
    )


def _split(
    kind: str, webhooks: list[Document], target: Target, settings: KyvernoSettings
) -> Iterator[Document]:
    """Configurations of some webhooks, none of them too large."""
    parts: list[list[Document]] = [[]]
    size = 0
    for webhook in webhooks:
        own = len(msgspec.json.encode(webhook))
        if parts[-1] and size + own > MOST_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(webhook)
        size += own
    for number, part in enumerate(parts, 1):
        name = target.name if number == 1 else f"{target.name}-{number}"
        labels = {**settings.webhook_labels, **_MANAGED, OF_LABEL: target.name}
        annotations = {"annotations": settings.webhook_annotations} if settings.webhook_annotations else {}
        metadata = {"name": name, "labels": labels, **annotations}
        yield {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "webhooks": part}


def _webhook(
    kind: str,
    group: WebhookGroup,
    rules: tuple[WebhookRule, ...],
    target: Target,
    settings: KyvernoSettings,
) -> Document:
    verb = "mutate" if kind == MUTATE else "validate"
    scope = "Namespaced" if group.is_namespaced else ANY
    shared = () if group.is_of_cel else usable(settings.conditions)
    conditions = shared if group.conditions is None else group.conditions
    webhook: Document = {
        "name": f"{verb}.propolis.svc-{group.suffix}",
        "clientConfig": client_config(target, f"/{verb}/{group.key}"),
        "rules": [rule.document(scope) for rule in rules],
        "failurePolicy": _FAILURES[group.failure],
        "matchPolicy": "Exact" if group.is_exact else "Equivalent",
        "sideEffects": "NoneOnDryRun" if group.has_effects else "None",
        "timeoutSeconds": group.timeout_seconds,
        "admissionReviewVersions": ["v1"],
        **_selectors(group, target, settings),
    }
    if conditions:
        webhook["matchConditions"] = list(msgspec.to_builtins(conditions))
    if kind == MUTATE:
        webhook["reinvocationPolicy"] = "IfNeeded" if group.is_reinvoked else "Never"
    return webhook


def _selectors(group: WebhookGroup, target: Target, settings: KyvernoSettings) -> Document:
    """What namespaces and objects must have: by settings and policy, and not the server's own."""
    outside = {"key": NAME_LABEL, "operator": "NotIn", "values": list(target.excluded)}
    own = {"matchExpressions": [outside]} if target.excluded else None
    of_settings = settings.webhook
    found = {
        "namespaceSelector": merged_selectors(group.namespace_selector, of_settings.namespace_selector, own),
        "objectSelector": merged_selectors(group.object_selector, of_settings.object_selector),
    }
    return {name: selector for name, selector in found.items() if selector is not None}


def client_config(target: Target, path: str) -> dict[str, Any]:
    """How the API server reaches a path of admission."""
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


async def remove(client: ApiClient, name: str, configured: Collection[Configured]) -> None:
    """Deletes the configurations of a server.

    Raises:
        SourceError: The server refuses or does not answer.
    """
    own = {(one.kind, one.name) for one in configured if one.of == name}
    for kind, found in sorted({*own, (MUTATE, name), (VALIDATE, name)}):
        await client.delete(_path(kind, found), f"delete {kind} {found}")


def _path(kind: str, name: str) -> str:
    return f"{PATH}/{PLURALS[kind]}/{name}"
