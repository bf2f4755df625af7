"""Every probe of cyclonus: the expected side of its tables against our connectivity."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.network.engine.connectivity import Connectivity, Verdict
from propolis.network.model.endpoint import endpoints
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("cyclonus", __file__)
POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
"""Some cases leave them out."""


def _cases() -> Iterator[Any]:
    path = corpora() / "cyclonus" / "cases.jsonl.zst"
    if not path.exists():
        return
    with path.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read().decode()
    for line in text.splitlines():
        case = json.loads(line)
        yield pytest.param(case, id=case["name"])


CASES = list(_cases())


def _inventory(step: Document) -> Inventory:
    documents: list[Document] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        for name, labels in step["namespaces"].items()
    ]
    documents += [_pod(pod, step["pod_ports"]) for pod in step["pods"]]
    documents += [POLICY | policy for policy in step["policies"]]
    return Inventory(Resource(reference_of(one), one, Origin("cyclonus")) for one in documents)


def _pod(pod: Document, ports: list[Document]) -> Document:
    declared = [
        {"containerPort": one["port"], "name": one["portName"], "protocol": one["protocol"]} for one in ports
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod["name"], "namespace": pod["namespace"], "labels": pod["labels"]},
        "spec": {"containers": [{"name": "server", "ports": declared}]},
        "status": {"podIP": pod["ip"]},
    }


def _letters(verdict: Verdict) -> str:
    sides = (verdict.is_allowed, verdict.ingress, verdict.egress)
    return "".join("A" if side else "B" for side in sides)


def _probes(name: str, step: Document) -> Iterator[tuple[str, bool, str]]:
    """Every probe of a step: its name, whether it came out as expected, what was found."""
    inventory = _inventory(step)
    network = Connectivity(inventory)
    pods = {f"{one.namespace}/{one.ref.name}": one for one in endpoints(inventory)}
    for source, targets in step["table"].items():
        for target, results in targets.items():
            for service, expected in results.items():
                protocol, _, port = service.partition("/")
                asked = int(port) if port.isdecimal() else port
                found = _letters(network.allowed(pods[source], pods[target], asked, protocol))
                case = f"{name}: {source} -> {target} {service}"
                yield case, found == expected, f"expected {expected}, found {found}"


def test_the_corpus_is_there() -> None:
    corpus("cyclonus")
    assert CASES


@pytest.mark.parametrize("case", CASES)
def test_every_probe_of_a_case_comes_out_as_expected(case: Document) -> None:
    probes = [probe for step in case["steps"] for probe in _probes(case["name"], step)]
    assert probes
    SUITE.settle_all(probes)
