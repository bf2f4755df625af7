"""Ingresses and routes: which Services they lead to.

Follows Ingress of networking.k8s.io/v1 and its older form, the routes of
gateway.networking.k8s.io, and route.openshift.io/v1.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Resource
from propolis.core.workload import descend
from propolis.network.model.endpoint import DEFAULT_NAMESPACE

GATEWAY_GROUP = "gateway.networking.k8s.io"
GATEWAY_KINDS = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
INGRESS_GROUPS = ("networking.k8s.io", "extensions")

ServiceName = tuple[str, str]
"""Namespace and name."""


def fronts(inventory: Inventory) -> Mapping[ServiceName, tuple[str, ...]]:
    """Texts of the Ingresses and routes that lead to each Service."""
    found: dict[ServiceName, dict[str, None]] = defaultdict(dict)
    for resource, backends in _leading(inventory):
        text = _text(resource)
        for service in backends:
            found[service][text] = None
    return {service: tuple(texts) for service, texts in found.items()}


def _leading(inventory: Inventory) -> Iterator[tuple[Resource, Iterator[ServiceName]]]:
    """Every Ingress and route with the Services behind it."""
    for resource in inventory.kind("Ingress"):
        if resource.ref.group in INGRESS_GROUPS:
            yield resource, _of_ingress(resource)
    for resource in inventory.kind(*GATEWAY_KINDS, group=GATEWAY_GROUP):
        yield resource, _of_gateway_route(resource)
    for resource in inventory.kind("Route", group="route.openshift.io"):
        yield resource, _of_openshift_route(resource)


def _of_ingress(resource: Resource) -> Iterator[ServiceName]:
    """Services of the rules and of the default backend."""
    spec = descend(resource.document, ("spec",)) or {}
    backends = [spec.get("defaultBackend"), spec.get("backend")]
    for rule in _maps(spec.get("rules")):
        paths = (descend(rule, ("http",)) or {}).get("paths")
        backends += [path.get("backend") for path in _maps(paths)]
    for backend in backends:
        if isinstance(backend, dict):
            name = (descend(backend, ("service",)) or {}).get("name") or backend.get("serviceName")
            if isinstance(name, str):
                yield _namespace(resource), name


def _of_gateway_route(resource: Resource) -> Iterator[ServiceName]:
    """Services among the backends of all rules; a reference into another namespace counts as granted."""
    spec = descend(resource.document, ("spec",)) or {}
    for rule in _maps(spec.get("rules")):
        for backend in _maps(rule.get("backendRefs")):
            name, kind = backend.get("name"), backend.get("kind") or "Service"
            if kind == "Service" and isinstance(name, str):
                yield str(backend.get("namespace") or _namespace(resource)), name


def _of_openshift_route(resource: Resource) -> Iterator[ServiceName]:
    """The Service of the route and its alternates."""
    spec = descend(resource.document, ("spec",)) or {}
    for backend in [spec.get("to"), *_maps(spec.get("alternateBackends"))]:
        if isinstance(backend, dict) and isinstance(backend.get("name"), str):
            yield _namespace(resource), backend["name"]


def _text(resource: Resource) -> str:
    """``Ingress/shop (shop.example)``: the kind, the name, and the first hosts."""
    hosts = _hosts(descend(resource.document, ("spec",)) or {})
    name = f"{resource.ref.kind}/{resource.ref.name}"
    return f"{name} ({', '.join(hosts)})" if hosts else name


def _hosts(spec: Document) -> list[str]:
    """Host names of an Ingress or a route, three at most."""
    names = spec.get("hostnames")
    found = [rule.get("host") for rule in _maps(spec.get("rules"))]
    found += names if isinstance(names, list) else []
    found.append(spec.get("host"))
    unique = dict.fromkeys(host for host in found if isinstance(host, str) and host)
    return list(unique)[:3]


def _namespace(resource: Resource) -> str:
    return resource.ref.namespace or DEFAULT_NAMESPACE


def _maps(document: Any) -> list[Document]:
    return [item for item in document if isinstance(item, dict)] if isinstance(document, list) else []
