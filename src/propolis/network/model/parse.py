"""NetworkPolicy documents to data; what the API server refuses is refused here with its field.

Follows ``ValidateNetworkPolicy`` of kubernetes/pkg/apis/networking/validation and the defaults of
pkg/apis/networking/v1/defaults.go.
"""

import re
from typing import Any

from propolis.core.errors import DocumentError, Place
from propolis.core.resource import Document, Resource
from propolis.lang.label_selector import compile_selector
from propolis.network.model.address import parse_block
from propolis.network.model.policy import NetworkPolicy, Peer, PolicyRule, PortRange

PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST_PORT = 65535
DEFAULT_NAMESPACE = "default"
_PORT_NAME = re.compile(r"(?=.{1,15}\Z)(?=[^a-z]*[a-z])[a-z0-9]+(-[a-z0-9]+)*")


def parse_policy(resource: Resource) -> NetworkPolicy:
    """Parses one NetworkPolicy.

    Raises:
        DocumentError: With the place of the document and the path of the field.
    """
    try:
        return _policy(resource)
    except DocumentError as error:
        raise error.at(Place(resource.origin.path, resource.origin.line)) from None


def _policy(resource: Resource) -> NetworkPolicy:
    spec = resource.document.get("spec")
    if spec is None:
        spec = {}
    if not isinstance(spec, dict):
        raise DocumentError("spec is not a map", expected="podSelector and rules")
    ingress = _rules(spec.get("ingress"), "ingress", "from")
    egress = _rules(spec.get("egress"), "egress", "to")
    types = _types(spec.get("policyTypes"), has_egress=bool(egress))
    return NetworkPolicy(
        ref=resource.ref,
        namespace=resource.ref.namespace or DEFAULT_NAMESPACE,
        selector=compile_selector(spec.get("podSelector") or {}, "spec.podSelector"),
        ingress=ingress if "Ingress" in types else None,
        egress=egress if "Egress" in types else None,
    )


def _types(document: Any, *, has_egress: bool) -> tuple[str, ...]:
    """The directions that a policy governs."""
    if not document:
        return ("Ingress", "Egress") if has_egress else ("Ingress",)
    known = isinstance(document, list) and all(item in ("Ingress", "Egress") for item in document)
    if not known:
        raise DocumentError(
            f"spec.policyTypes: {document!r} is not known", expected="a list of Ingress, Egress"
        )
    return tuple(document)


def _rules(document: Any, direction: str, peers_field: str) -> tuple[PolicyRule, ...]:
    """All rules of a direction; absent is none."""
    rules = _list(document, f"spec.{direction}")
    return tuple(_rule(item, f"spec.{direction}[{index}]", peers_field) for index, item in enumerate(rules))


def _rule(document: Any, path: str, peers_field: str) -> PolicyRule:
    rule = _map(document, path)
    peers = _list(rule.get(peers_field), f"{path}.{peers_field}")
    ports = _list(rule.get("ports"), f"{path}.ports")
    return PolicyRule(
        peers=tuple(_peer(item, f"{path}.{peers_field}[{index}]") for index, item in enumerate(peers))
        or None,
        ports=tuple(_port(item, f"{path}.ports[{index}]") for index, item in enumerate(ports)) or None,
        path=path,
    )


def _peer(document: Any, path: str) -> Peer:
    """One peer: an ipBlock alone, or at least one of the selectors."""
    peer = _map(document, path)
    namespaces, pods, block = (peer.get(field) for field in ("namespaceSelector", "podSelector", "ipBlock"))
    if block is not None:
        if namespaces is not None or pods is not None:
            raise DocumentError(f"{path} has ipBlock and a selector", expected="one or the other")
        return Peer(block=parse_block(block, f"{path}.ipBlock"))
    if namespaces is None and pods is None:
        raise DocumentError(f"{path} names nobody", expected="podSelector, namespaceSelector or ipBlock")
    return Peer(
        namespaces=None if namespaces is None else compile_selector(namespaces, f"{path}.namespaceSelector"),
        pods=None if pods is None else compile_selector(pods, f"{path}.podSelector"),
    )


def _port(document: Any, path: str) -> PortRange:
    """One entry of ports: a number, a range, a name, or all ports of a protocol."""
    entry = _map(document, path)
    protocol = entry.get("protocol") or "TCP"
    if protocol not in PROTOCOLS:
        raise DocumentError(f"{path}.protocol: {protocol!r} is not known", expected="TCP, UDP or SCTP")
    port, end = entry.get("port"), entry.get("endPort")
    if port is None and end is None:
        return PortRange(protocol)
    if isinstance(port, str) and _PORT_NAME.fullmatch(port):
        if end is not None:
            raise DocumentError(f"{path}.endPort stands with a named port", expected="a number in port")
        return PortRange(protocol, 0, 0, port)
    first = _number(port, f"{path}.port")
    last = first if end is None else _number(end, f"{path}.endPort")
    if last < first:
        raise DocumentError(f"{path}.endPort: {last} is below port {first}", expected="a number from port up")
    return PortRange(protocol, first, last)


def _number(document: Any, path: str) -> int:
    """A port number; a text of digits alone is no name of a port, so it is refused."""
    if isinstance(document, int) and not isinstance(document, bool) and 1 <= document <= LAST_PORT:
        return document
    raise DocumentError(
        f"{path}: {document!r} is not a port", expected="a number from 1 to 65535, or a name in port"
    )


def _list(document: Any, path: str) -> list[Any]:
    if document is None:
        return []
    if not isinstance(document, list):
        raise DocumentError(f"{path} is not a list", expected="a list")
    return document


def _map(document: Any, path: str) -> Document:
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise DocumentError(f"{path} is not a map", expected="a map")
    return document
