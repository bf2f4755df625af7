"""What policies look up: ConfigMaps, paths of the API server, global entries, what expressions name."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from propolis.lang.api_path import parse_api_path
from propolis.policy.engine.permissions.expressions import Wanted, wanted_by
from propolis.policy.engine.permissions.named import Names
from propolis.policy.engine.permissions.structs import expressions_of, parts_of
from propolis.policy.model.context import ApiCall, ContextEntry
from propolis.policy.model.global_context import GlobalContextEntry
from propolis.policy.model.validation import Cel

VARIABLE = "{{"


class Question(msgspec.Struct, frozen=True):
    """What is read or, with ``create``, asked by POST. Empty namespace and name stand for any."""

    group: str
    resource: str
    verb: str
    namespace: str = ""
    name: str = ""


Asked = Question | str
"""A question, or why one cannot be told."""


def asked_by(
    spec: Any, entries: Mapping[str, GlobalContextEntry], names: Names, namespace: str
) -> Iterator[Asked]:
    """All that the parts of a policy's spec ask.

    Args:
        spec: Of any policy.
        entries: Global entries by name.
        names: Resources of kinds.
        namespace: Of a namespaced policy, in which expressions look up.
    """
    for entry in parts_of(spec, ContextEntry):
        if entry.config_map is not None:
            where, name = entry.config_map.namespace or "default", entry.config_map.name
            yield Question("", "configmaps", "get", _constant(where), _constant(name))
        if entry.api_call is not None:
            yield from _of_call(entry.api_call)
        if entry.global_reference is not None:
            yield from _of_entry(entry.global_reference.name.partition(".")[0], entries)
    for part in parts_of(spec, Cel):
        if part.param_kind is not None:
            found = names.of(part.param_kind.api_version or "", part.param_kind.kind or "")
            if found is not None:
                yield from (Question(found.group, found.resource, verb) for verb in ("get", "list"))
    for text in expressions_of(spec):
        for wanted in wanted_by(text):
            yield from _of_expression(wanted, entries, namespace)


def _of_call(call: ApiCall) -> Iterator[Asked]:
    if not call.url_path:
        return
    path = _constant_path(call.url_path)
    found = parse_api_path(path)
    if found is None:
        if call.url_path.startswith("/") and VARIABLE not in call.url_path:
            yield Question("", call.url_path.partition("?")[0], "create" if call.method == "POST" else "get")
            return
        yield f"what {call.url_path[:120]!r} leads to is known with a request only"
        return
    if _HOLE in found.group + found.resource:
        yield f"which resource {call.url_path[:120]!r} names is known with a request only"
        return
    resource = f"{found.resource}/{found.subresource}" if found.subresource else found.resource
    verb = "create" if call.method == "POST" else "get" if found.name else "list"
    yield Question(found.group, resource, verb, _known(found.namespace), _known(found.name))


def _of_entry(name: str, entries: Mapping[str, GlobalContextEntry]) -> Iterator[Asked]:
    entry = entries.get(name)
    if entry is None:
        yield f"the global context entry {name} is not among the policies"
        return
    source = entry.spec.kubernetes_resource
    if source is not None:
        yield Question(source.group or "", source.resource, "list", source.namespace or "")
    if entry.spec.api_call is not None:
        yield from _of_call(entry.spec.api_call)


def _of_expression(
    wanted: Wanted, entries: Mapping[str, GlobalContextEntry], namespace: str
) -> Iterator[Asked]:
    if wanted.entry:
        yield from _of_entry(wanted.entry, entries)
    elif wanted.problem:
        yield wanted.problem
    elif wanted.resource:
        # a namespaced policy names no namespace: what stands in its place is the name
        where, name = (namespace, wanted.namespace) if namespace else (wanted.namespace, wanted.name)
        yield Question(
            wanted.group, wanted.resource, wanted.verb, where, name if wanted.verb == "get" else ""
        )


_HOLE = "\x00"


def _constant_path(path: str) -> str:
    """The path with a mark in place of each variable."""
    parts, rest = [], path
    while True:
        before, opening, after = rest.partition(VARIABLE)
        parts.append(before)
        if not opening:
            return "".join(parts)
        inner, depth = 0, 1
        while inner < len(after) and depth:
            two = after[inner : inner + 2]
            depth += (two == VARIABLE) - (two == "}}")
            inner += 2 if two in (VARIABLE, "}}") else 1
        parts.append(_HOLE)
        rest = after[inner:]


def _constant(text: str) -> str:
    return "" if VARIABLE in text else text


def _known(text: str) -> str:
    return "" if _HOLE in text else text
