"""Answers look-ups of policies from a live cluster, while they are applied."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec

from propolis.app.lookups import RANDOM_BYTES
from propolis.app.progress import silent
from propolis.app.service_calls import ServiceCalls
from propolis.cluster.discovery import Served
from propolis.cluster.reader import ClusterReader
from propolis.core.errors import Error, SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.lang.cel.libraries.kubernetes.authorizer import AUTHORIZATION
from propolis.lang.wildcard import matches
from propolis.policy import lookups
from propolis.policy.engine.object_answers import ObjectAnswers, projected
from propolis.policy.model.context import ApiCall
from propolis.policy.model.global_context import GlobalContextEntry

_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_SERVICES = frozenset({lookups.SERVICE_CALL, lookups.HTTP_CALL})

_Arguments = tuple[str, ...]


class LiveLookups:
    """Answers as the API server and services do; what only a registry knows is an error."""

    def __init__(
        self,
        live: ClusterReader,
        entries: Sequence[GlobalContextEntry] = (),
        services: ServiceCalls | None = None,
    ) -> None:
        """Asks one cluster.

        Args:
            live: For the API server.
            entries: Global entries.
            services: For calls beyond it; None where none are made.
        """
        self._live = live
        self._services = services
        self._entries = {entry.name: entry for entry in entries}
        self._ways: dict[str, Callable[[_Arguments], Awaitable[Answer]]] = {
            lookups.NAMESPACE: lambda arguments: self._get(f"/api/v1/namespaces/{_quoted(*arguments)}"),
            lookups.CONFIG_MAP: lambda arguments: self._core("configmaps", *arguments),
            "serviceaccount": lambda arguments: self._core("serviceaccounts", *arguments),
            lookups.API_CALL: self._api_call,
            lookups.RESOURCES: self._resources,
            lookups.RESOURCE_NAME: self._resource_name,
            lookups.GLOBAL_CONTEXT: self._global,
            AUTHORIZATION: self._authorization,
            "random": _random,
        }

    async def answers(self, keys: Iterable[LookupKey]) -> Mapping[LookupKey, Answer]:
        """An answer for every key, all asked at once."""
        wanted = list(keys)
        return dict(zip(wanted, await asyncio.gather(*map(self.answer, wanted)), strict=True))

    async def answer(self, key: LookupKey) -> Answer:
        """The answer for one key; what fails is told in it."""
        if key.kind in _SERVICES and self._services is not None:
            return await self._services.answer(key)
        way = self._ways.get(key.kind)
        if way is None:
            where = "is asked inside of the cluster" if key.kind in _SERVICES else "is not known here"
            return Answer(error=f"look-up {key.kind} {' '.join(key.arguments)[:200]} {where}")
        try:
            return await way(key.arguments)
        except SourceError as error:
            return Answer(error=error.answer)
        except Error as error:
            return Answer(error=str(error))

    async def _core(self, plural: str, namespace: str, name: str) -> Answer:
        return await self._get(f"/api/v1/namespaces/{_quoted(namespace)}/{plural}/{_quoted(name)}")

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        found = await self._live.get(path, query)
        return Answer(found, _version(found))

    async def _api_call(self, arguments: _Arguments) -> Answer:
        """GET or POST; nothing at a path is an error, as Kyverno has it."""
        method, text, *rest = arguments
        parts = urlsplit(text)
        if parts.scheme or parts.netloc or not is_api_path(parts.path):
            return Answer(error=f"{text[:200]!r} is no path of the API server")
        path = quote(unquote(parts.path), safe="/:@")
        if method == "POST":
            return Answer(await self._live.post(path, (rest[0] if rest else "").encode()))
        found = await self._get(path, dict(parse_qsl(parts.query, keep_blank_values=True)))
        return found if found.value is not None else Answer(error=f"{path}: the server has no such thing")

    async def _resources(self, arguments: _Arguments) -> Answer:
        api_version, kind, namespace, *_ = arguments
        kind = kind.partition("/")[0]
        kinds = [
            one
            for one in self._live.served
            if matches(api_version or "*", one.api_version) and matches(kind or "*", one.kind)
        ]
        exact = "" if "*" in namespace or "?" in namespace else namespace
        found = await self._live.list_whole(kinds, exact, silent)
        for problem in found.problems:
            return Answer(error=problem.text)
        documents = [one.document for one in found.resources]
        return ObjectAnswers(documents).answer(LookupKey(lookups.RESOURCES, arguments))

    async def _resource_name(self, arguments: _Arguments) -> Answer:
        api_version, kind = arguments
        found = self._served(api_version.rpartition("/")[0], kind)
        return (
            Answer(error=f"the server has no {kind} of {api_version}") if not found else Answer(found.plural)
        )

    def _served(self, group: str, kind: str) -> Served | None:
        return next((one for one in self._live.served if (one.group, one.kind) == (group, kind)), None)

    async def _global(self, arguments: _Arguments) -> Answer:
        name, projection = arguments
        entry = self._entries.get(name)
        if entry is None:
            return Answer(error=f"no global context entry {name} was given")
        return projected(entry, projection, await self._of_entry(entry))

    async def _of_entry(self, entry: GlobalContextEntry) -> Answer:
        source, call = entry.spec.kubernetes_resource, entry.spec.api_call
        if source is not None:
            kind = Served(source.group or "", source.version, "", source.resource)
            found = await self._get(kind.path_in(source.namespace or ""))
            items = found.value.get("items") if isinstance(found.value, dict) else None
            return Answer(items or [], found.version)
        if call is not None and call.service is not None:
            return await self.answer(_service_key(call))
        if call is None or not call.url_path:
            return Answer(error=f"global context entry {entry.name} names no source")
        return await self._api_call((call.method or "GET", call.url_path))

    async def _authorization(self, arguments: _Arguments) -> Answer:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": access_spec(arguments),
        }
        found = await self._live.post(_REVIEWS, msgspec.json.encode(review))
        status = found.get("status") if isinstance(found, dict) else None
        if not isinstance(status, dict):
            return Answer(error="the answer to a SubjectAccessReview has no status")
        if status.get("evaluationError") and not status.get("allowed"):
            return Answer(error=str(status["evaluationError"]))
        return Answer({"allowed": status.get("allowed") is True, "reason": str(status.get("reason") or "")})


def _service_key(call: ApiCall) -> LookupKey:
    """What a global entry asks of a service; it has no variables."""
    service = call.service
    url, headers = (service.url, service.headers) if service else ("", None)
    written = {one.key: one.value for one in headers or ()}
    data = {one.key: one.value for one in call.data or ()}
    body = msgspec.json.encode(data).decode() if call.method == "POST" else ""
    told = msgspec.json.encode(written).decode() if written else ""
    bundle = (service.ca_bundle if service else "") or ""
    return lookups.service_call_key(call.method or "GET", url, body, told, bundle)


def is_api_path(path: str) -> bool:
    """Whether a path cannot leave where it points: it is absolute, and no part of it is empty or dots."""
    parts = unquote(path).split("/")
    return parts[0] == "" and len(parts) > 1 and not {"", ".", ".."} & set(parts[1:])


def access_spec(arguments: _Arguments) -> dict[str, Any]:
    """What a SubjectAccessReview asks, for the arguments of an `AUTHORIZATION` look-up."""
    user, kind, *rest = arguments
    asker = msgspec.json.decode(user)
    spec: dict[str, Any] = {
        "user": asker.get("username", ""),
        "uid": asker.get("uid", ""),
        "groups": asker.get("groups") or [],
        "extra": asker.get("extra") or {},
    }
    if kind == "path":
        return spec | {"nonResourceAttributes": dict(zip(("path", "verb"), rest, strict=True))}
    names = ("group", "resource", "subresource", "namespace", "name", "verb")
    attributes: dict[str, Any] = dict(zip(names, rest, strict=False))
    for name, selector in zip(("fieldSelector", "labelSelector"), rest[len(names) :], strict=False):
        if selector:
            attributes[name] = {"rawSelector": selector}
    return spec | {"resourceAttributes": attributes}


def _quoted(name: str) -> str:
    """A name as one part of a path, whatever is in it."""
    return quote(name, safe="").replace(".", "%2E") if name in (".", "..") else quote(name, safe="")


def _version(found: Any) -> str:
    metadata = found.get("metadata") if isinstance(found, dict) else None
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else ""


async def _random(_arguments: _Arguments) -> Answer:
    return Answer(secrets.token_hex(RANDOM_BYTES))
