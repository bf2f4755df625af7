from datetime import UTC, datetime
from typing import Any

import pytest

from propolis import network
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import Document
from propolis.network.model.evidence import CoverageEvidence, PolicyEvidence
from tests.unit.network.manifests import deployment, inventory, pods, policy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CART = deployment("cart")
EVERY_POD: Document = {"namespaceSelector": {}}
EVERY_ADDRESS: Document = {"ipBlock": {"cidr": "0.0.0.0/0"}}
PORTS = [{"port": 8080}, {"protocol": "UDP", "port": 5000, "endPort": 5010}]
DNS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def findings(*documents: Document) -> tuple[Finding, ...]:
    return network.evaluate(network.coverage_rules(), inventory(*documents), {}, NOW).findings


def outcomes(*documents: Document, name: str = "cart") -> dict[str, Outcome]:
    return {one.rule.name: one.outcome for one in findings(*documents) if one.resource.name == name}


def finding(rule: str, *documents: Document) -> Finding:
    (found,) = [one for one in findings(*documents) if one.rule.name == rule]
    return found


def test_a_workload_without_a_policy_accepts_and_calls_everything() -> None:
    assert outcomes(CART) == {
        "ingress-isolated": Outcome.FAIL,
        "ingress-sources-named": Outcome.SKIP,
        "ingress-namespaces-named": Outcome.SKIP,
        "egress-isolated": Outcome.FAIL,
        "egress-destinations-named": Outcome.SKIP,
        "pods-on-pod-network": Outcome.PASS,
    }


def test_the_message_says_what_is_open_why_and_what_to_add() -> None:
    found = finding("ingress-isolated", CART)
    assert found.message == (
        "pods accept connections from anywhere, on every port: no NetworkPolicy of namespace shop governs"
        " ingress of pods with app=cart; add one with policyTypes [Ingress] that selects them"
    )
    assert found.evidence == CoverageEvidence(direction="ingress", labels=("app=cart",))
    assert found.rule.remedy == "add-network-policy"


def test_a_workload_with_named_peers_passes_everything() -> None:
    egress = [{"to": [pods("db")]}, {"ports": DNS}]
    closed = policy("cart", ingress=[{"from": [pods("web")]}], egress=egress)
    assert set(outcomes(CART, closed).values()) == {Outcome.PASS}


def test_a_policy_without_rules_isolates() -> None:
    closed = policy("cart", policyTypes=["Ingress", "Egress"])
    assert set(outcomes(CART, closed).values()) == {Outcome.PASS}


@pytest.mark.parametrize(
    ("rule", "where", "outcome"),
    [
        ({}, "anywhere", Outcome.FAIL),
        ({"from": []}, "anywhere", Outcome.FAIL),
        ({"ports": PORTS}, "anywhere", Outcome.WARN),
        ({"from": [EVERY_ADDRESS]}, "0.0.0.0/0", Outcome.FAIL),
        ({"from": [{"ipBlock": {"cidr": "::/0"}}]}, "::/0", Outcome.FAIL),
        ({"from": [pods("web"), EVERY_ADDRESS], "ports": PORTS}, "0.0.0.0/0", Outcome.WARN),
    ],
)
def test_an_ingress_rule_open_to_everybody_is_found(rule: Document, where: str, outcome: Outcome) -> None:
    found = finding("ingress-sources-named", CART, policy("cart", ingress=[rule]))
    assert found.outcome is outcome
    assert isinstance(found.evidence, CoverageEvidence)
    assert found.evidence.peers == (where,)
    assert found.evidence.openings == ("policy: spec.ingress[0]",)


def test_open_ports_are_named() -> None:
    found = finding("ingress-sources-named", CART, policy("cart", ingress=[{"ports": PORTS}]))
    assert found.message == (
        "pods accept connections from anywhere on TCP/8080, UDP/5000-5010: spec.ingress[0] of NetworkPolicy"
        " policy names no particular peer; list the peers under `from`"
    )


@pytest.mark.parametrize(
    "peer", [EVERY_POD, EVERY_POD | {"podSelector": {}}, {"namespaceSelector": {"matchLabels": {}}}]
)
def test_every_namespace_is_less_than_everybody(peer: Document) -> None:
    found = outcomes(CART, policy("cart", ingress=[{"from": [peer]}]))
    assert found["ingress-sources-named"] is Outcome.PASS
    assert found["ingress-namespaces-named"] is Outcome.FAIL


