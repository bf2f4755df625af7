"""From where a Service can be called."""

from collections.abc import Iterator, Mapping
from typing import Any

from propolis.core.errors import DocumentError
from propolis.core.resource import Document, Resource
from propolis.network.model.address import parse_block
from propolis.network.model.exposure import ExposureLevel

Reason = tuple[ExposureLevel, str]

INTERNAL_ANNOTATIONS: Mapping[str, frozenset[str]] = {
    "service.beta.kubernetes.io/aws-load-balancer-internal": frozenset({"true", "0.0.0.0/0"}),
    "service.beta.kubernetes.io/aws-load-balancer-scheme": frozenset({"internal"}),
    "service.beta.kubernetes.io/azure-load-balancer-internal": frozenset({"true"}),
    "networking.gke.io/load-balancer-type": frozenset({"internal"}),
    "cloud.google.com/load-balancer-type": frozenset({"internal"}),
    "service.beta.kubernetes.io/openstack-internal-load-balancer": frozenset({"true"}),
    "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": frozenset({"private"}),
    "service.beta.kubernetes.io/oci-load-balancer-internal": frozenset({"true"}),
}
"""Annotations by which cloud providers keep a load balancer inside of the private network."""


def service_reasons(resource: Resource) -> Iterator[Reason]:
    """Every way into a Service, with its level."""
    spec = resource.document.get("spec")
    if not isinstance(spec, dict):
        return
    name, kind = f"Service/{resource.ref.name}", spec.get("type") or "ClusterIP"
    if kind == "LoadBalancer":
        yield _load_balancer(resource, spec, name)
    elif kind == "NodePort":
        yield ExposureLevel.NODE, f"{name} (NodePort{_node_ports(spec)})"
    else:
        yield ExposureLevel.CLUSTER, f"{name} ({kind})"
    addresses = spec.get("externalIPs")
    if isinstance(addresses, list) and addresses:
        yield ExposureLevel.INTERNET, f"{name} (externalIPs {', '.join(map(str, addresses))})"


def _load_balancer(resource: Resource, spec: Document, name: str) -> Reason:
    """A load balancer: of the internet, unless an annotation or its source ranges keep it inside."""
    internal = _internal_annotation(resource)
    if internal:
        return ExposureLevel.NODE, f"{name} (LoadBalancer, internal by {internal})"
    ranges = spec.get("loadBalancerSourceRanges")
    if isinstance(ranges, list) and ranges and not any(_is_everything(item) for item in ranges):
        return ExposureLevel.NODE, f"{name} (LoadBalancer for {', '.join(map(str, ranges))})"
    return ExposureLevel.INTERNET, f"{name} (LoadBalancer)"


def _internal_annotation(resource: Resource) -> str:
    for key, values in INTERNAL_ANNOTATIONS.items():
        if str(resource.annotations.get(key, "")).lower() in values:
            return key
    return ""


def _is_everything(document: Any) -> bool:
    """Whether a source range holds every address; one that is no CIDR counts as everything."""
    try:
        return parse_block({"cidr": document}, "loadBalancerSourceRanges").is_everything
    except DocumentError:
        return True


def _node_ports(spec: Document) -> str:
    """The node ports that are fixed, as text."""
    ports = spec.get("ports")
    found = [
        str(port["nodePort"]) for port in (ports if isinstance(ports, list) else ()) if _has_node_port(port)
    ]
    return f" {', '.join(found)}" if found else ""


def _has_node_port(port: Any) -> bool:
    return isinstance(port, dict) and isinstance(port.get("nodePort"), int)
