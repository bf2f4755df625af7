"""Work that only a leader does: begun with each term, ended before another may lead."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Work = Callable[[], Coroutine[Any, Any, None]]


class Terms:
    """Told by an election when a term begins and ends. Calls do not wait."""

    def __init__(self) -> None:
        self._leads = asyncio.Event()
        self._follows = asyncio.Event()
        self._follows.set()

    def gained(self) -> None:
        """Leads from now on."""
        self._follows.clear()
        self._leads.set()

    def lost(self) -> None:
        """Leads no more."""
        self._leads.clear()
        self._follows.set()

    async def run(self, work: Work) -> None:
        """Does the work in every term, from its beginning; what fails in it ends all.

        Returns when the work ends by itself.
        """
        while True:
            await self._leads.wait()
            if await self._term(work):
                return

    async def _term(self, work: Work) -> bool:
        """One term; whether the work has ended by itself."""
        doing = asyncio.ensure_future(work())
        losing = asyncio.ensure_future(self._follows.wait())
        try:
            await asyncio.wait((doing, losing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            losing.cancel()
            has_ended = doing.done()
            doing.cancel()
            await asyncio.wait((doing,))
        if has_ended:
            doing.result()
        return has_ended
