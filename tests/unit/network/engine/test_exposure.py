from typing import Any

import pytest

from propolis import network
from propolis.core.resource import Document
from propolis.network.model.exposure import UNEXPOSED, Exposure, ExposureLevel
from tests.unit.network.manifests import deployment, inventory, service

CART = deployment("cart", ports=[{"containerPort": 8080}])


def exposed(*documents: Document, key: str = "|apps|Deployment|shop|cart") -> Exposure:
    return network.exposure(inventory(CART, *documents))[key]


def test_a_workload_without_a_service_is_not_exposed() -> None:
    assert exposed() == UNEXPOSED


@pytest.mark.parametrize(
    ("spec", "level", "by"),
    [
        ({}, ExposureLevel.CLUSTER, "Service/cart (ClusterIP)"),
        ({"type": "NodePort"}, ExposureLevel.NODE, "Service/cart (NodePort)"),
        (
            {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]},
            ExposureLevel.NODE,
            "Service/cart (NodePort 30080)",
        ),
        ({"type": "LoadBalancer"}, ExposureLevel.INTERNET, "Service/cart (LoadBalancer)"),
        (
            {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]},
            ExposureLevel.NODE,
            "Service/cart (LoadBalancer for 10.0.0.0/8)",
        ),
        (
            {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8", "0.0.0.0/0"]},
            ExposureLevel.INTERNET,
            "Service/cart (LoadBalancer)",
        ),
        (
            {"type": "LoadBalancer", "loadBalancerSourceRanges": ["nonsense"]},
            ExposureLevel.INTERNET,
            "Service/cart (LoadBalancer)",
        ),
        (
            {"externalIPs": ["203.0.113.9"]},
            ExposureLevel.INTERNET,
            "Service/cart (externalIPs 203.0.113.9)",
        ),
    ],
)
def test_the_type_of_a_service_is_a_level(spec: dict[str, Any], level: ExposureLevel, by: str) -> None:
    found = exposed(service("cart", **spec))
    assert found.level is level
    assert found.by[0] == by


def test_an_annotation_keeps_a_load_balancer_inside() -> None:
    annotations = {"networking.gke.io/load-balancer-type": "Internal"}
    found = exposed(service("cart", type="LoadBalancer", metadata={"annotations": annotations}))
    assert found == Exposure(
        ExposureLevel.NODE,
        ("Service/cart (LoadBalancer, internal by networking.gke.io/load-balancer-type)",),
    )


@pytest.mark.parametrize(
    "other",
    [
        service("basket", type="LoadBalancer"),
        service("cart", "other", type="LoadBalancer"),
        service("cart", type="ExternalName"),
        service("cart", selector={}, type="LoadBalancer"),
        service("cart", selector={"app": 3}, type="LoadBalancer"),
    ],
)
def test_a_service_that_does_not_select_the_pods_exposes_nothing(other: Document) -> None:
    assert exposed(other) == UNEXPOSED


def route(api_version: str, kind: str, spec: Document, namespace: str = "shop") -> Document:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "shop", "namespace": namespace},
        "spec": spec,
    }


def ingress(backend: Document) -> Document:
    paths = [{"path": "/", "backend": backend}]
    rule = {"host": "shop.example", "http": {"paths": paths}}
    return route("networking.k8s.io/v1", "Ingress", {"rules": [rule]})


CART_BACKEND = {"rules": [{"backendRefs": [{"name": "cart", "port": 80}]}]}
FROM_OTHER = {"rules": [{"backendRefs": [{"name": "cart", "namespace": "shop"}]}]}
ROUTES = {
    "Ingress/shop (shop.example)": ingress({"service": {"name": "cart", "port": {"number": 80}}}),
    "Ingress/shop": route(
        "networking.k8s.io/v1", "Ingress", {"defaultBackend": {"service": {"name": "cart"}}}
    ),
    "HTTPRoute/shop (a.example)": route(
        "gateway.networking.k8s.io/v1", "HTTPRoute", CART_BACKEND | {"hostnames": ["a.example"]}
    ),
    "TLSRoute/shop": route("gateway.networking.k8s.io/v1alpha2", "TLSRoute", FROM_OTHER, "other"),
    "Route/shop (b.example)": route(
        "route.openshift.io/v1", "Route", {"host": "b.example", "to": {"kind": "Service", "name": "cart"}}
    ),
}


@pytest.mark.parametrize(("text", "document"), ROUTES.items(), ids=ROUTES)
def test_a_route_to_a_service_leads_to_the_internet(text: str, document: Document) -> None:
    found = exposed(service("cart"), document)
    assert found == Exposure(ExposureLevel.INTERNET, (f"{text} > Service/cart", "Service/cart (ClusterIP)"))


def test_the_old_form_of_an_ingress_is_read() -> None:
    old = ingress({"serviceName": "cart", "servicePort": 80}) | {"apiVersion": "extensions/v1beta1"}
    assert exposed(service("cart"), old).level is ExposureLevel.INTERNET


@pytest.mark.parametrize(
    "document",
    [
        ingress({"service": {"name": "basket"}}),
        ingress({"resource": {"kind": "Bucket", "name": "cart"}}),
        route(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            {"rules": [{"backendRefs": [{"kind": "B", "name": "cart"}]}]},
        ),
        route("networking.k8s.io/v1", "Ingress", {"rules": "all"}),
    ],
)
def test_a_route_elsewhere_changes_nothing(document: Document) -> None:
    assert exposed(service("cart"), document).level is ExposureLevel.CLUSTER


def test_ports_of_the_node_are_a_level() -> None:
    ports = [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]
    with_port, on_host = deployment("a", ports=ports), deployment("b", ports=ports, hostNetwork=True)
    found = network.exposure(inventory(with_port, on_host))
    assert found["|apps|Deployment|shop|a"] == Exposure(ExposureLevel.NODE, ("hostPort 8080/TCP",))
    assert found["|apps|Deployment|shop|b"] == Exposure(
        ExposureLevel.NODE, ("hostNetwork 80/TCP", "hostNetwork 53/UDP")
    )


def test_levels_are_ordered() -> None:
    assert sorted(ExposureLevel, key=lambda level: level.rank) == ["none", "cluster", "node", "internet"]
