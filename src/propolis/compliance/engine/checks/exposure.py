"""Services and Ingresses that open a cluster more than they need to."""

from typing import Any

from propolis.compliance.engine.checks.wording import config_rule, listed, shown
from propolis.compliance.model.check import Fault, ResourceCheck
from propolis.compliance.model.pod import map_of, numbered_maps
from propolis.core.finding import Rule, Severity
from propolis.core.resource import Resource

CATEGORY = "Network exposure"
SERVICE = (("", "Service"),)
INGRESS = (("networking.k8s.io", "Ingress"), ("extensions", "Ingress"))
SNIPPETS = (
    "configuration-snippet",
    "server-snippet",
    "auth-snippet",
    "stream-snippet",
    "modsecurity-snippet",
)
NGINX = "nginx.ingress.kubernetes.io/"


def _rule(name: str, title: str, severity: Severity, remedy: str, remediation: str) -> Rule:
    return config_rule(name, title, severity, CATEGORY, remedy, remediation)


def _spec(resource: Resource) -> Any:
    return map_of(resource.document.get("spec"))


def _has_external_addresses(resource: Resource) -> Fault | None:
    found = _spec(resource).get("externalIPs")
    if not isinstance(found, list) or not found:
        return None
    problem = "takes the traffic of addresses that the cluster does not own (CVE-2020-8554)"
    return Fault(problem, "spec.externalIPs", listed(map(str, found)), "remove it and use a load balancer")


def _is_open_load_balancer(resource: Resource) -> Fault | None:
    spec = _spec(resource)
    ranges = spec.get("loadBalancerSourceRanges")
    if spec.get("type") != "LoadBalancer" or (
        isinstance(ranges, list) and ranges and "0.0.0.0/0" not in ranges
    ):
        return None
    found = listed(map(str, ranges)) if isinstance(ranges, list) and ranges else "not set"
    advice = "list the address blocks of the callers, or put an Ingress in front"
    return Fault("may be called by the whole internet", "spec.loadBalancerSourceRanges", found, advice)


def _opens_node_ports(resource: Resource) -> Fault | None:
    if _spec(resource).get("type") != "NodePort":
        return None
    advice = "use ClusterIP behind an Ingress or a gateway"
    return Fault("listens on every node of the cluster", "spec.type", "NodePort", advice)


def _lacks_tls(resource: Resource) -> Fault | None:
    if numbered_maps(_spec(resource).get("tls")):
        return None
    advice = "name a Secret with a certificate for the hosts"
    return Fault("serves its hosts without encryption", "spec.tls", "not set", advice)


def _serves_every_host(resource: Resource) -> Fault | None:
    for index, rule in numbered_maps(_spec(resource).get("rules")):
        host = rule.get("host")
        if host in (None, "", "*") or (isinstance(host, str) and host.startswith("*.")):
            advice = "name the hosts that it serves"
            return Fault(
                "answers for host names that it does not own",
                f"spec.rules[{index}].host",
                shown(host),
                advice,
            )
    return None


def _injects_configuration(resource: Resource) -> Fault | None:
    annotations = resource.annotations
    for name in SNIPPETS:
        if NGINX + name in annotations:
            place, found = f"metadata.annotations[{NGINX}{name}]", "a piece of nginx configuration"
            problem = "runs configuration of its author inside of the shared proxy (CVE-2021-25742)"
            return Fault(problem, place, found, "remove it and use the annotations made for the purpose")
    return None


CHECKS = (
    ResourceCheck(
        _rule(
            "KSV-0108",
            "Services have no external addresses",
            Severity.HIGH,
            "limit-exposure",
            "Remove spec.externalIPs.",
        ),
        SERVICE,
        _has_external_addresses,
    ),
    ResourceCheck(
        _rule(
            "PROP-0004",
            "Load balancers name who may call",
            Severity.MEDIUM,
            "limit-exposure",
            "Set spec.loadBalancerSourceRanges to the address blocks of the callers.",
        ),
        SERVICE,
        _is_open_load_balancer,
    ),
    ResourceCheck(
        _rule(
            "PROP-0005",
            "Services do not open ports of the nodes",
            Severity.LOW,
            "limit-exposure",
            "Change spec.type to ClusterIP and put an Ingress or a gateway in front.",
        ),
        SERVICE,
        _opens_node_ports,
    ),
    ResourceCheck(
        _rule(
            "PROP-0006",
            "Ingresses encrypt",
            Severity.MEDIUM,
            "add-tls",
            "Add spec.tls with a Secret that holds a certificate for the hosts.",
        ),
        INGRESS,
        _lacks_tls,
    ),
    ResourceCheck(
        _rule(
            "PROP-0007",
            "Ingresses name their hosts",
            Severity.LOW,
            "limit-exposure",
            "Set spec.rules[].host to the host names that are served.",
        ),
        INGRESS,
        _serves_every_host,
    ),
    ResourceCheck(
        _rule(
            "PROP-0008",
            "Ingresses inject no proxy configuration",
            Severity.HIGH,
            "limit-exposure",
            "Remove the snippet annotations of ingress-nginx.",
        ),
        INGRESS,
        _injects_configuration,
    ),
)
