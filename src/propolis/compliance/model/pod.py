"""A pod as checks see it: each field that several checks need is taken out of the document once."""

from typing import Any

import msgspec

from propolis.core.resource import Document, ResourceRef
from propolis.core.workload import CONTAINER_LISTS, POD_PATHS, pod_metadata, pod_spec

EMPTY: Document = {}


class ContainerView(msgspec.Struct, frozen=True):
    """One container.

    Attributes:
        path: Its place in the document (``spec.template.spec.containers[0]``).
        security: Its securityContext; empty where there is none.
        added: Capabilities that it adds, in capitals without ``CAP_``.
        dropped: Capabilities that it drops, likewise.
        requests: Requested resources by name.
        limits: Limited resources by name.
    """

    name: str
    path: str
    document: Document
    security: Document
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    requests: Document
    limits: Document
    is_ephemeral: bool = False


class PodView(msgspec.Struct, frozen=True):
    """The pod of a workload.

    Attributes:
        ref: The workload.
        path: Place of the pod spec in the document.
        annotations: Annotations of the pods, not of the workload.
        security: The pod's securityContext; empty where there is none.
        volumes: The volumes that are maps, with their places in the list.
    """

    ref: ResourceRef
    path: str
    spec: Document
    annotations: Document
    security: Document
    volumes: tuple[tuple[int, Document], ...]
    containers: tuple[ContainerView, ...]


def view_pod(document: Document, ref: ResourceRef) -> PodView | None:
    """The pod of a workload; None where the document has no pod spec."""
    spec = pod_spec(document)
    if spec is None:
        return None
    path = ".".join(POD_PATHS[ref.kind])
    return PodView(
        ref=ref,
        path=path,
        spec=spec,
        annotations=map_of(pod_metadata(document).get("annotations")),
        security=map_of(spec.get("securityContext")),
        volumes=numbered_maps(spec.get("volumes")),
        containers=_containers(spec, path),
    )


def map_of(value: Any) -> Document:
    """A map, or an empty one for every other shape."""
    return value if isinstance(value, dict) else EMPTY


def numbered_maps(value: Any) -> tuple[tuple[int, Document], ...]:
    """The maps of a list with their places."""
    if not isinstance(value, list):
        return ()
    return tuple((index, item) for index, item in enumerate(value) if isinstance(item, dict))


def _containers(spec: Document, path: str) -> tuple[ContainerView, ...]:
    """All containers; of two with one name the later one is named with its place."""
    found: list[ContainerView] = []
    names: set[str] = set()
    for list_name in CONTAINER_LISTS:
        for index, document in numbered_maps(spec.get(list_name)):
            place = f"{list_name}[{index}]"
            named = document.get("name")
            name = named if isinstance(named, str) and named else place
            name = f"{name} {place}" if name in names else name
            names.add(name)
            found.append(_container(document, name, f"{path}.{place}", list_name))
    return tuple(found)


def _container(document: Document, name: str, path: str, list_name: str) -> ContainerView:
    security = map_of(document.get("securityContext"))
    capabilities = map_of(security.get("capabilities"))
    resources = map_of(document.get("resources"))
    return ContainerView(
        name=name,
        path=path,
        document=document,
        security=security,
        added=_capability_names(capabilities.get("add")),
        dropped=_capability_names(capabilities.get("drop")),
        requests=map_of(resources.get("requests")),
        limits=map_of(resources.get("limits")),
        is_ephemeral=list_name == "ephemeralContainers",
    )


def _capability_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item.upper().removeprefix("CAP_") for item in value if isinstance(item, str))
