"""Deletes objects of a cluster, each only while it is the one that was meant."""

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.core.errors import SourceError
from propolis.core.resource import ResourceRef

PROPAGATIONS = frozenset({"Foreground", "Background", "Orphan"})


def object_path(served: Served, ref: ResourceRef) -> str:
    """The path of an object."""
    return f"{served.path_in(ref.namespace)}/{quote(ref.name, safe='')}"


def served_kind(served: Iterable[Served], ref: ResourceRef) -> Served:
    """The kind of an object, in the version that it is named by.

    Raises:
        SourceError: The server does not serve it.
    """
    for one in served:
        if (one.group, one.kind) == (ref.group, ref.kind):
            version = ref.api_version.rpartition("/")[2]
            return msgspec.structs.replace(one, version=version) if version else one
    raise SourceError(f"find {ref.kind}", "", f"the server has no {ref.kind} of {ref.api_version}")


async def remove(client: ApiClient, served: Served, ref: ResourceRef, propagation: str = "") -> None:
    """Deletes an object; another of the same name stays.

    Args:
        client: Of the cluster.
        served: The kind of the object.
        ref: The object; with its uid, so that a new one of its name is not taken for it.
        propagation: One of `PROPAGATIONS`; empty for the server's default.

    Raises:
        RefusedError: The server refuses; 409 where another object has the name now.
        SourceError: No answer.
    """
    options: dict[str, object] = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if ref.uid:
        options["preconditions"] = {"uid": ref.uid}
    if propagation in PROPAGATIONS:
        options["propagationPolicy"] = propagation
    await client.delete(object_path(served, ref), f"delete {ref}", msgspec.json.encode(options))
