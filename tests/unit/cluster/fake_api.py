"""A small Kubernetes API server on 127.0.0.1: discovery, pages, and every way to misbehave."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

CERTIFICATES = Path(__file__).parent / "certificates"
TOKEN = "test-token"  # noqa: S105  # of the fake server

Document = dict[str, Any]
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]

KINDS = {
    "/api/v1/pods": ("", "v1", "Pod"),
    "/api/v1/configmaps": ("", "v1", "ConfigMap"),
    "/api/v1/namespaces": ("", "v1", "Namespace"),
    "/api/v1/secrets": ("", "v1", "Secret"),
    "/api/v1/services": ("", "v1", "Service"),
    "/apis/apps/v1/deployments": ("apps", "v1", "Deployment"),
    "/apis/apps/v1/replicasets": ("apps", "v1", "ReplicaSet"),
}


def item(name: str, namespace: str = "shop", **fields: Any) -> Document:
    return {"metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}"}, **fields}


class FakeApi:
    """Serves ``objects`` by path; ``faults`` answer the next requests of a path in their place.

    ``documents`` are answered as they are, to POST too, whose bodies are kept in ``posted``.
    """

    def __init__(self, *, is_aggregated: bool = True, token: str = TOKEN) -> None:
        self.objects: dict[str, list[Document]] = {path: [] for path in KINDS}
        self.faults: dict[str, list[Fault | None]] = {}
        self.requests: list[web.Request] = []
        self.documents: dict[str, Any] = {}
        self.posted: list[tuple[str, Any]] = []
        self.token = token
        self.most_items = 10**9
        self._is_aggregated = is_aggregated
        self.open_requests = 0
        self.most_open_requests = 0

    def asked(self, path: str) -> list[web.Request]:
        """The requests of a path."""
        return [request for request in self.requests if request.path == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.open_requests += 1
        self.most_open_requests = max(self.most_open_requests, self.open_requests)
        try:
            await asyncio.sleep(0)
            return await self._answer(request)
        finally:
            self.open_requests -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return refusal(401, "Unauthorized")
        faults = self.faults.get(request.path, [])
        if faults and (fault := faults.pop(0)) is not None:
            return await fault(request)
        if request.method == "POST":
            self.posted.append((request.path, await request.json()))
        if request.path in self.documents:
            return web.json_response(self.documents[request.path], status=201 if request.body_exists else 200)
        whole, namespace = _without_namespace(request.path)
        if whole in self.objects:
            return web.json_response(self.page(request, whole, namespace))
        found = self._discovery(request)
        return refusal(404, "not found") if found is None else web.json_response(found)

    def page(self, request: web.Request, path: str, namespace: str) -> Document:
        limit = min(int(request.query.get("limit", 10**9)), self.most_items)
        start = int(request.query.get("continue", "0"))
        everything = [
            one for one in self.objects[path] if namespace in ("", one["metadata"].get("namespace"))
        ]
        end = start + limit
        token = str(end) if end < len(everything) else ""
        kind = KINDS[path][2]
        return {
            "kind": f"{kind}List",
            "metadata": {"resourceVersion": "7", "continue": token},
            "items": everything[start:end],
        }

    def _discovery(self, request: web.Request) -> Document | None:
        if self._is_aggregated and request.path in ("/api", "/apis"):
            groups = sorted({KINDS[path][:2] for path in KINDS if path.startswith(f"{request.path}/")})
            return {"kind": "APIGroupDiscoveryList", "items": [self._group(*group) for group in groups]}
        if request.path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if request.path == "/apis":
            version = {"groupVersion": "apps/v1", "version": "v1"}
            broken = {"groupVersion": "metrics.k8s.io/v1", "version": "v1"}
            return {
                "kind": "APIGroupList",
                "groups": [
                    {"name": "apps", "versions": [version], "preferredVersion": version},
                    {"name": "metrics.k8s.io", "versions": [broken], "preferredVersion": broken},
                ],
            }
        resources = [
            {"name": path.rpartition("/")[2], "kind": kind, "verbs": ["get", "list"]}
            for path, (_, _, kind) in KINDS.items()
            if path.rpartition("/")[0] == request.path
        ]
        subresource = {"name": "pods/log", "kind": "Pod", "verbs": ["get", "list"]}
        return {"kind": "APIResourceList", "resources": [*resources, subresource]} if resources else None

    def _group(self, group: str, version: str) -> Document:
        resources = [
            {
                "resource": path.rpartition("/")[2],
                "responseKind": {"group": group, "version": version, "kind": kind},
                "verbs": ["get", "list", "watch"],
            }
            for path, (its_group, _, kind) in KINDS.items()
            if its_group == group
        ]
        review = {"resource": "reviews", "responseKind": {"kind": "Review"}, "verbs": ["create"]}
        return {
            "metadata": {"name": group} if group else {"creationTimestamp": None},
            "versions": [{"version": version, "resources": [*resources, review]}],
        }


def _without_namespace(path: str) -> tuple[str, str]:
    """The path of the list over all namespaces, and the namespace that was named."""
    before, _, rest = path.partition("/namespaces/")
    namespace, _, plural = rest.partition("/")
    return (f"{before}/{plural}", namespace) if plural else (path, "")


def refusal(status: int, message: str, **headers: str) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "message": message, "code": status}
    return web.json_response(
        body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def refusing(status: int, message: str = "no", **headers: str) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        del request
        return refusal(status, message, **headers)

    return fault


def saying(body: bytes) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        del request
        return web.Response(body=body, content_type="application/json")

    return fault


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answers, until the client goes away."""
    del request
    await asyncio.Event().wait()
    raise AssertionError


async def cut(request: web.Request) -> web.StreamResponse:
    """Begins an answer and breaks the connection."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"items": [')
    assert request.transport is not None
    request.transport.abort()
    return response


@asynccontextmanager
async def serving(
    api: FakeApi, *, is_secure: bool = False, needs_certificate: bool = False
) -> AsyncIterator[str]:
    """The address of the server while it runs."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    context = None
    if is_secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "server.pem")
        if needs_certificate:
            context.load_verify_locations(CERTIFICATES / "authority.pem")
            context.verify_mode = ssl.CERT_REQUIRED
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        yield f"{'https' if is_secure else 'http'}://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@contextmanager
def served_from_another_thread(api: FakeApi) -> Iterator[str]:
    """The address of the server, which runs on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running = serving(api)
    try:
        yield asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
