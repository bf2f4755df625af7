"""Work that goes on around a server: done again and again, until the process is asked to stop."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable

from propolis.app.admission_serving import asked_to_leave
from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.printable import printable

SHORTEST_SECONDS = 0.01
"""Before something is done again that somebody asks for: changes that come together are taken together."""


async def repeat(
    seconds: float, work: Callable[[], Awaitable[None]], wake: asyncio.Event | None = None
) -> None:
    """Does something now and then; what fails is told and done again.

    Args:
        seconds: Between two times.
        work: What is done.
        wake: Whoever sets it has it done sooner: after a pause as long as it took the last time.
    """
    last = ""
    while True:
        began = clock.monotonic()
        try:
            await work()
            last = ""
        except Error as error:
            if str(error) != last:
                tell(str(error))
            last = str(error)
        took = clock.monotonic() - began
        if wake is None:
            await asyncio.sleep(seconds)
            continue
        await asyncio.sleep(min(max(took, SHORTEST_SECONDS), seconds))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), seconds)
        wake.clear()


async def until_asked(serving: "asyncio.Task[None]") -> None:
    """Waits until the process is asked to stop, or the server has ended by itself."""
    leave = asyncio.Event()
    with asked_to_leave(leave):
        waiting = asyncio.ensure_future(leave.wait())
        await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()


def tell(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{printable(text)}\n")
    sys.stderr.flush()
