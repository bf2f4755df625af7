"""Which requests an API server must bring to admission: rules of webhooks, worked out from policies.

Only what a policy may be for is asked for. A policy on pods asks for their ephemeral containers too, since
they change what runs; wildcards ask for every kind that the server serves now, since `*` would bring leases
and reviews of tokens, without which a cluster cannot start again.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from propolis.policy.engine.autogen import generated_rules
from propolis.policy.engine.cel.autogen import for_controllers
from propolis.policy.engine.kinds import EPHEMERAL, KindSelector, parse_kind
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.match import MatchConstraints, ResourceRule
from propolis.policy.model.cel.policy import CelPolicy, MutatingSpec
from propolis.policy.model.match import MatchResources, ResourceFilter
from propolis.policy.model.policy import Policy

ANY = "*"
OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")
CHANGED_OPERATIONS = ("CREATE", "UPDATE")
"""Those that a rule is asked about that changes resources and names no operation."""

NEVER = frozenset(
    {
        ("coordination.k8s.io", "leases"),
        ("authentication.k8s.io", "tokenreviews"),
        ("authentication.k8s.io", "selfsubjectreviews"),
        ("authorization.k8s.io", "subjectaccessreviews"),
        ("authorization.k8s.io", "localsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectrulesreviews"),
        ("", "serviceaccounts/token"),
    }
)
"""Groups and resources that no webhook asks for, whatever policies say: a cluster needs them to start."""


class ServedKind(msgspec.Struct, frozen=True):
    """A kind of the API server, with its name in paths."""

    group: str
    version: str
    kind: str
    plural: str


class WebhookRule(msgspec.Struct, frozen=True, order=True):
    """Resources of one group and version, and the operations on them."""

    group: str
    version: str
    resources: tuple[str, ...]
    operations: tuple[str, ...]

    def document(self, scope: str = ANY) -> dict[str, Any]:
        """As a webhook configuration has it."""
        return {
            "apiGroups": [self.group],
            "apiVersions": [self.version],
            "resources": list(self.resources),
            "operations": list(self.operations),
            "scope": scope,
        }


def webhook_rules(policies: Iterable[AnyPolicy], served: Iterable[ServedKind]) -> tuple[WebhookRule, ...]:
    """The rules for some policies, each resource once, in a stable order."""
    kinds = tuple(served)
    found: dict[tuple[str, str, str], set[str]] = {}
    for policy in policies:
        rules = _of_cel(policy, kinds) if isinstance(policy, CelPolicy) else _of_policy(policy, kinds)
        for group, version, resource, operations in rules:
            if (group, resource) not in NEVER:
                found.setdefault((group, version, resource), set()).update(operations)
    together: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, version, resource), asked in sorted(_without_covered(found).items()):
        ordered = tuple(one for one in OPERATIONS if one in asked)
        together.setdefault((group, version, ordered), []).append(resource)
    return tuple(
        WebhookRule(group, version, tuple(resources), operations)
        for (group, version, operations), resources in together.items()
    )


_Asked = tuple[str, str, str, tuple[str, ...]]
"""Group, version, resource and operations."""


def _without_covered(found: dict[tuple[str, str, str], set[str]]) -> dict[tuple[str, str, str], set[str]]:
    """Leaves out what the same resource in any version asks for already."""
    kept = {}
    for (group, version, resource), operations in found.items():
        covering = found.get((group, ANY, resource), set()) if version != ANY else set()
        left = operations - covering
        if left:
            kept[group, version, resource] = left
    return kept


def _of_policy(policy: Policy, served: tuple[ServedKind, ...]) -> Iterator[_Asked]:
    for rule in policy.spec.rules:
        default = CHANGED_OPERATIONS if rule.mutate is not None else OPERATIONS
        yield from _of_match(rule.match, None, default, served)
    for made in generated_rules(policy):
        default = CHANGED_OPERATIONS if made.rule.mutate is not None else OPERATIONS
        yield from _of_match(made.rule.match, made.kinds, default, served)


def _of_match(
    match: MatchResources,
    only: frozenset[str] | None,
    default: tuple[str, ...],
    served: tuple[ServedKind, ...],
) -> Iterator[_Asked]:
    for item in match.filters():
        operations = _operations(item, default)
        for text in _kinds(item, match):
            for resource in _resources(parse_kind(text), only, served):
                yield (*resource, operations)


def _operations(item: ResourceFilter, default: tuple[str, ...]) -> tuple[str, ...]:
    stated = item.resources.operations if item.resources else None
    return tuple(stated) if stated else default


def _kinds(item: ResourceFilter, match: MatchResources) -> tuple[str, ...]:
    """The kinds of a filter; of one that names none those that it is joined with, else any."""
    own = item.resources.kinds if item.resources else None
    return tuple(own or (match.kinds() if match.all else ()) or (ANY,))


def _resources(
    selector: KindSelector, only: frozenset[str] | None, served: tuple[ServedKind, ...]
) -> Iterator[tuple[str, str, str]]:
    """Group, version and name in paths of what a selector means."""
    for kind in served:
        if only is not None and kind.kind not in only:
            continue
        version = kind.version if selector.version == ANY else selector.version
        if not selector.selects(kind.group, version, kind.kind, selector.subresource):
            continue
        if not selector.subresource or selector.subresource == ANY:
            yield kind.group, selector.version, kind.plural
        if selector.subresource:
            yield kind.group, selector.version, f"{kind.plural}/{selector.subresource}"
        elif (kind.group, kind.kind) == ("", "Pod"):
            yield kind.group, selector.version, f"{kind.plural}/{EPHEMERAL}"


def _of_cel(policy: CelPolicy, served: tuple[ServedKind, ...]) -> Iterator[_Asked]:
    for one in (policy, *for_controllers(policy)):
        constraints: MatchConstraints | None = one.spec.match_constraints
        default = CHANGED_OPERATIONS if isinstance(policy.spec, MutatingSpec) else OPERATIONS
        for rule in constraints.resource_rules or () if constraints else ():
            yield from _of_rule(rule, default, served)


def _of_rule(
    rule: ResourceRule, default: tuple[str, ...], served: tuple[ServedKind, ...]
) -> Iterator[_Asked]:
    """A rule names resources as webhooks do; what has a wildcard is written out."""
    operations = tuple(rule.operations or ())
    operations = default if not operations or ANY in operations else operations
    for group in rule.api_groups or ():
        for version in rule.api_versions or ():
            for resource in rule.resources or ():
                for its_group, name in _written_out(group, resource, served):
                    yield its_group, version, name, operations


def _written_out(group: str, resource: str, served: tuple[ServedKind, ...]) -> Iterator[tuple[str, str]]:
    name, slash, sub = resource.partition("/")
    if ANY not in (group, name):
        yield group, resource
        return
    for kind in served:
        if group in (ANY, kind.group) and name in (ANY, kind.plural):
            if not slash or (name, sub) == (ANY, ANY):
                yield kind.group, kind.plural
            if slash:
                yield kind.group, f"{kind.plural}/{sub}"
