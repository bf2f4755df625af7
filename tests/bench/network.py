"""How fast coverage and exposure of a large cluster are found, against trying every selector on every pod."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from propolis import network
from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.label_selector import compile_selector
from propolis.network.engine.policies import Policies
from propolis.network.model.endpoint import Endpoint, endpoints

WORKLOADS = 10_000
NAMESPACES = 10
ROUNDS = 3
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def seconds(work: Callable[[], object]) -> float:
    """The best of some rounds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def run() -> list[str]:
    """A line for the look-up of policies, for coverage and for exposure."""
    inventory = Inventory(
        Resource(reference_of(one), one, Origin("bench.yaml"))
        for number in range(WORKLOADS)
        for one in (workload(number), policy(number), service(number))
    )
    pods = list(endpoints(inventory))
    brute = seconds(lambda: by_trying(inventory, pods[:100])) * WORKLOADS / 100
    indexed = seconds(lambda: by_index(inventory, pods))
    coverage = seconds(lambda: network.evaluate(network.coverage_rules(), inventory, {}, NOW))
    exposure = seconds(lambda: network.exposure(inventory))
    what = f"{WORKLOADS:,} workloads, as many policies, {NAMESPACES} namespaces"
    return [
        f"policies that select each pod, by index: {brute / indexed:.0f}x as fast as by trying each ({what})",
        f"coverage: {brute / coverage:.1f}x as fast as the trying alone ({coverage:.2f} s)",
        f"exposure: {brute / exposure:.1f}x as fast as the trying alone ({exposure:.2f} s)",
    ]


def by_trying(inventory: Inventory, pods: list[Endpoint]) -> int:
    """How many policies select the pods, each tried on each pod of its namespace."""
    selectors = [
        (one.ref.namespace, compile_selector(one.document["spec"]["podSelector"]))
        for one in inventory.kind("NetworkPolicy")
    ]
    return sum(
        space == pod.namespace and selector.matches(pod.labels)
        for pod in pods
        for space, selector in selectors
    )


def by_index(inventory: Inventory, pods: list[Endpoint]) -> int:
    """The same by the index."""
    policies = Policies(inventory)
    return sum(len(policies.selecting(pod.namespace, pod.labels)) for pod in pods)


def workload(number: int) -> Document:
    """A Deployment with a label of its own and one that all have."""
    labels = {"app": f"app-{number}", "part-of": "shop"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": named(number),
        "spec": {"template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main"}]}}},
    }


def policy(number: int) -> Document:
    """A policy for one workload."""
    selector = {"matchLabels": {"part-of": "shop", "app": f"app-{number}"}}
    rules = [{"from": [{"podSelector": {"matchLabels": {"app": "gateway"}}}], "ports": [{"port": 8080}]}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": named(number),
        "spec": {"podSelector": selector, "ingress": rules},
    }


def service(number: int) -> Document:
    """A Service for one workload."""
    selector = {"part-of": "shop", "app": f"app-{number}"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": named(number), "spec": {"selector": selector}}


def named(number: int) -> Document:
    """Metadata: a name, and one of the namespaces."""
    return {"name": f"app-{number}", "namespace": f"team-{number % NAMESPACES}"}
