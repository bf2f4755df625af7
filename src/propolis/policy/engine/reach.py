"""Operations and namespaces outside of which a rule is for nothing: what an index may know of a match."""

from collections.abc import Callable

import msgspec

from propolis.lang.wildcard import compile_wildcard
from propolis.policy.model.match import MatchResources, ResourceDescription

NAMESPACE_KIND = "Namespace"
"""A Namespace is meant by its own name, so its namespace tells nothing."""


class Bounds(msgspec.Struct, frozen=True):
    """What one filter asks for; None for anything."""

    operations: frozenset[str] | None = None
    namespaces: tuple[Callable[[str], bool], ...] | None = None

    def hold(self, operation: str, namespace: str) -> bool:
        """Whether the filter may be for a request."""
        if self.operations is not None and operation not in self.operations:
            return False
        return self.namespaces is None or any(fits(namespace) for fits in self.namespaces)


ANYWHERE = Bounds()


class Reach(msgspec.Struct, frozen=True):
    """Operations and namespaces that a rule may be for.

    Attributes:
        bounds: Of each filter.
        needs_all: Whether all of them must hold, not one.
        policy_namespace: The only namespace of a namespaced policy; empty for others.
    """

    bounds: tuple[Bounds, ...]
    needs_all: bool
    policy_namespace: str

    def holds(self, kind: str, operation: str, namespace: str) -> bool:
        """Whether the rule may be for a request; what decides beside is left to its match."""
        if kind == NAMESPACE_KIND:
            return True
        if self.policy_namespace and namespace != self.policy_namespace:
            return False
        join = all if self.needs_all else any
        return join(one.hold(operation, namespace) for one in self.bounds)


def reach_of(match: MatchResources, policy_namespace: str) -> Reach | None:
    """The reach of a match; None where it has no bounds."""
    bounds = tuple(_bounds(item.resources) for item in match.filters())
    needs_all = not match.any and bool(match.all)
    is_bound = any(one != ANYWHERE for one in bounds) if needs_all else ANYWHERE not in bounds
    if not is_bound and not policy_namespace:
        return None
    return Reach(bounds if is_bound else (ANYWHERE,), needs_all, policy_namespace)


def _bounds(resources: ResourceDescription | None) -> Bounds:
    if resources is None:
        return ANYWHERE
    names = tuple(map(compile_wildcard, resources.namespaces)) if resources.namespaces else None
    return Bounds(frozenset(resources.operations) if resources.operations else None, names)
