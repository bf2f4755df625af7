"""A small registry on 127.0.0.1, in a thread of its own: tokens, blobs, and every way to misbehave."""

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from propolis.core.errors import Place
from propolis.registry.client import Access, RegistryClient
from propolis.registry.docker_config import DockerConfig, parse_docker_config
from propolis.registry.exchange import Patience
from tests.harness.layers import digest_of

OCI = "application/vnd.oci.image."
INDEX, MANIFEST = f"{OCI}index.v1+json", f"{OCI}manifest.v1+json"
CERTIFICATES = Path(__file__).parents[1] / "cluster" / "certificates"
TOKEN = "token-of-the-fake"  # noqa: S105  # of the fake registry
PATIENCE = Patience(connect_seconds=5, silence_seconds=5, request_seconds=5, attempts=3)

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeRegistry:
    """Serves ``files`` by path below ``/v2/``; ``faults`` answer the next requests of a path in their place.

    Attributes:
        challenge: The WWW-Authenticate header of those who show nothing; empty where all may read.
        wanted: The Authorization header that it wants to see.
        login: Likewise its token service; empty where anyone gets a token.
    """

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.requests: list[web.Request] = []
        self.forms: list[Mapping[str, Any]] = []
        self.challenge = ""
        self.wanted = f"Bearer {TOKEN}"
        self.login = ""
        self.token: dict[str, Any] = {"token": TOKEN}
        self.host = ""

    def put(self, path: str, content: bytes, media_type: str = "application/octet-stream") -> str:
        """Adds a file; its digest."""
        self.files[path] = (media_type, content)
        return digest_of(content)

    def put_manifest(self, document: Any, tag: str = "1", repository: str = "shop/web") -> dict[str, Any]:
        """Adds a manifest under its tag and digest; its descriptor."""
        content = json.dumps(document).encode()
        kind = document["mediaType"]
        for name in (tag, digest_of(content)):
            self.put(f"{repository}/manifests/{name}", content, kind)
        return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}

    def put_blob(self, content: bytes, kind: str = f"{OCI}config.v1+json") -> dict[str, Any]:
        """Adds a blob; its descriptor."""
        digest = self.put(f"shop/web/blobs/{digest_of(content)}", content)
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def put_image(
        self, tag: str = "1", config: bytes = b"{}", layers: tuple[bytes, ...] = ()
    ) -> dict[str, Any]:
        """Adds an image of packed layers; the descriptor of its manifest."""
        blobs = [self.put_blob(one, f"{OCI}layer.v1.tar+gzip") for one in layers]
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.put_blob(config),
            "layers": blobs,
        }
        return self.put_manifest(document, tag)

    def asks_for_token(self) -> None:
        """From now on."""
        self.challenge = (
            f'Bearer realm="{self.address}/token",service="fake",scope="repository:shop/web:pull"'
        )

    @property
    def address(self) -> str:
        return f"http://{self.host}"

    def asked(self, part: str) -> list[web.Request]:
        """The requests whose path has a part."""
        return [request for request in self.requests if part in request.path]

    def shown(self) -> list[str]:
        """The Authorization headers of all requests."""
        return [request.headers.get("Authorization", "") for request in self.requests]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if request.method == "POST":
            self.forms.append(dict(await request.post()))
        for path, faults in self.faults.items():
            if request.path.endswith(path) and faults:
                return await faults.pop(0)(request)
        shown = request.headers.get("Authorization", "")
        if request.path == "/token":
            is_known = not self.login or shown == self.login
            return web.json_response(self.token) if is_known else refusal(401, "who are you")
        if self.challenge and shown != self.wanted:
            return refusal(401, "authentication required", **{"WWW-Authenticate": self.challenge})
        return self._file(request)

    def _file(self, request: web.Request) -> web.Response:
        found = self.files.get(request.path.removeprefix("/v2/"))
        if found is None:
            return refusal(404, "manifest unknown")
        kind, content = found
        first = request.headers.get("Range", "")
        if not first:
            return web.Response(body=content, headers={"Content-Type": kind})
        start = int(first.removeprefix("bytes=").removesuffix("-"))
        told = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return web.Response(body=content[start:], status=206, headers={"Content-Range": told})


def refusal(status: int, message: str, **headers: str) -> web.Response:
    body = {"errors": [{"code": "NO", "message": message}]}
    return web.json_response(body, status=status, headers=headers)


def refusing(status: int, message: str = "no", **headers: str) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        del request
        return refusal(status, message, **headers)

    return fault


def redirecting(location: str) -> Fault:
    return refusing(307, Location=location)


def saying(content: bytes, kind: str = MANIFEST, status: int = 200, **headers: str) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        del request
        return web.Response(body=content, status=status, headers={"Content-Type": kind, **headers})

    return fault


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answers, until the client goes away."""
    del request
    await asyncio.Event().wait()
    raise AssertionError


def cutting(content: bytes, after: int) -> Fault:
    """Breaks the connection after some bytes of what was asked for."""

    async def fault(request: web.Request) -> web.StreamResponse:
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        headers = {"Content-Length": str(len(content) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        response = web.StreamResponse(status=206 if start else 200, headers=headers)
        await response.prepare(request)
        await response.write(content[start : start + after])
        assert request.transport is not None
        request.transport.close()
        return response

    return fault


@contextmanager
def serving(*registries: FakeRegistry, is_secure: bool = False) -> Iterator[None]:
    """Serves registries, each under its own port, while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runners = [asyncio.run_coroutine_threadsafe(_start(one, is_secure), loop).result() for one in registries]
    try:
        yield
    finally:
        for runner in runners:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(registry: FakeRegistry, is_secure: bool) -> web.AppRunner:  # noqa: FBT001  # one caller
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", registry.answer)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    context = None
    if is_secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "server.pem")
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    registry.host = f"127.0.0.1:{runner.addresses[0][1]}"
    return runner


class Waits:
    """Keeps for how long somebody wanted to sleep, and does not."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def client(
    config: DockerConfig | None = None,
    patience: Patience = PATIENCE,
    waits: Waits | None = None,
    **access: Any,
) -> RegistryClient:
    """A client that does not sleep."""
    return RegistryClient(Access(config or DockerConfig(), **access), patience, sleep=waits or Waits())


def config_of(host: str, name: str = "ann", password: str = "secret") -> DockerConfig:  # noqa: S107  # of a test
    """Credentials for one registry."""
    auth = base64.b64encode(f"{name}:{password}".encode()).decode()
    return parse_docker_config(json.dumps({"auths": {host: {"auth": auth}}}).encode(), Place("config.json"))
