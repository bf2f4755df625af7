"""Statuses of policies, written back to the cluster by server-side apply, and only where they change."""

import asyncio
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.discovery import Served
from propolis.core import clock
from propolis.core.resource import Document
from propolis.policy.engine.crd.defaults import with_defaults
from propolis.policy.engine.policy_state import PolicyState, status_of
from propolis.policy.model.schema.derive import Schema, schema_of
from propolis.policy.model.schema.kinds import CustomKind

AT_ONCE = 8
"""Statuses that are written at the same time."""
SEEN_SECONDS = 10.0
"""After which a status that was written and is not there is written again: somebody else has changed it."""
_GONE = frozenset({404, 409, 410})

_Key = tuple[str, str, str, str]
"""Name of the definition, namespace, name, uid."""


class _Sent(msgspec.Struct, frozen=True):
    """A status that was written, and when by the process's own clock."""

    status: Document
    at: float


class PolicyStatuses:
    """What the cluster says of policies. Only one process may write: the leader.

    Attributes:
        written: How many statuses were written.
    """

    def __init__(self, client: ApiClient) -> None:
        self.written = 0
        self._client = client
        self._sent: dict[_Key, _Sent] = {}

    async def write(self, states: Iterable[PolicyState]) -> None:
        """Brings the cluster in step, where a status is not what it should be.

        Raises:
            SourceError: The server refuses or does not answer; the others are written all the same, and what
                is not written yet is written next time.
        """
        wanted = [one for one in states if one.kind.status is not None]
        for key in self._sent.keys() - {_key(one) for one in wanted}:
            del self._sent[key]
        gate = asyncio.Semaphore(AT_ONCE)
        results = await asyncio.gather(*(self._settle(one, gate) for one in wanted), return_exceptions=True)
        for failed in results:
            if isinstance(failed, BaseException):
                raise failed

    async def _settle(self, state: PolicyState, gate: asyncio.Semaphore) -> None:
        key = _key(state)
        sent = self._sent.get(key)
        made = _stored(state.kind, status_of(state, clock.now(), sent.status if sent else state.before))
        if made == state.before:
            self._sent.pop(key, None)
            return
        now = clock.monotonic()
        if sent is not None and sent.status == made and now - sent.at < SEEN_SECONDS:
            return
        async with gate:
            await self._apply(state, made)
        self._sent[key] = _Sent(made, now)

    async def _apply(self, state: PolicyState, status: Document) -> None:
        served = _served(state.kind)
        metadata = {"name": state.name}
        metadata |= {"namespace": state.namespace} if served.is_namespaced else {}
        metadata |= {"uid": state.uid} if state.uid else {}
        document = {
            "apiVersion": served.api_version, "kind": served.kind, "metadata": metadata, "status": status,
        }  # fmt: skip
        path = f"{served.path_in(state.namespace)}/{state.name}/status"
        try:
            await self._client.apply(path, f"write the status of {path}", msgspec.json.encode(document))
        except RefusedError as error:
            if error.status not in _GONE:
                raise
        else:
            self.written += 1


def _key(state: PolicyState) -> _Key:
    return state.kind.name, state.namespace, state.name, state.uid


def _served(kind: CustomKind) -> Served:
    return Served(kind.group, kind.versions[0].name, kind.kind, kind.plural, kind.scope == "Namespaced")


def _stored(kind: CustomKind, status: Document) -> Document:
    """The status with what an API server sets in it, so that it compares with what is read."""
    found = with_defaults(status, _status_schema(kind.name, kind.status))
    return found if isinstance(found, dict) else status


@lru_cache(maxsize=64)
def _status_schema(_name: str, struct: type[msgspec.Struct] | None) -> Schema:
    return schema_of(struct)
