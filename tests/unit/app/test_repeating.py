"""Work that is done again and again."""

import asyncio

import pytest

from propolis.app.repeating import repeat
from propolis.core.errors import SourceError


class EndedError(Exception):
    """Ends the test."""


def test_what_fails_is_told_once_and_done_again() -> None:
    told: list[str] = []
    calls = iter(range(100))

    async def work() -> None:
        number = next(calls)
        if number in (1, 2, 4):
            raise SourceError("see", "it", "no")
        if number == 6:
            raise EndedError

    with pytest.raises(EndedError):
        asyncio.run(repeat(0, work, told.append))
    assert told == ["cannot see (it): no"] * 2
