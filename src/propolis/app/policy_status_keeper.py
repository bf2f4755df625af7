"""Keeps the statuses of policies in step, for the process that leads."""

import asyncio

from propolis.app.acting_rules import acting
from propolis.app.admission_objects import PolicyObjects
from propolis.app.admission_rules import for_requests
from propolis.app.configured_webhooks import configured_webhooks
from propolis.app.policy_states import PolicyStates
from propolis.app.policy_statuses import PolicyStatuses
from propolis.app.scan_permissions import ScanPermissions
from propolis.cluster.reader import ClusterReader
from propolis.policy.model.any import AnyPolicy


class PolicyStatusKeeper:
    """Looks at what became of policies and tells the cluster, as often as it is asked to.

    Attributes:
        statuses: Who writes.
    """

    def __init__(self, reader: ClusterReader) -> None:
        self.statuses = PolicyStatuses(reader.client)
        self._client = reader.client
        self._permissions = ScanPermissions(reader)
        self._states = PolicyStates()

    async def write(self, objects: PolicyObjects) -> None:
        """Brings the statuses of all policies in step; what is new is compiled beside other work.

        A policy that is for requests counts as in force while an admission server of ours has webhooks in the
        cluster: they follow the policies within a second.

        Raises:
            SourceError: The API server refuses or does not answer.
        """
        is_configured = any(one.of for one in await configured_webhooks(self._client))
        states = await asyncio.to_thread(
            self._states.of, objects, is_asked_about, is_configured=is_configured
        )
        await self.statuses.write(await self._permissions.fill(states))


def is_asked_about(policy: AnyPolicy) -> bool:
    """Whether a webhook must bring requests for a policy: to judge or change them, or to act after them."""
    return for_requests(policy) is not None or acting(policy) is not None
