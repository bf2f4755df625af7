"""Workloads, policies and Services, in as few words as tests need."""

from typing import Any

from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Origin, Resource, reference_of


def inventory(*documents: Document) -> Inventory:
    """The documents as observed."""
    return Inventory(Resource(reference_of(one), one, Origin("shop.yaml", 5)) for one in documents)


def deployment(name: str, namespace: str = "shop", **spec: Any) -> Document:
    """A Deployment whose pods have the label ``app``."""
    containers = spec.pop("containers", [{"name": "main", "ports": spec.pop("ports", [])}])
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers} | spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template},
    }


def policy(app: str | None, name: str = "policy", namespace: str = "shop", **spec: Any) -> Document:
    """A NetworkPolicy for pods with a label ``app``, or for all pods of its namespace."""
    selector = {"matchLabels": {"app": app}} if app else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector} | spec,
    }


def service(app: str, namespace: str = "shop", **spec: Any) -> Document:
    """A Service of the same name as the ``app`` that it selects."""
    metadata = {"name": app, "namespace": namespace} | spec.pop("metadata", {})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": {"app": app}} | spec,
    }


def pods(app: str) -> Document:
    """A peer: the pods of an app in the policy's namespace."""
    return {"podSelector": {"matchLabels": {"app": app}}}
