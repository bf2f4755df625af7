"""Requests and resources that no policy is asked about, as Kyverno's settings name them.

Follows Kyverno pkg/config/config.go (IsExcluded, ToFilter) and pkg/webhooks/handlers/filter.go @ v1.19.1.
"""

from collections.abc import Sequence
from functools import lru_cache

from propolis.lang.wildcard import compile_wildcard, matches
from propolis.policy.engine.kinds import parse_kind
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.kyverno_settings import KyvernoSettings, NameFilter, UserPatterns

MOST_REMEMBERED = 65_536
OWN_KINDS = frozenset(
    {
        "AdmissionReport",
        "BackgroundScanReport",
        "ClusterAdmissionReport",
        "ClusterBackgroundScanReport",
        "UpdateRequest",
    }
)
"""What Kyverno writes while it works; requests for them are let in unseen."""


class RequestFilter:
    """Settings as predicates.

    Attributes:
        asks_roles: Whether roles of the user can decide.
        is_empty: Whether nothing and nobody is named.
    """

    def __init__(self, settings: KyvernoSettings) -> None:
        self._excluded = settings.excluded
        self._included = settings.included
        users = (settings.excluded, settings.included)
        self.asks_roles = any(one.roles or one.cluster_roles for one in users)
        self._excludes = settings.excluded != UserPatterns()
        self.is_empty = not (self._excludes or settings.filters)
        self._filters = tuple(map(_Filter, settings.filters))
        self._of_kind = lru_cache(MOST_REMEMBERED)(self._filters_of)

    def is_filtered(  # the parts of a name
        self, group: str, version: str, kind: str, subresource: str, namespace: str, name: str
    ) -> bool:
        """Whether a resource is one that no policy is asked about; a namespace also by what is in it."""
        found = self._of_kind(group, version, kind, subresource)
        if not found:
            return False
        is_namespace = (group, version, kind) == ("", "v1", "Namespace")
        return any(
            (one.namespace(namespace) and one.name(name)) or (is_namespace and one.namespace(name))
            for one in found
        )

    def is_excluded(
        self,
        username: str,
        groups: Sequence[str],
        roles: Sequence[str] = (),
        cluster_roles: Sequence[str] = (),
    ) -> bool:
        """Whether requests of a user are ones that no policy is asked about."""
        if not self._excludes:
            return False
        user = (username, groups, roles, cluster_roles)
        return _fits(self._excluded, *user) and not _fits(self._included, *user)

    def _filters_of(self, *kind: str) -> tuple["_Filter", ...]:
        return tuple(one for one in self._filters if one.selects(*kind))


def is_unseen(settings: RequestFilter, subject: PolicySubject) -> bool:
    """Whether a request is let in without asking any policy."""
    if settings.is_empty and subject.resource.ref.kind not in OWN_KINDS:
        return False
    user, ref, request = subject.user, subject.resource.ref, subject.request
    if settings.is_excluded(user.username, user.groups, user.roles, user.cluster_roles):
        return True
    group, _, version = ref.api_version.rpartition("/")
    named = (str(request.get("namespace", "")), str(request.get("name", "")))
    if settings.is_filtered(group, version, ref.kind, subject.subresource, *named):
        return True
    return request.get("kind", {}).get("kind") in OWN_KINDS


class _Filter:
    """One filter, compiled."""

    def __init__(self, one: NameFilter) -> None:
        kind = parse_kind(one.kind)
        self._kind = (kind.group, kind.version, kind.kind, kind.subresource)
        self.namespace = compile_wildcard(one.namespace)
        self.name = compile_wildcard(one.name)

    def selects(self, *kind: str) -> bool:
        """Whether it is for a group, version, kind and subresource."""
        return all(map(matches, self._kind, kind))


def _fits(
    patterns: UserPatterns,
    username: str,
    groups: Sequence[str],
    roles: Sequence[str],
    cluster_roles: Sequence[str],
) -> bool:
    return (
        _any(patterns.usernames, (username,))
        or _any(patterns.groups, groups)
        or _any(patterns.roles, roles)
        or _any(patterns.cluster_roles, cluster_roles)
    )


def _any(patterns: Sequence[str], texts: Sequence[str]) -> bool:
    return any(matches(pattern, text) for pattern in patterns for text in texts)
