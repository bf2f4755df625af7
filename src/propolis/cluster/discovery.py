"""Which resources an API server serves: aggregated discovery, or the older lists group by group.

Follows kubernetes.io/docs/concepts/overview/kubernetes-api (aggregated discovery, v2 and v2beta1).
Of several versions of a group the one that the server prefers is taken, kind by kind.
"""

from collections.abc import Iterable, Iterator
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


Name = tuple[str, str, str, str]
"""Group, version, kind and subresource of something that is served; the last is empty for the kind itself."""


class Discovered(msgspec.Struct, frozen=True):
    """What an API server serves.

    Attributes:
        served: All kinds that can be listed.
        names: Everything that requests can be about: kinds that cannot be listed and subresources too.
        problems: Groups that did not answer.
    """

    served: tuple[Served, ...]
    names: frozenset[Name]
    problems: tuple[Problem, ...]


class _Camel(msgspec.Struct, rename="camel", frozen=True):
    """Named as the API names its fields."""


class _ResponseKind(_Camel, frozen=True):
    kind: str = ""


class _Subresource(_Camel, frozen=True):
    subresource: str = ""


class _Resource(_Camel, frozen=True):
    resource: str = ""
    scope: str | None = ""
    response_kind: _ResponseKind | None = None
    verbs: tuple[str, ...] | None = None
    subresources: tuple[_Subresource, ...] | None = None


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


async def discover(client: ApiClient) -> Discovered:
    """All kinds, and the groups that did not answer.

    Raises:
        SourceError: The server does not answer at all.
    """
    found: dict[tuple[str, str], Served] = {}
    names: set[Name] = set()
    problems: list[Problem] = []
    for path in ("/api", "/apis"):
        lists = await _get(client, path, _ACCEPT, _Lists)
        if lists.kind == "APIGroupDiscoveryList":
            served = list(_aggregated(lists))
            names.update(_aggregated_names(lists))
        else:
            served = await _one_by_one(client, lists, names, problems)
        for kind in served:
            found.setdefault((kind.group, kind.kind), kind)
    return Discovered(tuple(found.values()), frozenset(names), tuple(problems))


def _aggregated(lists: _Lists) -> Iterator[Served]:
    for group, version, resource, kind in _resources(lists):
        if "list" in (resource.verbs or ()):
            yield Served(group, version, kind, resource.resource, resource.scope != "Cluster")


def _aggregated_names(lists: _Lists) -> Iterator[Name]:
    for group, version, resource, kind in _resources(lists):
        yield group, version, kind, ""
        for one in resource.subresources or ():
            yield group, version, kind, one.subresource


def _resources(lists: _Lists) -> Iterator[tuple[str, str, _Resource, str]]:
    """Group, version, resource and its kind."""
    for group in lists.items or ():
        name = (group.metadata.name if group.metadata else "") or ""
        for version in group.versions or ():
            for resource in version.resources or ():
                if resource.response_kind:
                    yield name, version.version, resource, resource.response_kind.kind


async def _one_by_one(
    client: ApiClient, lists: _Lists, names: set[Name], problems: list[Problem]
) -> list[Served]:
    found: list[Served] = []
    for group, version in _group_versions(lists):
        try:
            old = await _get(client, _version_path(group, version), JSON, _OldList)
        except Error as error:
            if not (isinstance(error, RefusedError) and error.status == _NOT_FOUND):
                problems.append(problem_of(error))
            continue
        resources = old.resources or ()
        names.update((group, version, kind, sub) for kind, sub in _old_names(resources))
        found += (
            Served(group, version, resource.kind, resource.name, resource.namespaced)
            for resource in resources
            if "/" not in resource.name and "list" in (resource.verbs or ())
        )
    return found


def _old_names(resources: Iterable[_OldResource]) -> Iterator[tuple[str, str]]:
    """Kinds and subresources of a list that names both alike: ``pods`` and ``pods/exec``."""
    kinds = {one.name: one.kind for one in resources if "/" not in one.name}
    for one in resources:
        plural, _, sub = one.name.partition("/")
        if plural in kinds:
            yield kinds[plural], sub


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
