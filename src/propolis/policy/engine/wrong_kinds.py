"""Kinds that a policy names and the API server does not serve, or that no scan can look at.

Follows Kyverno pkg/validation/policy/validate.go (validateKinds, validKinds) @ v1.19.1; a kind that is not
served is refused, as its tests for a whole cluster want it.
"""

from collections.abc import Collection, Iterator

from propolis.lang.wildcard import has_wildcard, matches
from propolis.policy.engine.kinds import KindSelector, parse_kind
from propolis.policy.model.match import MatchResources
from propolis.policy.model.policy import Policy
from propolis.policy.model.problem import Problem

ANY = "*"

Name = tuple[str, str, str, str]
"""Group, version, kind and subresource of something that is served."""
_Path = tuple[str | int, ...]


def wrong_kinds(policy: Policy, names: Collection[Name], wide: Collection[Name]) -> Iterator[Problem]:
    """What is wrong with the kinds of a policy; paths begin below the spec.

    Args:
        policy: As it is written.
        names: All that the API server serves, subresources too.
        wide: Of them, kinds that are in no namespace.
    """
    is_scanned = policy.spec.background is not False
    for index, rule in enumerate(policy.spec.rules):
        is_judged = is_scanned and rule.validation is not None
        for way, match in (("match", rule.match), ("exclude", rule.exclude)):
            for path, kind in _kinds(match or MatchResources(), ("rules", index, way)):
                yield from _wrong_kind(kind, path, names, is_judged=is_judged)
                if policy.namespace:
                    yield from _wide_kind(kind, path, wide)


def _kinds(match: MatchResources, path: _Path) -> Iterator[tuple[_Path, str]]:
    filters = {path: match.resources}
    filters |= {(*path, "any", index): one.resources for index, one in enumerate(match.any or ())}
    filters |= {(*path, "all", index): one.resources for index, one in enumerate(match.all or ())}
    for place, resources in filters.items():
        kinds = (resources.kinds if resources else None) or ()
        if ANY not in kinds:
            for index, kind in enumerate(kinds):
                yield (*place, "resources", "kinds", index), kind


def _wrong_kind(kind: str, path: _Path, names: Collection[Name], *, is_judged: bool) -> Iterator[Problem]:
    selector = parse_kind(kind)
    found = [name for name in names if _is_meant(selector, name)]
    if not found:
        yield Problem(f"the API server has no kind {kind}", path, "a kind that is served")
    elif is_judged and any(subresource for *_, subresource in found):
        text = f"background scan enabled with subresource {kind}"
        yield Problem(text, path, "background: false")


def _wide_kind(kind: str, path: _Path, wide: Collection[Name]) -> Iterator[Problem]:
    selector = parse_kind(kind)
    if not has_wildcard(selector.kind) and any(_is_meant(selector, name) for name in wide):
        text = f"Cluster wide resource '{kind}' not allowed in namespaced policy"
        yield Problem(text, path, "a kind of namespaces, or a ClusterPolicy")


def _is_meant(selector: KindSelector, name: Name) -> bool:
    wanted = (selector.group, selector.version, selector.kind, selector.subresource)
    return all(map(matches, wanted, name))
