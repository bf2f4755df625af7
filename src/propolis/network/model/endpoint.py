"""Endpoints: the pods that a workload makes, as the network sees them."""

from collections.abc import Iterator

import msgspec

from propolis.core.inventory import Inventory
from propolis.core.resource import Document, Resource, ResourceRef
from propolis.core.workload import POD_PATHS, containers, is_workload, pod_labels, pod_spec
from propolis.lang.label_selector import text_labels
from propolis.network.model.address import parse_address

DEFAULT_NAMESPACE = "default"


class ContainerPort(msgspec.Struct, frozen=True):
    """A port that a container declares."""

    protocol: str
    number: int
    name: str = ""
    host_port: int = 0


class Endpoint(msgspec.Struct, frozen=True):
    """All pods of one workload; they share labels, ports and namespace.

    Attributes:
        address: IP version and number of a pod that runs; None when unknown.
    """

    ref: ResourceRef
    namespace: str
    labels: dict[str, str]
    ports: tuple[ContainerPort, ...] = ()
    on_host_network: bool = False
    address: tuple[int, int] | None = None


def endpoints(inventory: Inventory) -> Iterator[Endpoint]:
    """An endpoint for every workload; pods that another workload of the inventory makes are left out."""
    for resource in inventory.kind(*POD_PATHS):
        if is_workload(resource.ref) and not is_made_by_another(resource, inventory):
            found = endpoint_of(resource)
            if found is not None:
                yield found


def endpoint_of(resource: Resource) -> Endpoint | None:
    """The endpoint of a workload; None where the document has no pod spec."""
    spec = pod_spec(resource.document)
    if spec is None:
        return None
    status = resource.document.get("status")
    address = status.get("podIP") if isinstance(status, dict) else None
    return Endpoint(
        ref=resource.ref,
        namespace=resource.ref.namespace or DEFAULT_NAMESPACE,
        labels=text_labels(pod_labels(resource.document)),
        ports=tuple(_ports(spec)),
        on_host_network=spec.get("hostNetwork") is True,
        address=parse_address(address) if isinstance(address, str) else None,
    )


def is_made_by_another(resource: Resource, inventory: Inventory) -> bool:
    """Whether a workload of the inventory controls this one."""
    metadata = resource.document.get("metadata")
    owners = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
    for owner in owners if isinstance(owners, list) else ():
        if (
            isinstance(owner, dict)
            and owner.get("controller") is True
            and str(owner.get("kind")) in POD_PATHS
        ):
            return inventory.find(_owner(owner, resource.ref)) is not None
    return False


def _owner(owner: Document, owned: ResourceRef) -> ResourceRef:
    """The reference of an owner, which stands in the namespace of what it owns."""
    return ResourceRef(
        api_version=str(owner.get("apiVersion", "")),
        kind=owner["kind"],
        name=str(owner.get("name", "")),
        namespace=owned.namespace,
        cluster=owned.cluster,
    )


def _ports(spec: Document) -> Iterator[ContainerPort]:
    """Declared ports of all containers; init containers count where they go on running (restartPolicy)."""
    for container in containers(spec):
        if container.list_name == "initContainers" and container.document.get("restartPolicy") != "Always":
            continue
        found = container.document.get("ports")
        for item in found if isinstance(found, list) else ():
            if isinstance(item, dict) and isinstance(item.get("containerPort"), int):
                yield _port(item)


def _port(item: Document) -> ContainerPort:
    host_port, name, protocol = item.get("hostPort"), item.get("name"), item.get("protocol")
    return ContainerPort(
        protocol=protocol if isinstance(protocol, str) and protocol else "TCP",
        number=item["containerPort"],
        name=name if isinstance(name, str) else "",
        host_port=host_port if isinstance(host_port, int) else 0,
    )
