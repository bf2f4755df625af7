"""Work that is done again and again, and sooner when somebody asks."""

import asyncio

from propolis.app.admission_tasks import repeat

NEVER_SECONDS = 3600.0


def test_work_is_done_again_as_soon_as_somebody_asks_for_it() -> None:
    async def run() -> int:
        done, wake, times = asyncio.Event(), asyncio.Event(), 0

        async def work() -> None:
            nonlocal times
            times += 1
            done.set()

        task = asyncio.create_task(repeat(NEVER_SECONDS, work, wake))
        for _ in range(3):
            await asyncio.wait_for(done.wait(), 30)
            done.clear()
            wake.set()
        task.cancel()
        return times

    assert asyncio.run(run()) == 3


def test_what_is_asked_for_while_it_is_done_is_done_after() -> None:
    async def run() -> None:
        wake, twice = asyncio.Event(), asyncio.Event()
        times = 0

        async def work() -> None:
            nonlocal times
            times += 1
            if times == 1:
                wake.set()
            else:
                twice.set()

        task = asyncio.create_task(repeat(NEVER_SECONDS, work, wake))
        await asyncio.wait_for(twice.wait(), 30)
        task.cancel()

    asyncio.run(run())
