"""Match and exclude: every filter and every field of it, with what the request has there.

Each field is judged alone by the engine's own function for a filter that holds only this field.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from propolis.policy.engine.explain.trace import MET, SKIPPED, UNMET, Node, Path, brief, outcome_word
from propolis.policy.engine.matching import compile_exception_match, compile_match
from propolis.policy.engine.policy_set import CompiledRule
from propolis.policy.engine.request import Request
from propolis.policy.model.match import MatchResources, ResourceDescription, ResourceFilter

_USERS = {"subjects": "subjects", "roles": "roles", "cluster_roles": "clusterRoles"}


def trace_match(
    match: MatchResources,
    exclude: MatchResources | None,
    compiled: CompiledRule,
    request: Request,
    source: Path,
) -> tuple[bool, list[Node]]:
    """Whether a rule is for a request, and why.

    Raises:
        MissingLookups: A namespace's labels are asked for.
    """
    nodes = [_matched(match, request, (*source, "match"))]
    excluded = False
    if exclude is not None:
        excluded, node = _excluded(exclude, request, (*source, "exclude"))
        nodes.append(node)
    nodes += _limits(compiled, request)
    is_for = nodes[0].outcome == MET and not excluded
    return is_for and not any(node.outcome == UNMET for node in nodes[2 if exclude else 1 :]), nodes


def _limits(compiled: CompiledRule, request: Request) -> list[Node]:
    """What limits a rule beside its filters: made for controllers, of a namespaced policy."""
    nodes: list[Node] = []
    if compiled.only_kinds is not None:
        text = f"made for {', '.join(sorted(compiled.only_kinds))}"
        word = outcome_word(holds=request.kind in compiled.only_kinds)
        nodes.append(Node("kinds", text, word, brief(request.kind)))
    policy = compiled.rule.policy
    if "/" in policy:
        namespace = policy.partition("/")[0]
        word = outcome_word(holds=request.namespace == namespace)
        nodes.append(Node("namespace", f"a Policy of {namespace}", word, brief(request.namespace)))
    return nodes


def _matched(match: MatchResources, request: Request, source: Path) -> Node:
    word, filters, base = _filters(match, source)
    nodes = [
        _filter(item, request, (*base, index) if word else base, is_match=True)
        for index, item in enumerate(filters)
    ]
    holds = compile_match(match, None)(request)
    return Node("match", word, outcome_word(holds=holds), source=source, children=tuple(nodes))


def _excluded(exclude: MatchResources, request: Request, source: Path) -> tuple[bool, Node]:
    word, filters, base = _filters(exclude, source)
    nodes = [
        _filter(item, request, (*base, index) if word else base, is_match=False)
        for index, item in enumerate(filters)
    ]
    everything = MatchResources(any=(ResourceFilter(ResourceDescription(kinds=("*/*",))),))
    is_kept = compile_match(everything, exclude)(request)
    text = "excluded" if not is_kept else "not excluded"
    outcome = SKIPPED if not is_kept else MET
    return not is_kept, Node("exclude", word, outcome, note=text, source=source, children=tuple(nodes))


def _filters(match: MatchResources, source: Path) -> tuple[str, tuple[ResourceFilter, ...], Path]:
    word = "any" if match.any else "all" if match.all else ""
    return word, match.filters(), (*source, word) if word else source


def _filter(item: ResourceFilter, request: Request, source: Path, *, is_match: bool) -> Node:
    nodes = [*_description(item.resources, request, (*source, "resources")), *_users(item, request, source)]
    alone = MatchResources(any=(item,))
    holds = compile_match(alone, None)(request) if is_match else compile_exception_match(alone)(request)
    return Node("filter", "", outcome_word(holds=holds), source=source, children=tuple(nodes))


def _description(resources: ResourceDescription | None, request: Request, source: Path) -> list[Node]:
    nodes: list[Node] = []
    for field in ResourceDescription.__struct_fields__ if resources else ():
        wanted = getattr(resources, field)
        if wanted is None or (not wanted and field not in ("selector", "namespace_selector")):
            continue
        alone = MatchResources(any=(ResourceFilter(ResourceDescription(**{field: wanted})),))
        holds = compile_match(alone, None)(request)
        name = _camel(field)
        node = Node(
            name, _listed(wanted), outcome_word(holds=holds), _ACTUAL[field](request),
            source=(*source, name), target=_TARGETS.get(field),
        )  # fmt: skip
        nodes.append(node)
    return nodes


def _users(item: ResourceFilter, request: Request, source: Path) -> list[Node]:
    nodes: list[Node] = []
    for field, name in _USERS.items():
        wanted = getattr(item, field)
        if not wanted:
            continue
        alone = MatchResources(any=(ResourceFilter(**{field: wanted}),))
        holds = compile_exception_match(alone)(request)
        note = "nobody asks, so users do not count" if request.user.is_empty else ""
        text = _listed(msgspec.to_builtins(wanted))
        nodes.append(
            Node(name, text, outcome_word(holds=holds), _user(field, request), note, (*source, name))
        )
    return nodes


def _user(field: str, request: Request) -> str:
    user = request.user
    if field == "roles":
        return brief(list(user.roles))
    if field == "cluster_roles":
        return brief(list(user.cluster_roles))
    return brief([user.username, *user.groups])


def _listed(wanted: Any) -> str:
    if isinstance(wanted, tuple) and all(isinstance(one, str) for one in wanted):
        return ", ".join(wanted)
    if isinstance(wanted, str):
        return wanted
    return str(msgspec.json.encode(wanted).decode())[:400]


def _camel(field: str) -> str:
    first, *others = field.split("_")
    return first + "".join(part.title() for part in others)


def kind_text(request: Request) -> str:
    """The kind of a request: ``apps/v1/Deployment``."""
    version = f"{request.group}/{request.version}" if request.group else request.version
    subresource = f"/{request.subresource}" if request.subresource else ""
    return f"{version}/{request.kind}{subresource}"


_ACTUAL: dict[str, Callable[[Request], str]] = {
    "kinds": kind_text,
    "name": lambda request: brief(request.name),
    "names": lambda request: brief(request.name),
    "namespaces": lambda request: brief(request.name if request.kind == "Namespace" else request.namespace),
    "annotations": lambda request: brief_map(request.annotations),
    "selector": lambda request: brief_map(request.labels),
    "namespace_selector": lambda request: brief_map(request.namespace_labels()),
    "operations": lambda request: request.operation,
}
_TARGETS: dict[str, Path] = {
    "kinds": ("kind",),
    "name": ("metadata", "name"),
    "names": ("metadata", "name"),
    "namespaces": ("metadata", "namespace"),
    "annotations": ("metadata", "annotations"),
    "selector": ("metadata", "labels"),
}


def brief_map(labels: dict[str, str]) -> str:
    """Labels with their values, shortened."""
    return str(msgspec.json.encode(labels).decode())[:240]


def is_kind_known(compiled: CompiledRule, request: Request) -> bool:
    """Whether the rule's index lets a kind through, as the engine asks before anything else."""
    return compiled.may_be_for(request.group, request.version, request.kind, request.subresource)
