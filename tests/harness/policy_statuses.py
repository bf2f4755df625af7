"""Follows the policies of a cluster and writes their statuses, as a process of its own."""

import asyncio
import json
import sys
from pathlib import Path

from propolis.app.admission_objects import PolicyObjects
from propolis.app.admission_rules import for_requests
from propolis.app.policy_states import PolicyStates
from propolis.app.policy_statuses import PolicyStatuses
from propolis.app.scan_permissions import ScanPermissions
from propolis.cluster.kubeconfig import load_access
from propolis.cluster.reader import open_reader


async def settled(kubeconfig: Path) -> tuple[int, int]:
    """Writes statuses until none is left; how many, and how often policies changed meanwhile."""
    async with open_reader(load_access([kubeconfig])) as reader, asyncio.TaskGroup() as tasks:
        objects, states = PolicyObjects(reader.client), PolicyStates()
        statuses, permissions = PolicyStatuses(reader.client), ScanPermissions(reader)
        reflectors = objects.reflectors_of(reader.served)
        running = [tasks.create_task(one.run()) for one in reflectors]
        for one in reflectors:
            await one.is_synced.wait()
        changes = 0
        while True:
            found = states.of(objects, lambda one: for_requests(one) is not None, is_configured=True)
            before = statuses.written
            await statuses.write(await permissions.fill(found))
            changes += objects.is_changed
            objects.read()
            if statuses.written == before and all(one.before for one in found):
                break
            await asyncio.sleep(0)
        for task in running:
            task.cancel()
        return statuses.written, changes


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(settled(Path(sys.argv[1])))))
