"""The fake API server with watches: what changes is sent to everybody who follows."""

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.unit.cluster.fake_api import FakeApi

Document = dict[str, Any]


class WatchedApi(FakeApi):
    """``change`` puts or drops an object, and tells those who watch its kind."""

    def __init__(self) -> None:
        super().__init__()
        self._version = 7
        self._history: dict[str, list[tuple[int, bytes]]] = {}
        self._watches: dict[str, list[asyncio.Queue[bytes]]] = {}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query or self.faults.get(request.path):
            return await super()._answer(request)
        response = web.StreamResponse()
        await response.prepare(request)
        events: asyncio.Queue[bytes] = asyncio.Queue()
        for version, line in self._history.get(request.path, []):
            if version > int(request.query["resourceVersion"]):
                events.put_nowait(line)
        self._watches.setdefault(request.path, []).append(events)
        while True:
            await response.write(await events.get())

    def change(self, path: str, document: Document, type_: str = "MODIFIED") -> None:
        self._version += 1
        metadata = {
            "uid": document["metadata"]["name"],
            **document["metadata"],
            "resourceVersion": str(self._version),
        }
        document = {**document, "metadata": metadata}
        name = metadata.get("namespace"), metadata["name"]
        kept = [one for one in self.objects[path] if _name(one) != name]
        self.objects[path] = kept if type_ == "DELETED" else [*kept, document]
        line = json.dumps({"type": type_, "object": document}).encode() + b"\n"
        self._history.setdefault(path, []).append((self._version, line))
        for events in self._watches.get(path, []):
            events.put_nowait(line)


def _name(document: Document) -> tuple[str | None, str]:
    return document["metadata"].get("namespace"), document["metadata"]["name"]
