from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.network.model.address import AddressRange, parse_address
from propolis.network.model.parse import parse_policy
from propolis.network.model.policy import NetworkPolicy, PortRange
from tests.unit.network.manifests import policy


def parsed(**spec: Any) -> NetworkPolicy:
    document = policy("cart", **spec)
    return parse_policy(Resource(reference_of(document), document, Origin("net.yaml", 9)))


def ports(*entries: Document) -> tuple[PortRange, ...] | None:
    rules = parsed(ingress=[{"ports": list(entries)}]).ingress
    assert rules is not None
    return rules[0].ports


def test_ports_in_all_their_forms() -> None:
    assert ports(
        {"port": 80},
        {"protocol": "UDP", "port": 5000, "endPort": 5010},
        {"port": "http"},
        {"protocol": "SCTP"},
    ) == (
        PortRange("TCP", 80, 80),
        PortRange("UDP", 5000, 5010),
        PortRange("TCP", 0, 0, "http"),
        PortRange("SCTP"),
    )
    assert [str(one) for one in ports({"port": 80}, {"port": "http"}, {"protocol": "UDP"}) or ()] == [
        "TCP/80",
        "TCP/http",
        "UDP",
    ]


def test_no_ports_and_no_peers_mean_all_of_them() -> None:
    assert ports() is None
    rules = parsed(egress=[{"to": []}]).egress
    assert rules is not None
    assert rules[0].peers is None


def test_a_block_has_holes() -> None:
    rules = parsed(
        ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]
    ).ingress
    assert rules is not None
    assert rules[0].peers is not None
    block = rules[0].peers[0].block
    assert block is not None
    inside, hole, outside = (parse_address(text) for text in ("10.2.0.1", "10.1.0.1", "11.0.0.1"))
    assert [block.holds(*address) for address in (inside, hole, outside) if address] == [True, False, False]


def test_addresses_of_both_versions() -> None:
    assert parse_address("::1") == (6, 1)
    assert parse_address("1.2.3") is None
    assert AddressRange(6, 0, 2**128 - 1).is_everything


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"policyTypes": ["Both"]}, "spec.policyTypes: ['Both'] is not known"),
        ({"ingress": {}}, "spec.ingress is not a list"),
        ({"ingress": ["x"]}, "spec.ingress[0] is not a map"),
        ({"ingress": [{"from": [{}]}]}, "spec.ingress[0].from[0] names nobody"),
        (
            {"ingress": [{"from": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
            "spec.ingress[0].from[0] has ipBlock and a selector",
        ),
        ({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}]}, "'10.0.0.0/33' is not a CIDR"),
        ({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/255.0.0.0"}}]}]}, "is not a CIDR"),
        ({"egress": [{"to": [{"ipBlock": []}]}]}, "spec.egress[0].to[0].ipBlock is not a map"),
        (
            {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}]},
            "'11.0.0.0/16' is no smaller part of the cidr",
        ),
        (
            {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}}]}]},
            "'10.0.0.0/8' is no smaller part of the cidr",
        ),
        ({"ingress": [{"ports": [{"protocol": "ICMP"}]}]}, "spec.ingress[0].ports[0].protocol: 'ICMP'"),
        ({"ingress": [{"ports": [{"port": 0}]}]}, "spec.ingress[0].ports[0].port: 0 is not a port"),
        ({"ingress": [{"ports": [{"port": True}]}]}, "True is not a port"),
        ({"ingress": [{"ports": [{"port": "80"}]}]}, "'80' is not a port"),
        ({"ingress": [{"ports": [{"port": "a-much-too-long-name"}]}]}, "is not a port"),
        ({"ingress": [{"ports": [{"endPort": 90}]}]}, "spec.ingress[0].ports[0].port: None is not a port"),
        ({"ingress": [{"ports": [{"port": 90, "endPort": 80}]}]}, "endPort: 80 is below port 90"),
        ({"ingress": [{"ports": [{"port": "http", "endPort": 80}]}]}, "endPort stands with a named port"),
        ({"podSelector": {"matchLabels": {"app": 1}}}, "spec.podSelector.matchLabels.app 1"),
    ],
)
def test_what_the_api_server_refuses_is_refused_with_place_and_field(
    spec: dict[str, Any], problem: str
) -> None:
    with pytest.raises(DocumentError) as error:
        parsed(**spec)
    assert str(error.value).startswith("net.yaml:9: ")
    assert problem in str(error.value)
