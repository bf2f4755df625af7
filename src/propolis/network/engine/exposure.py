"""Which workloads can be called from the internet, from the nodes' network, from the cluster.

Services are found by an index of their selectors, so the cost is that of one pass over the
inventory. A level says what the manifests ask for; a firewall in front may still refuse.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from propolis.core.errors import DocumentError
from propolis.core.inventory import Inventory
from propolis.core.resource import Resource
from propolis.lang.label_selector import NOTHING, Selector, equality_selector
from propolis.network.engine.routes import fronts
from propolis.network.engine.selector_index import SelectorIndex
from propolis.network.engine.services import Reason, service_reasons
from propolis.network.model.endpoint import DEFAULT_NAMESPACE, Endpoint, endpoints
from propolis.network.model.exposure import UNEXPOSED, Exposure, ExposureLevel


def exposure(inventory: Inventory) -> Mapping[str, Exposure]:
    """The exposure of every workload, by the key of its reference."""
    services = _services(inventory)
    return {endpoint.ref.key: _exposure(endpoint, services) for endpoint in endpoints(inventory)}


class _Service:
    """A Service and everything that leads to it."""

    def __init__(self, resource: Resource, routes: tuple[str, ...]) -> None:
        name = f"Service/{resource.ref.name}"
        self.selector = _selector(resource)
        self.reasons: list[Reason] = [(ExposureLevel.INTERNET, f"{route} > {name}") for route in routes]
        self.reasons += service_reasons(resource)


def _selector(resource: Resource) -> Selector:
    """Pods behind a Service; a selector that the API server refuses selects none."""
    spec = resource.document.get("spec")
    if not isinstance(spec, dict) or spec.get("type") == "ExternalName":
        return NOTHING
    try:
        return equality_selector(spec.get("selector"))
    except DocumentError:
        return NOTHING


def _services(inventory: Inventory) -> Mapping[str, SelectorIndex[_Service]]:
    """All Services, by namespace."""
    routes = fronts(inventory)
    found: dict[str, list[_Service]] = defaultdict(list)
    for resource in inventory.kind("Service", group=""):
        namespace = resource.ref.namespace or DEFAULT_NAMESPACE
        found[namespace].append(_Service(resource, routes.get((namespace, resource.ref.name), ())))
    return {
        namespace: SelectorIndex((service.selector, service) for service in services)
        for namespace, services in found.items()
    }


def _exposure(endpoint: Endpoint, services: Mapping[str, SelectorIndex[_Service]]) -> Exposure:
    index = services.get(endpoint.namespace)
    reasons = (
        [reason for service in index.matching(endpoint.labels) for reason in service.reasons] if index else []
    )
    reasons += _host_reasons(endpoint)
    if not reasons:
        return UNEXPOSED
    reasons.sort(key=lambda reason: -reason[0].rank)
    return Exposure(reasons[0][0], tuple(dict.fromkeys(text for _, text in reasons)))


def _host_reasons(endpoint: Endpoint) -> Iterator[Reason]:
    """Ports of the node that lead into the pods."""
    for port in endpoint.ports:
        if endpoint.on_host_network:
            yield ExposureLevel.NODE, f"hostNetwork {port.number}/{port.protocol}"
        elif port.host_port:
            yield ExposureLevel.NODE, f"hostPort {port.host_port}/{port.protocol}"
    if endpoint.on_host_network and not endpoint.ports:
        yield ExposureLevel.NODE, "hostNetwork"