@pytest.mark.parametrize(
    "peer",
    [
        {"podSelector": {}},
        EVERY_POD | pods("web"),
        {"namespaceSelector": {"matchLabels": {"team": "shop"}}},
        {"ipBlock": {"cidr": "10.0.0.0/8"}},
    ],
)
def test_named_peers_are_no_opening(peer: Document) -> None:
    found = outcomes(CART, policy("cart", ingress=[{"from": [peer]}]))
    assert {found["ingress-sources-named"], found["ingress-namespaces-named"]} == {Outcome.PASS}


def test_one_open_policy_opens_what_another_closes() -> None:
    documents = [policy("cart", "closed", ingress=[]), policy(None, "open", ingress=[{}])]
    found = finding("ingress-sources-named", CART, *documents)
    assert found.outcome is Outcome.FAIL
    assert isinstance(found.evidence, CoverageEvidence)
    assert found.evidence.policies == ("closed", "open")


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ({"ports": DNS}, Outcome.PASS),
        ({"ports": [*DNS, {"port": 443}]}, Outcome.WARN),
        ({}, Outcome.FAIL),
        ({"to": [EVERY_ADDRESS]}, Outcome.FAIL),
    ],
)
def test_egress_to_everybody_is_found_but_for_dns(rule: Document, outcome: Outcome) -> None:
    found = outcomes(CART, policy("cart", egress=[rule]))
    assert found["egress-destinations-named"] is outcome


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        ({}, True, False),
        ({"egress": [{}]}, True, True),
        ({"egress": []}, True, False),
        ({"policyTypes": ["Egress"], "ingress": [{}]}, False, True),
        ({"policyTypes": ["Ingress"], "egress": [{}]}, True, False),
    ],
)
def test_policy_types_default_as_the_api_server_sets_them(
    spec: dict[str, Any], *, ingress: bool, egress: bool
) -> None:
    found = outcomes(CART, policy("cart", **spec))
    assert (found["ingress-isolated"] is Outcome.PASS) is ingress
    assert (found["egress-isolated"] is Outcome.PASS) is egress


def test_a_policy_of_another_namespace_does_not_count() -> None:
    elsewhere = policy("cart", namespace="other", ingress=[])
    assert outcomes(CART, elsewhere)["ingress-isolated"] is Outcome.FAIL


def test_documents_without_a_namespace_meet_in_the_default_one() -> None:
    documents = [deployment("cart", ""), policy("cart", namespace="", ingress=[])]
    assert outcomes(*documents)["ingress-isolated"] is Outcome.PASS


def test_policies_do_not_reach_the_host_network() -> None:
    on_host = deployment("cart", hostNetwork=True)
    found = outcomes(on_host, policy("cart", ingress=[]))
    assert found.pop("pods-on-pod-network") is Outcome.FAIL
    assert set(found.values()) == {Outcome.SKIP}


def test_a_policy_that_selects_nothing_is_a_warning() -> None:
    found = finding("policy-selects-pods", CART, policy("basket", ingress=[]))
    assert (found.outcome, found.resource.kind) == (Outcome.WARN, "NetworkPolicy")
    assert "(app=basket) fits none" in found.message
    counted = finding("policy-selects-pods", CART, policy("cart", ingress=[]))
    assert counted.evidence == PolicyEvidence(selector="app=cart", selected=1)


def test_a_policy_that_the_api_server_refuses_is_an_error_and_counts_for_nothing() -> None:
    wrong = policy("cart", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]}])
    found = finding("policy-accepted", CART, wrong)
    assert found.outcome is Outcome.ERROR
    assert found.message.startswith(
        "shop.yaml:5: spec.ingress[0].from[0].ipBlock.cidr: '10.0.0.0' is not a CIDR"
    )
    assert outcomes(CART, wrong)["ingress-isolated"] is Outcome.FAIL


def test_pods_of_a_workload_are_judged_once() -> None:
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart", "controller": True}
    metadata = {"name": "cart-1", "namespace": "shop", "labels": {"app": "cart"}, "ownerReferences": [owner]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}
    assert outcomes(CART, pod, name="cart-1") == {}
    orphan = pod | {"metadata": metadata | {"ownerReferences": [owner | {"name": "gone"}]}}
    assert outcomes(CART, orphan, name="cart-1")["ingress-isolated"] is Outcome.FAIL
