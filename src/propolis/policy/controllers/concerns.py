"""Which objects a look-up is about, so that a change of one of them tells that its answer may be another."""

from collections.abc import Iterable, Mapping

import msgspec

from propolis.cluster.discovery import Served
from propolis.core.evaluation import LookupKey
from propolis.lang.api_path import parse_api_path
from propolis.lang.wildcard import has_wildcard
from propolis.policy import lookups
from propolis.policy.model.global_context import GlobalContextEntry

SERVICE_ACCOUNT = "serviceaccount"
RANDOM = "random"

GroupPlural = tuple[str, str]
"""Group of an API, and how a kind is called in paths."""


class Concern(msgspec.Struct, frozen=True):
    """Objects of one kind: one of them, those of a namespace, or all. Empty fields mean any."""

    kind: GroupPlural
    namespace: str = ""
    name: str = ""


def concern_of(
    key: LookupKey, served: Iterable[Served], entries: Mapping[str, GlobalContextEntry]
) -> Concern | None:
    """The objects that a look-up is about; None where no kind can be followed for it.

    Args:
        key: The look-up.
        served: All kinds of the server.
        entries: Global entries by name.
    """
    match key.kind, key.arguments:
        case lookups.NAMESPACE, (name,):
            return Concern(("", "namespaces"), "", name)
        case lookups.CONFIG_MAP, (namespace, name):
            return Concern(("", "configmaps"), namespace, name)
        case "serviceaccount", (namespace, name):
            return Concern(("", "serviceaccounts"), namespace, name)
        case lookups.API_CALL, ("GET", path, *_):
            return _of_path(path)
        case lookups.RESOURCES, (api_version, kind, namespace, name, _):
            return _of_kind(served, api_version, kind, _exact(namespace), _exact(name))
        case lookups.GLOBAL_CONTEXT, (name, _):
            return _of_entry(entries.get(name))
    return None


def _of_path(path: str) -> Concern | None:
    found = parse_api_path(path)
    if found is None or found.subresource:
        return None
    return Concern((found.group, found.resource), found.namespace, found.name)


def _of_kind(
    served: Iterable[Served], api_version: str, kind: str, namespace: str, name: str
) -> Concern | None:
    kind = kind.partition("/")[0]
    for one in served:
        if (one.api_version, one.kind) == (api_version, kind):
            return Concern((one.group, one.plural), namespace if one.is_namespaced else "", name)
    return None


def _of_entry(entry: GlobalContextEntry | None) -> Concern | None:
    if entry is None:
        return None
    source, call = entry.spec.kubernetes_resource, entry.spec.api_call
    if source is not None:
        return Concern((source.group or "", source.resource), source.namespace or "")
    if call is not None and call.url_path and call.method in (None, "GET"):
        return _of_path(call.url_path)
    return None


def _exact(text: str) -> str:
    return "" if has_wildcard(text) else text
