"""Policies call services: only where they may, with limits, and what fails is told."""

import asyncio
import json
import socket
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from propolis.app import service_calls
from propolis.app.egress import DEFAULT_BLOCKED, BlockedError, GuardedResolver, egress_of
from propolis.app.service_calls import open_service_calls
from propolis.cluster.authority import Identity, issue, make_authority
from propolis.core.errors import DocumentError
from propolis.core.evaluation import Answer, LookupKey
from propolis.policy.lookups import HTTP_CALL, SERVICE_CALL

ANYWHERE = egress_of(())
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def called(handler: Handler, *, kind: str = SERVICE_CALL, method: str = "GET", **more: str) -> Answer:
    """What a look-up is told of a service that answers so."""

    async def run() -> Answer:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            async with open_service_calls(ANYWHERE) as calls:
                url = f"http://127.0.0.1:{port}/{more.get('path', '')}"
                arguments = (method, url, more.get("body", ""), more.get("headers", ""), "")
                return await calls.answer(LookupKey(kind, arguments))
        finally:
            await runner.cleanup()

    return asyncio.run(run())


async def says(request: web.Request) -> web.StreamResponse:
    return web.json_response(
        {"method": request.method, "body": await request.text(), "header": request.headers.get("X-Own", "")}
    )


def test_a_service_is_asked_with_body_and_headers() -> None:
    found = called(says, method="POST", body='{"a": 1}', headers='{"X-Own": "yes"}')
    assert found == Answer({"method": "POST", "body": '{"a": 1}', "header": "yes"})


def test_expressions_get_the_status_beside_the_fields() -> None:
    found = called(says, kind=HTTP_CALL)
    assert found.value["statusCode"] == 200
    assert found.value["method"] == "GET"


async def _not_there(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=404, text="nothing")


async def _no_json(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="plain")


@pytest.mark.parametrize(
    ("handler", "error"),
    [(_not_there, "HTTP 404 Not Found: nothing"), (_no_json, "the answer of the service is no JSON")],
)
def test_other_answers_are_errors_of_a_rule(handler: Handler, error: str) -> None:
    assert called(handler).error.startswith(error)


def test_other_answers_are_values_of_an_expression() -> None:
    assert called(_not_there, kind=HTTP_CALL).value == {"body": None, "statusCode": 404}


def test_an_answer_that_is_too_long_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_calls, "MOST_BYTES", 10)
    assert "response length must be less" in called(says).error


def test_redirects_are_followed_but_not_for_ever() -> None:
    async def once(request: web.Request) -> web.StreamResponse:
        if request.path == "/there":
            return await says(request)
        return web.Response(status=302, headers={"Location": "/there"})

    assert called(once).value["method"] == "GET"

    async def ever(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/again"})

    assert "stopped after 10 redirects" in called(ever).error


def test_credentials_are_not_taken_to_another_place() -> None:
    seen: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization", ""))
        port = request.url.port
        if request.host.startswith("localhost"):
            return web.json_response({})
        return web.Response(status=307, headers={"Location": f"http://localhost:{port}/"})

    called(elsewhere, headers='{"Authorization": "Bearer abc"}')
    assert seen == ["Bearer abc", ""]


@pytest.mark.parametrize("headers", ["[", '{"a": 5}', json.dumps({"a": "b\r\nc: d"})])
def test_headers_that_cannot_be_sent_are_an_error(headers: str) -> None:
    assert "header" in called(says, headers=headers).error


def test_a_service_that_is_not_there_is_an_error() -> None:
    async def run() -> Answer:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with open_service_calls(ANYWHERE) as calls:
            return await calls.answer(
                LookupKey(SERVICE_CALL, ("GET", f"http://127.0.0.1:{port}/", "", "", ""))
            )

    assert asyncio.run(run()).error.startswith("failed to call http://127.0.0.1:")


def test_a_service_is_known_by_the_authority_of_the_policy_alone(tmp_path: Path) -> None:
    now = datetime.now(UTC)  # noqa: TID251  # certificates of a test begin now
    authority = make_authority("own", now, timedelta(days=1))
    pair = issue(authority, Identity("service", hosts=("127.0.0.1",)), now, timedelta(days=1))
    (tmp_path / "both.pem").write_bytes(pair.certificate + pair.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")

    async def run(bundle: str) -> Answer:
        application = web.Application()
        application.router.add_get("/", says)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        try:
            async with open_service_calls(ANYWHERE) as calls:
                url = f"https://127.0.0.1:{runner.addresses[0][1]}/"
                return await calls.answer(LookupKey(SERVICE_CALL, ("GET", url, "", "", bundle)))
        finally:
            await runner.cleanup()

    assert asyncio.run(run(authority.certificate.decode())).value["method"] == "GET"
    assert "failed to call" in asyncio.run(run("")).error


def test_an_authority_that_is_none_is_an_error() -> None:
    async def run() -> Answer:
        async with open_service_calls(ANYWHERE) as calls:
            return await calls.answer(
                LookupKey(SERVICE_CALL, ("GET", "https://127.0.0.1/", "", "", "no PEM"))
            )

    assert "failed to call" in asyncio.run(run()).error


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:8080/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://METADATA.google.internal./",
        "file:///etc/passwd",
        "gopher://x/",
        "http:///nothing",
        "http://a:99999999/",
    ],
)
def test_what_must_not_be_called_is_not(url: str) -> None:
    with pytest.raises(BlockedError):
        egress_of().check_url(url)


@pytest.mark.parametrize(
    ("url", "is_permitted"),
    [
        ("https://api.example.com/v1/things", True),
        ("https://API.example.com:443/v1", True),
        ("https://api.example.com/v10", False),
        ("https://api.example.com/v1/../admin", False),
        ("https://api.example.com/v1/%2e%2e/admin", False),
        ("http://api.example.com/v1/things", False),
        ("https://api.example.com.evil.example/v1", False),
        ("https://api.example.com:444/v1", False),
    ],
)
def test_a_list_of_beginnings_permits_nothing_else(url: str, *, is_permitted: bool) -> None:
    egress = egress_of(DEFAULT_BLOCKED, ["https://api.example.com/v1/"])
    if is_permitted:
        egress.check_url(url)
    else:
        with pytest.raises(BlockedError, match="not permitted"):
            egress.check_url(url)


class Names(AbstractResolver):
    """Resolves every name to some addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family, proto=0, flags=0)
            for one in self._addresses
        ]

    async def close(self) -> None:
        return None


def test_a_name_of_which_one_address_is_blocked_has_none() -> None:
    async def resolved(*addresses: str) -> int:
        return len(await GuardedResolver(egress_of(), Names(*addresses)).resolve("name", 80))

    assert asyncio.run(resolved("192.0.2.1")) == 1
    with pytest.raises(BlockedError, match="falls in"):
        asyncio.run(resolved("192.0.2.1", "127.0.0.1"))


@pytest.mark.parametrize(("blocked", "allowed"), [(["10.0.0.0/99"], []), ([], ["api.example.com"])])
def test_lists_that_cannot_be_used_are_errors(blocked: list[str], allowed: list[str]) -> None:
    with pytest.raises(DocumentError):
        egress_of(blocked, allowed)
