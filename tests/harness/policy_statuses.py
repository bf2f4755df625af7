"""Follows the policies of a cluster and writes their statuses, as a process of its own."""

import asyncio
import json
import sys
from pathlib import Path

from propolis.app.admission_objects import PolicyObjects
from propolis.app.policy_status_keeper import PolicyStatusKeeper
from propolis.cluster.kubeconfig import load_access
from propolis.cluster.reader import open_reader


async def settled(kubeconfig: Path) -> tuple[int, int]:
    """Writes statuses until none is left; how many, and how often policies changed meanwhile."""
    async with open_reader(load_access([kubeconfig])) as reader, asyncio.TaskGroup() as tasks:
        objects, keeper = PolicyObjects(reader.client), PolicyStatusKeeper(reader)
        reflectors = objects.reflectors_of(reader.served)
        running = [tasks.create_task(one.run()) for one in reflectors]
        for one in reflectors:
            await one.is_synced.wait()
        changes = 0
        while True:
            before = keeper.statuses.written
            await keeper.write(objects)
            changes += objects.is_changed
            objects.read()
            if keeper.statuses.written == before and all(found.status for _, _, found in objects.each()):
                break
        for task in running:
            task.cancel()
        return keeper.statuses.written, changes


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(settled(Path(sys.argv[1])))))
