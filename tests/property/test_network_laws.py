"""Laws of NetworkPolicy: what policies add up to, and that coverage and connectivity agree."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis import network
from propolis.core.finding import Outcome
from propolis.core.resource import Document
from propolis.lang.label_selector import compile_selector
from propolis.network.engine.connectivity import Connectivity, Outside, Party, Verdict
from propolis.network.engine.selector_index import SelectorIndex
from propolis.network.model.endpoint import endpoints
from propolis.network.model.ports import port_set
from tests.property.documents import bent, inventory, objects

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STRANGER = Outside((4, 3405803776))
APPS, NAMESPACES, PORTS = ("web", "cart", "db"), ("shop", "ops"), (80, 8080)

pytestmark = pytest.mark.engine

VALUES = st.sampled_from(APPS)
REQUIREMENT = st.one_of(
    st.builds(
        lambda operator, values: {"key": "app", "operator": operator, "values": values},
        st.sampled_from(["In", "NotIn"]),
        st.lists(VALUES, min_size=1, max_size=2),
    ),
    st.sampled_from(["Exists", "DoesNotExist"]).map(lambda operator: {"key": "app", "operator": operator}),
)
SELECTOR = st.one_of(
    st.just({}),
    VALUES.map(lambda value: {"matchLabels": {"app": value}}),
    st.lists(REQUIREMENT, min_size=1, max_size=2).map(lambda found: {"matchExpressions": found}),
)
PEER = st.one_of(
    SELECTOR.map(lambda selector: {"podSelector": selector}),
    st.builds(lambda pods, spaces: {"podSelector": pods, "namespaceSelector": spaces}, SELECTOR, SELECTOR),
    st.sampled_from(["0.0.0.0/0", "10.0.0.0/8"]).map(lambda cidr: {"ipBlock": {"cidr": cidr}}),
)
PORT = st.sampled_from(PORTS).map(lambda port: {"port": port})


def rule(peers_field: str) -> st.SearchStrategy[Document]:
    fields = {peers_field: st.lists(PEER, max_size=2), "ports": st.lists(PORT, max_size=1)}
    return st.fixed_dictionaries({}, optional=fields)


SPEC = st.fixed_dictionaries(
    {"podSelector": SELECTOR},
    optional={
        "ingress": st.lists(rule("from"), max_size=2),
        "egress": st.lists(rule("to"), max_size=2),
        "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
    },
)


def policies(specs: Sequence[Document]) -> list[Document]:
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": f"p{number}", "namespace": NAMESPACES[number % len(NAMESPACES)]},
            "spec": spec,
        }
        for number, spec in enumerate(specs)
    ]


WORKLOADS: list[Document] = [
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": app, "namespace": namespace, "labels": {"app": app}},
        "spec": {"containers": []},
    }
    for app in APPS
    for namespace in NAMESPACES
]


def table(specs: Sequence[Document]) -> dict[tuple[str, str, int], Verdict]:
    """Who reaches whom on which port; strangers call as well."""
    return table_of(policies(specs))


def table_of(documents: list[Document]) -> dict[tuple[str, str, int], Verdict]:
    found = inventory([*WORKLOADS, *documents])
    reach = Connectivity(found)
    known = list(endpoints(found))
    cells = {
        (str(source.ref), str(target.ref), port): reach.allowed(source, target, port)
        for source in known
        for target in known
        for port in PORTS
    }
    strangers = {
        ("stranger", str(target.ref), port): reach.allowed(STRANGER, target, port)
        for target in known
        for port in PORTS
    }
    return cells | strangers


@given(st.permutations(range(4)), st.lists(SPEC, min_size=4, max_size=4))
def test_the_order_of_policies_does_not_matter(order: list[int], specs: list[Document]) -> None:
    numbered = policies(specs)
    shuffled = [numbered[number] for number in order]
    assert table_of(shuffled) == table_of(numbered)


@given(st.lists(SPEC, max_size=3), SPEC)
def test_one_more_policy_only_adds_to_what_isolated_pods_accept(
    specs: list[Document], more: Document
) -> None:
    closed = [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}] * len(NAMESPACES)
    before, after = table([*closed, *specs]), table([*closed, *specs, more])
    for cell, verdict in before.items():
        assert after[cell].ingress >= verdict.ingress
        assert after[cell].egress >= verdict.egress


@given(st.lists(SPEC, max_size=3))
def test_a_policy_that_allows_all_opens_every_pod(specs: list[Document]) -> None:
    everything: Document = {"podSelector": {}, "ingress": [{}], "egress": [{}]}
    found = table([*specs, everything, everything])
    assert all(verdict.is_allowed for verdict in found.values())


@given(st.lists(SPEC, max_size=4))
def test_sets_of_ports_and_single_questions_agree(specs: list[Document]) -> None:
    found = inventory([*WORKLOADS, *policies(specs)])
    reach = Connectivity(found)
    known = list(endpoints(found))
    callers: list[Party] = [*known, STRANGER]
    for source in callers:
        for target in known:
            ports = reach.ports(source, target)
            for port in PORTS:
                is_open = bool(ports & port_set([("TCP", port, port)]))
                assert is_open is reach.allowed(source, target, port).is_allowed


@given(st.lists(SPEC, max_size=4))
def test_coverage_and_connectivity_agree_on_strangers(specs: list[Document]) -> None:
    findings = network.evaluate(
        network.coverage_rules(), inventory([*WORKLOADS, *policies(specs)]), {}, NOW
    ).findings
    outcomes = {(str(one.resource), one.rule.name): one.outcome for one in findings}
    for (source, target, _), verdict in table(specs).items():
        if source == "stranger":
            judged = {outcomes[target, name] for name in ("ingress-isolated", "ingress-sources-named")}
            assert verdict.ingress or Outcome.FAIL not in judged
            assert not verdict.ingress or judged != {Outcome.PASS}


LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), VALUES)


@given(st.lists(SELECTOR, max_size=12), LABELS)
def test_the_index_finds_what_trying_every_selector_finds(
    documents: list[Document], labels: dict[str, str]
) -> None:
    selectors = [compile_selector(document) for document in documents]
    index = SelectorIndex((selector, number) for number, selector in enumerate(selectors))
    assert index.matching(labels) == [
        number for number, selector in enumerate(selectors) if selector.matches(labels)
    ]


SOUND: list[Document] = [
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "a",
            "namespace": "shop",
            "labels": {"app": "web"},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "controller": True}
            ],
        },
        "spec": {"containers": [{"ports": [{"containerPort": 80, "hostPort": 80, "name": "http"}]}]},
        "status": {"podIP": "10.0.0.1"},
    },
    {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": {"app": "web"}},
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {
            "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {
                    "from": [
                        {"namespaceSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}
                    ],
                    "ports": [{"protocol": "TCP", "port": 80, "endPort": 90}],
                }
            ],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}],
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "namespace": "shop", "annotations": {"x": "y"}},
        "spec": {
            "type": "LoadBalancer",
            "selector": {"app": "web"},
            "loadBalancerSourceRanges": ["10.0.0.0/8"],
        },
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"rules": [{"host": "a", "http": {"paths": [{"backend": {"service": {"name": "a"}}}]}}]},
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"hostnames": ["a"], "rules": [{"backendRefs": [{"name": "a", "namespace": "shop"}]}]},
    },
]


@given(st.integers(0, len(SOUND) - 1).flatmap(lambda place: bent(SOUND[place])))
def test_one_wrong_value_in_a_sound_document_stops_nothing(document: Document) -> None:
    found = inventory([*SOUND, document])
    assert network.evaluate(network.coverage_rules(), found, {}, NOW).findings
    network.exposure(found)
    reach = Connectivity(found)
    for pod in endpoints(found):
        reach.ports(pod, pod)
        reach.ports(STRANGER, pod)


@given(st.lists(objects(), max_size=8))
def test_any_inventory_is_judged_with_distinct_findings(documents: list[Document]) -> None:
    found = inventory(documents)
    findings = network.evaluate(network.coverage_rules(), found, {}, NOW).findings
    prints = [finding.fingerprint for finding in findings]
    assert len(prints) == len(set(prints))
    assert set(network.exposure(found)) == {one.ref.key for one in endpoints(found)}
