"""Calls of policies to services: ``apiCall.service`` of rules and ``http`` of expressions.

Follows Kyverno pkg/engine/apicall @ v1.19.1: GET and POST, headers and an authority of the policy's own, ten
redirects at most each of which must be permitted, answers of 2 MB. No token of this process is ever sent.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

import aiohttp
import msgspec

from propolis.app.egress import BlockedError, Egress, GuardedResolver
from propolis.core.evaluation import Answer, LookupKey
from propolis.policy.lookups import HTTP_CALL

MOST_BYTES = 2_000_000
"""Of an answer."""
MOST_TOLD = 200
MOST_REDIRECTS = 10
CALL_SECONDS = 30.0
CONNECT_SECONDS = 10.0
_SEE_OTHER = frozenset({301, 302, 303})
_REDIRECTS = _SEE_OTHER | {307, 308}
_FIRST_BAD, _FIRST_GOOD = 300, 200


class _Told(msgspec.Struct, frozen=True):
    """What a service answered."""

    status: int
    reason: str
    body: bytes


class ServiceCalls:
    """Calls services over one pool of connections. Made by `open_service_calls`."""

    def __init__(self, session: aiohttp.ClientSession, egress: Egress) -> None:
        self._session = session
        self._egress = egress

    async def answer(self, key: LookupKey) -> Answer:
        """The answer to a look-up of `SERVICE_CALL` or `HTTP_CALL`; what fails is told in it."""
        method, url, body, headers, bundle = (*key.arguments, "", "", "", "")[:5]
        try:
            told = await self._called(method, url, body, _headers(headers), bundle)
        except BlockedError as error:
            return Answer(error=f"the call is not permitted: {error}")
        except (aiohttp.ClientError, OSError, ssl.SSLError, TimeoutError, ValueError) as error:
            return Answer(error=f"failed to call {url[:MOST_TOLD]}: {str(error) or type(error).__name__}")
        return _http(told) if key.kind == HTTP_CALL else _service(told)

    async def _called(
        self, method: str, url: str, body: str, headers: Mapping[str, str], bundle: str
    ) -> _Told:
        for _ in range(MOST_REDIRECTS + 1):
            self._egress.check_url(url)
            options: dict[str, Any] = {"ssl": _trust(bundle)} if bundle else {}
            data = body.encode() if method == "POST" else None
            async with self._session.request(
                method, url, data=data, headers=headers, allow_redirects=False, **options
            ) as response:
                place = response.headers.get("Location", "")
                if response.status not in _REDIRECTS or not place:
                    return _Told(response.status, response.reason or "", await _body(response))
                if response.status in _SEE_OTHER:
                    method = "GET"
            target = urljoin(url, place)
            headers = _for_redirect(headers, url, target)
            url = target
        raise ValueError(f"stopped after {MOST_REDIRECTS} redirects")


@asynccontextmanager
async def open_service_calls(egress: Egress) -> AsyncIterator[ServiceCalls]:
    """A caller for as long as the block runs."""
    connector = aiohttp.TCPConnector(resolver=GuardedResolver(egress), limit=64, limit_per_host=16)
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, sock_connect=CONNECT_SECONDS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as session:
        yield ServiceCalls(session, egress)


def _headers(text: str) -> dict[str, str]:
    """Headers as a look-up has them. Raises `ValueError`."""
    found = {"Content-Type": "application/json"}
    try:
        stated = msgspec.json.decode(text, type=dict[str, str]) if text else {}
    except msgspec.DecodeError as error:
        raise ValueError(f"the headers cannot be used: {error}") from None
    for name, value in stated.items():
        if not (name.isprintable() and value.isprintable()):
            raise ValueError(f"the header {name!r} has characters that none may have")
    return {**found, **stated}


def _for_redirect(headers: Mapping[str, str], url: str, target: str) -> Mapping[str, str]:
    """Headers for another place: what vouches for the caller stays where it was meant for."""
    before, after = (urljoin(one, "/") for one in (url, target))
    if before == after:
        return headers
    return {name: value for name, value in headers.items() if name.lower() not in ("authorization", "cookie")}


@lru_cache(maxsize=64)
def _trust(bundle: str) -> ssl.SSLContext:
    """Raises `ssl.SSLError` for what is no certificate."""
    context = ssl.create_default_context(cadata=bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _body(response: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) > MOST_BYTES:
            response.close()
            raise ValueError(f"response length must be less than max allowed response length of {MOST_BYTES}")
        await asyncio.sleep(0)
    return bytes(found)


def _service(told: _Told) -> Answer:
    if not _FIRST_GOOD <= told.status < _FIRST_BAD:
        text = told.body[:MOST_TOLD].decode(errors="replace")
        return Answer(error=f"HTTP {told.status} {told.reason}: {text}".rstrip(": "))
    try:
        return Answer(msgspec.json.decode(told.body))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return Answer(error=f"the answer of the service is no JSON: {error}")


def _http(told: _Told) -> Answer:
    """The parsed body's own fields and ``statusCode``; any other value under ``body``, null for no JSON."""
    try:
        value = msgspec.json.decode(told.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = None
    fields = value if isinstance(value, dict) else {"body": value}
    return Answer({**fields, "statusCode": told.status})
