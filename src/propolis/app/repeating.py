"""Work that is done again and again while a process runs."""

import asyncio
from collections.abc import Awaitable, Callable

from propolis.core.errors import Error


async def repeat(seconds: float, work: Callable[[], Awaitable[object]], tell: Callable[[str], None]) -> None:
    """Does something now and then; what fails is told, once as long as it stays the same, and done again."""
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
