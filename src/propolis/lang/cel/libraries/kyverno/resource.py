"""``resource``: objects of the cluster (libs/resource).

A namespaced policy sees its own namespace and does not name it. The API server is asked by its paths.
"""

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import member
from propolis.lang.cel.libraries.kyverno.go_json import write
from propolis.lang.cel.libraries.kyverno.world import API_CALL, RESOURCE_NAME, api_path, asked
from propolis.lang.cel.library import Function, Library, Overload, Runtime
from propolis.lang.cel.types import DYN, STRING, Type, map_of, opaque

RESOURCE_TYPE = opaque("resource.Context")
GVR_TYPE = opaque("schema.GroupVersionResource")
_OBJECT = map_of(STRING, DYN)
_LABELS = map_of(STRING, STRING)
Labels = dict[str, str]


class ResourceContext(msgspec.Struct, frozen=True):
    """The value of the variable ``resource``."""

    cel_type: ClassVar[Type] = RESOURCE_TYPE


class GroupVersionResource(msgspec.Struct, frozen=True):
    """Where a kind is found."""

    api_version: str
    resource: str
    cel_type: ClassVar[Type] = GVR_TYPE


def _get(runtime: Runtime, api_version: str, resource: str, namespace: str, name: str) -> Any:
    if not name:
        raise EvaluationError("failed to get resource: name is required")
    path = api_path(api_version, resource, namespace, name)
    return asked(runtime, "get resource", API_CALL, "GET", path, "")


def _list(
    runtime: Runtime, api_version: str, resource: str, namespace: str, labels: Labels | None = None
) -> Any:
    path = api_path(api_version, resource, namespace)
    if labels:
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        path += f"?labelSelector={quote(selector, safe='', errors='surrogatepass')}"
    found = asked(runtime, "list resource", API_CALL, "GET", path, "")
    if found is None:
        raise EvaluationError("failed to list resource: the server could not find the requested resource")
    return found


def _post(runtime: Runtime, api_version: str, resource: str, namespace: str, data: dict[str, Any]) -> Any:
    path = api_path(api_version, resource, namespace)
    return asked(runtime, "create resource", API_CALL, "POST", path, write(data))


def _to_gvr(runtime: Runtime, _: ResourceContext, api_version: str, kind: str) -> GroupVersionResource:
    found = asked(runtime, "map kind to resource", RESOURCE_NAME, api_version, kind)
    if not isinstance(found, str):
        raise EvaluationError(f"failed to map kind to resource: no matches for kind {kind} in {api_version}")
    return GroupVersionResource(api_version, found)


Run = Callable[..., Any]


def _by_names(do: Run, namespace: str | None) -> Run:
    """Called with apiVersion and resource; with a namespace unless the policy has one."""
    if namespace is None:
        return lambda runtime, _, *arguments: do(runtime, *arguments)
    return lambda runtime, _, version, resource, *rest: do(runtime, version, resource, namespace, *rest)


def _by_gvr(do: Run, namespace: str | None) -> Run:
    if namespace is None:
        return lambda runtime, _, gvr, *rest: do(runtime, gvr.api_version, gvr.resource, *rest)
    return lambda runtime, _, gvr, *rest: do(runtime, gvr.api_version, gvr.resource, namespace, *rest)


def _overloads(suffix: str, namespace: str | None) -> dict[str, tuple[Overload, ...]]:
    """All overloads by the name of their function, written with a capital letter or without."""
    where = () if namespace is not None else (STRING,)
    mark = "_string" * len(where)
    names, gvr = (RESOURCE_TYPE, STRING, STRING, *where), (RESOURCE_TYPE, GVR_TYPE, *where)

    def declared(overload_id: str, arguments: tuple[Type, ...], run: Run, result: Type = _OBJECT) -> Overload:
        return member(f"{overload_id}_{suffix}", arguments, result, run, asks=True)

    listed, got, posted = (_by_names(do, namespace) for do in (_list, _get, _post))
    posts = [declared(f"resource_post_string_string{mark}_map", (*names, _OBJECT), posted)]
    if namespace is None:
        posts.append(
            declared(
                "resource_post_string_string_map",
                (RESOURCE_TYPE, STRING, STRING, _OBJECT),
                lambda runtime, _, version, resource, data: _post(runtime, version, resource, "", data),
            )
        )
    return {
        "list": (
            declared(f"resource_list_string_string{mark}", names, listed),
            declared(f"resource_list_string_string{mark}_map", (*names, _LABELS), listed),
            declared(f"list_resources_gvr{mark}", gvr, _by_gvr(_list, namespace)),
            declared(f"list_resources_gvr{mark}_map", (*gvr, _LABELS), _by_gvr(_list, namespace)),
        ),
        "get": (
            declared(f"resource_get_string_string{mark}_string", (*names, STRING), got),
            declared(f"resource_get_gvr{mark}_string", (*gvr, STRING), _by_gvr(_get, namespace)),
        ),
        "post": tuple(posts),
        "toGVR": (
            declared("convert_to_gvr_string_string", (RESOURCE_TYPE, STRING, STRING), _to_gvr, GVR_TYPE),
        ),
    }


def resource_library(namespace: str | None = None) -> Library:
    """The library for a policy of the cluster, or for one of a namespace."""
    camel, pascal = _overloads("camel", namespace), _overloads("pascal", namespace)
    functions = [Function(name, overloads) for name, overloads in camel.items()]
    functions += [Function(name[0].upper() + name[1:], overloads) for name, overloads in pascal.items()]
    return Library(
        "kyverno.resource",
        tuple(functions),
        types={"resource.Context": RESOURCE_TYPE, "schema.GroupVersionResource": GVR_TYPE},
        constants={"resource": (RESOURCE_TYPE, ResourceContext())},
    )
