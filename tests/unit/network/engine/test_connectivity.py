from propolis.core.resource import Document
from propolis.network.engine.connectivity import Connectivity, Outside, Party, Verdict
from propolis.network.model.endpoint import Endpoint, endpoints
from tests.unit.network.manifests import deployment, inventory, pods, policy

OPEN = Verdict(ingress=True, egress=True)
NO_INGRESS = Verdict(ingress=False, egress=True)
NO_EGRESS = Verdict(ingress=True, egress=False)
WEB = deployment("web")
CART = deployment(
    "cart", ports=[{"containerPort": 8080, "name": "http"}, {"containerPort": 53, "protocol": "UDP"}]
)
INTERNET = Outside((4, 3405803776))


def verdict(
    *documents: Document,
    source: str | Outside = "web",
    target: str | Outside = "cart",
    port: int | str = 8080,
    protocol: str = "TCP",
) -> Verdict:
    found = inventory(WEB, CART, *documents)
    named = {one.ref.name: one for one in endpoints(found)}

    def party(who: str | Outside) -> Party:
        return named[who] if isinstance(who, str) else who

    return Connectivity(found).allowed(party(source), party(target), port, protocol)


def test_without_policies_everybody_reaches_everybody() -> None:
    assert verdict() == OPEN
    assert verdict(source=INTERNET) == OPEN


def test_a_policy_lets_its_peers_through_and_nobody_else() -> None:
    only_web = policy("cart", ingress=[{"from": [pods("web")]}])
    assert verdict(only_web) == OPEN
    assert verdict(only_web, source="cart") == NO_INGRESS
    assert verdict(only_web, source=INTERNET) == NO_INGRESS


def test_both_sides_must_allow() -> None:
    assert verdict(policy("web", policyTypes=["Egress"])) == NO_EGRESS
    assert not verdict(policy("web", policyTypes=["Egress"])).is_allowed


def test_a_port_is_allowed_by_number_name_and_range() -> None:
    for entry in ({"port": 8080}, {"port": "http"}, {"port": 8000, "endPort": 8100}):
        guarded = policy("cart", ingress=[{"ports": [entry]}])
        assert verdict(guarded) == OPEN
        assert verdict(guarded, port=9090) == NO_INGRESS
        assert verdict(guarded, protocol="UDP") == NO_INGRESS


def test_a_named_port_is_that_of_the_target() -> None:
    out = policy("web", egress=[{"to": [pods("cart")], "ports": [{"port": "http"}]}])
    assert verdict(out) == OPEN
    assert verdict(out, port=80) == NO_EGRESS
    assert verdict(port="http") == OPEN
    assert not verdict(port="metrics").is_allowed
    assert not verdict(target=INTERNET, port="http").is_allowed


def test_a_block_of_addresses_lets_outsiders_through() -> None:
    block = {"ipBlock": {"cidr": "203.0.113.0/24"}}
    assert verdict(policy("cart", ingress=[{"from": [block]}]), source=INTERNET) == OPEN
    assert verdict(policy("cart", ingress=[{"from": [block]}])) == NO_INGRESS
    assert verdict(policy("web", egress=[{"to": [block]}]), target=INTERNET) == OPEN


def test_namespaces_are_selected_by_labels_and_by_name() -> None:
    named = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
    labelled = {"namespaceSelector": {"matchLabels": {"team": "shop"}}}
    assert verdict(policy("cart", ingress=[{"from": [named]}])) == OPEN
    assert verdict(policy("cart", ingress=[{"from": [labelled]}])) == NO_INGRESS
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": {"team": "shop"}},
    }
    assert verdict(namespace, policy("cart", ingress=[{"from": [labelled]}])) == OPEN


def test_pods_on_the_host_network_are_not_governed() -> None:
    on_host = deployment("cart", hostNetwork=True)
    assert verdict(on_host, policy("cart", ingress=[])) == OPEN


def test_an_endpoint_knows_its_address() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one", "namespace": "shop"},
        "spec": {"containers": []},
        "status": {"podIP": "10.0.0.7"},
    }
    (endpoint,) = endpoints(inventory(pod))
    assert isinstance(endpoint, Endpoint)
    assert endpoint.address == (4, 167772167)
