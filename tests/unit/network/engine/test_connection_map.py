from propolis.core.resource import Document
from propolis.network.engine.connection_map import Block, connections
from propolis.network.engine.connectivity import Outside, Party
from propolis.network.model.ports import EVERY_PORT
from tests.unit.network.manifests import deployment, inventory, pods, policy

WEB, CART = deployment("web"), deployment("cart", ports=[{"containerPort": 8080, "name": "http"}])
EVERYWHERE = "0-4294967295"


def name(party: Party | Block) -> str:
    assert not isinstance(party, Outside)
    return f"{party.first}-{party.last}" if isinstance(party, Block) else party.ref.name


def lines(*documents: Document, governs_host_network: bool = False) -> set[tuple[str, str, str]]:
    found = connections(inventory(*documents), governs_host_network=governs_host_network)
    return {(name(one.source), name(one.target), str(one.ports)) for one in found}


def test_without_policies_everything_is_connected() -> None:
    assert lines(WEB, CART) == {
        ("web", "cart", "all ports"),
        ("cart", "web", "all ports"),
        ("web", EVERYWHERE, "all ports"),
        ("cart", EVERYWHERE, "all ports"),
        (EVERYWHERE, "web", "all ports"),
        (EVERYWHERE, "cart", "all ports"),
    }


def test_ports_are_those_that_both_sides_allow() -> None:
    documents = [
        policy("web", "out", egress=[{"to": [pods("cart")], "ports": [{"port": 8000, "endPort": 8100}]}]),
        policy("cart", "in", ingress=[{"from": [pods("web")], "ports": [{"port": "http"}, {"port": 9090}]}]),
    ]
    found = lines(WEB, CART, *documents)
    assert ("web", "cart", "TCP/8080") in found
    assert {target for source, target, _ in found if source == "web"} == {"cart"}


def test_addresses_are_cut_where_rules_of_their_direction_cut_them() -> None:
    block = {"ipBlock": {"cidr": "128.0.0.0/1", "except": ["192.0.0.0/2"]}}
    found = lines(WEB, policy("web", ingress=[{"from": [block]}]))
    assert found == {("2147483648-3221225471", "web", "all ports"), ("web", EVERYWHERE, "all ports")}


def test_whether_policies_reach_the_host_network_is_up_to_the_network() -> None:
    on_host = deployment("web", hostNetwork=True)
    closed = policy("web", policyTypes=["Ingress", "Egress"])
    assert lines(on_host, closed, governs_host_network=True) == set()
    assert len(lines(on_host, closed)) == 2


def test_every_port_is_every_port() -> None:
    assert EVERY_PORT.is_everything
