"""Work that goes on around a server: done again and again, until the process is asked to stop."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from propolis.app.admission_serving import asked_to_leave
from propolis.core.errors import Error
from propolis.core.printable import printable


async def repeat(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Does something now and then; what fails is told and done again."""
    last = ""
    while True:
        try:
            await work()
            last = ""
        except Error as error:
            if str(error) != last:
                tell(str(error))
            last = str(error)
        await asyncio.sleep(seconds)


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
