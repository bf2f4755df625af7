"""Work that only a leader does."""

import asyncio

import pytest

from propolis.app.terms import Terms


def test_work_is_begun_with_each_term_and_ended_with_it() -> None:
    async def run() -> list[str]:
        terms, told = Terms(), []

        async def work() -> None:
            told.append("begun")
            try:
                await asyncio.Event().wait()
            finally:
                told.append("ended")

        task = asyncio.create_task(terms.run(work))
        for change in (terms.gained, terms.lost, terms.lost, terms.gained):
            change()
            for _ in range(5):
                await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return told

    assert asyncio.run(run()) == ["begun", "ended", "begun", "ended"]


def test_nothing_is_done_before_it_leads() -> None:
    async def run() -> None:
        async def work() -> None:
            raise AssertionError

        task = asyncio.create_task(Terms().run(work))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_what_fails_in_a_term_ends_all() -> None:
    async def run() -> None:
        async def work() -> None:
            raise ValueError("broken")

        terms = Terms()
        terms.gained()
        await terms.run(work)

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(run())


def test_work_that_ends_by_itself_ends_the_run() -> None:
    async def run() -> None:
        terms = Terms()
        terms.gained()
        await terms.run(lambda: asyncio.sleep(0))

    asyncio.run(run())
