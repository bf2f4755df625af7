"""Which replicas of an admission server there are: a Lease each, beside the Secret that they share.

The last one that leaves on purpose takes the webhooks with it; one that was killed counts until its Lease
ends.
"""

import secrets
import socket
from datetime import datetime, timedelta
from typing import Any

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import JSON
from propolis.core.errors import SourceError
from propolis.core.resource import Document

LEASE_SECONDS = 40
RENEW_SECONDS = 10.0
FORGET = timedelta(minutes=10)
"""After its end, when the Lease of a replica that was killed is deleted."""
LABEL = "propolis.dev/admission"
_API_VERSION = "coordination.k8s.io/v1"


class _Metadata(msgspec.Struct, frozen=True):
    name: str = ""


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    renew_time: datetime | None = None
    lease_duration_seconds: int = LEASE_SECONDS


class _Lease(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    spec: _Spec = _Spec()

    def ends(self, now: datetime) -> datetime:
        """When it ends; one without a time has just begun."""
        return (self.spec.renew_time or now) + timedelta(seconds=self.spec.lease_duration_seconds)


class _Leases(msgspec.Struct, frozen=True):
    items: tuple[_Lease, ...] | None = None


class Replicas:
    """The replicas of one name in one namespace, of which this process is one."""

    def __init__(self, client: ApiClient, namespace: str, name: str) -> None:
        self._client = client
        self._namespace = namespace
        self._of = name
        self._own = f"{name}-{secrets.token_hex(6)}"
        self._path = f"/apis/{_API_VERSION}/namespaces/{namespace}/leases"

    async def renew(self, now: datetime) -> None:
        """Says that this replica is there, and forgets those that are gone for long. Raises `SourceError`."""
        body = msgspec.json.encode(self._document(now))
        await self._client.apply(f"{self._path}/{self._own}", f"write Lease {self._own}", body)
        for lease in await self._leases():
            if lease.ends(now) + FORGET <= now:
                await self._delete(lease.metadata.name)

    async def leave(self, now: datetime) -> bool:
        """Says that this replica leaves; whether it was the last one. Raises `SourceError`."""
        await self._delete(self._own)
        return not await self.are_there(now)

    async def are_there(self, now: datetime) -> bool:
        """Whether there are others. Raises `SourceError`."""
        return any(one.metadata.name != self._own and one.ends(now) > now for one in await self._leases())

    async def _delete(self, name: str) -> None:
        await self._client.delete(f"{self._path}/{name}", f"delete Lease {name}")

    async def _leases(self) -> tuple[_Lease, ...]:
        query = {"labelSelector": f"{LABEL}={self._of}"}
        body = await self._client.get(self._path, "list Leases", JSON, query)
        try:
            return msgspec.json.decode(body, type=_Leases).items or ()
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            told = f"the answer cannot be read: {error}"
            raise SourceError("list Leases", self._client.server, told) from error

    def _document(self, now: datetime) -> Document:
        metadata: dict[str, Any] = {
            "name": self._own,
            "namespace": self._namespace,
            "labels": {LABEL: self._of, "app.kubernetes.io/managed-by": "propolis"},
        }
        spec = {
            "holderIdentity": f"{socket.gethostname()}_{self._own}",
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        return {"apiVersion": _API_VERSION, "kind": "Lease", "metadata": metadata, "spec": spec}
