"""Which resources an API server serves: aggregated discovery, or the older lists group by group.

Follows kubernetes.io/docs/concepts/overview/kubernetes-api (aggregated discovery, v2 and v2beta1).
Of several versions of a group the one that the server prefers is taken, kind by kind.
"""

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import quote

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.observation import problem_of
from propolis.core.assessment import Problem
from propolis.core.errors import Error, SourceError

JSON = "application/json"
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
_ACCEPT = ",".join((_AGGREGATED.format("v2"), _AGGREGATED.format("v2beta1"), JSON))
_NOT_FOUND = 404


class Served(msgspec.Struct, frozen=True):
    """One kind that the server lists."""

    group: str
    version: str
    kind: str
    plural: str
    is_namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As documents write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def path(self) -> str:
        """Of its list over all namespaces."""
        return f"{_version_path(self.group, self.version)}/{self.plural}"

    def path_in(self, namespace: str) -> str:
        """Of its list in one namespace; over all for an empty one."""
        if not (namespace and self.is_namespaced):
            return self.path
        return (
            f"{_version_path(self.group, self.version)}/namespaces/{quote(namespace, safe='')}/{self.plural}"
        )

    @property
    def name(self) -> str:
        """As kubectl writes it: ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


class _Camel(msgspec.Struct, rename="camel", frozen=True):
    """Named as the API names its fields."""


class _ResponseKind(_Camel, frozen=True):
    kind: str = ""


class _Resource(_Camel, frozen=True):
    resource: str = ""
    scope: str | None = ""
    response_kind: _ResponseKind | None = None
    verbs: tuple[str, ...] | None = None


class _Version(_Camel, frozen=True):
    version: str = ""
    resources: tuple[_Resource, ...] | None = None


class _Metadata(_Camel, frozen=True):
    name: str | None = ""


class _Group(_Camel, frozen=True):
    metadata: _Metadata | None = None
    versions: tuple[_Version, ...] | None = None


class _GroupVersion(_Camel, frozen=True):
    version: str


class _OldGroup(_Camel, frozen=True):
    name: str
    versions: tuple[_GroupVersion, ...] = ()
    preferred_version: _GroupVersion | None = None


class _Lists(_Camel, frozen=True):
    """APIGroupDiscoveryList, or what a server without it answers: APIVersions and APIGroupList."""

    kind: str = ""
    items: tuple[_Group, ...] | None = None
    versions: tuple[str, ...] | None = None
    groups: tuple[_OldGroup, ...] | None = None


class _OldResource(_Camel, frozen=True):
    name: str
    kind: str
    namespaced: bool = True
    verbs: tuple[str, ...] | None = None


class _OldList(_Camel, frozen=True):
    resources: tuple[_OldResource, ...] | None = None


Decoded = TypeVar("Decoded")


async def discover(client: ApiClient) -> tuple[list[Served], list[Problem]]:
    """All kinds that can be listed, and the groups that did not answer.

    Raises:
        SourceError: The server does not answer at all.
    """
    found: dict[tuple[str, str], Served] = {}
    problems: list[Problem] = []
    for path in ("/api", "/apis"):
        lists = await _get(client, path, _ACCEPT, _Lists)
        if lists.kind == "APIGroupDiscoveryList":
            served = list(_aggregated(lists))
        else:
            served = await _one_by_one(client, lists, problems)
        for kind in served:
            found.setdefault((kind.group, kind.kind), kind)
    return list(found.values()), problems


def _aggregated(lists: _Lists) -> Iterator[Served]:
    for group in lists.items or ():
        name = (group.metadata.name if group.metadata else "") or ""
        for version in group.versions or ():
            for resource in version.resources or ():
                if "list" in (resource.verbs or ()) and resource.response_kind:
                    kind = resource.response_kind.kind
                    is_namespaced = resource.scope != "Cluster"
                    yield Served(name, version.version, kind, resource.resource, is_namespaced)


async def _one_by_one(client: ApiClient, lists: _Lists, problems: list[Problem]) -> list[Served]:
    found: list[Served] = []
    for group, version in _group_versions(lists):
        try:
            old = await _get(client, _version_path(group, version), JSON, _OldList)
        except Error as error:
            if not (isinstance(error, RefusedError) and error.status == _NOT_FOUND):
                problems.append(problem_of(error))
            continue
        found += (
            Served(group, version, resource.kind, resource.name, resource.namespaced)
            for resource in old.resources or ()
            if "/" not in resource.name and "list" in (resource.verbs or ())
        )
    return found


def _group_versions(lists: _Lists) -> Iterator[tuple[str, str]]:
    """The preferred version of each group first."""
    for version in lists.versions or ():
        yield "", version
    for group in lists.groups or ():
        preferred = group.preferred_version.version if group.preferred_version else ""
        versions = dict.fromkeys([preferred, *(version.version for version in group.versions)])
        yield from ((group.name, version) for version in versions if version)


def _version_path(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


async def _get(client: ApiClient, path: str, accept: str, kind: type[Decoded]) -> Decoded:
    asked = f"read which kinds are served ({path})"
    body = await client.get(path, asked, accept, {})
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise SourceError(asked, client.server, f"the answer is no such list: {error}") from error
