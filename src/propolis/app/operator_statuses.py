"""The statuses of policies, kept in step by the operator that leads."""

from propolis.app.admission_objects import PolicyObjects
from propolis.app.policy_status_keeper import PolicyStatusKeeper
from propolis.cluster.reader import ClusterReader
from propolis.core import clock

LOOK_SECONDS = 0.5
"""Between two looks whether policies have changed."""
AGAIN_SECONDS = 10.0
"""Between two looks at all statuses: webhooks and permissions change without a policy."""


class OperatorStatuses:
    """Writes statuses when policies have changed, and now and then."""

    def __init__(self, reader: ClusterReader) -> None:
        self._keeper = PolicyStatusKeeper(reader)
        self._revision = -1
        self._next = 0.0

    async def look(self, objects: PolicyObjects | None) -> None:
        """Writes what is due. Raises `SourceError`."""
        if objects is None or not self._is_due(objects):
            return
        self._revision, self._next = objects.revision, clock.monotonic() + AGAIN_SECONDS
        await self._keeper.write(objects)

    def _is_due(self, objects: PolicyObjects) -> bool:
        return objects.revision != self._revision or clock.monotonic() >= self._next
