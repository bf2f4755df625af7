"""A live cluster that is asked again and again by code that is not asynchronous."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

from propolis.cluster.api_client import Patience
from propolis.cluster.kubeconfig import Access
from propolis.cluster.reader import ClusterReader, open_reader

Result = TypeVar("Result")


class LiveCluster:
    """A reader on a loop of its own. A context manager.

    Attributes:
        reader: Its coroutines are run by `run`.

    Raises:
        DocumentError: On entering: the access cannot be used.
        SourceError: On entering: the server does not answer.
    """

    reader: ClusterReader

    def __init__(self, access: Access, patience: Patience = Patience()) -> None:  # noqa: B008  # frozen
        self._access = access
        self._patience = patience
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        try:
            self.reader = self.run(self._stack.enter_async_context(open_reader(self._access, self._patience)))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_raised: object) -> None:
        self.run(self._stack.aclose())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs something on the cluster's loop until it is done."""
        return self._runner.run(work)
