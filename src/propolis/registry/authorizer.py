"""What to show a registry: a token of its token service, or name and password.

Follows Docker's token authentication and its OAuth 2 form for identity tokens. A credential goes to the
registry that it is kept for, or to the token service that this registry itself names over a connection
that is as safe; tokens go back to that registry alone.
"""

import base64
import re
from collections.abc import Iterable

import aiohttp
import msgspec
from yarl import URL

from propolis.core import clock
from propolis.core.errors import DocumentError, SourceError
from propolis.registry.challenge import Challenge, parse_challenges, wanted_scope
from propolis.registry.credential_helper import Credential
from propolis.registry.docker_config import DockerConfig
from propolis.registry.exchange import (
    BUSY,
    Exchange,
    PassingError,
    one_line,
    read_small,
    seconds_to_wait,
    server,
)
from propolis.registry.repository import Repository, is_loopback

MOST_TOKEN_CHARACTERS = 32 * 1024
_MOST_ANSWER_BYTES = 128 * 1024
_SHORTEST_SECONDS = 60.0
"""How long a token lasts that does not tell; the specification's own default."""
_MARGIN_SECONDS = 10.0
_TOKEN = re.compile(r"[\x21-\x7e]+")
_OK = 200
_REFUSED = frozenset({400, 401, 403})
_CLIENT = "propolis"


class _Answer(msgspec.Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


class Authorizer:
    """Keeps what repositories gave, for as long as it lasts. Used within one event loop."""

    def __init__(self, exchange: Exchange, config: DockerConfig, *, is_insecure: bool = False) -> None:
        self._exchange = exchange
        self._config = config
        self._is_insecure = is_insecure
        self._known: dict[Repository, tuple[str, float]] = {}
        self._notes: dict[str, str] = {}

    def header(self, repository: Repository) -> str:
        """The Authorization header that a repository took before; empty for none."""
        header, end = self._known.get(repository, ("", 0.0))
        return header if clock.monotonic() < end else ""

    def note(self, repository: Repository) -> str:
        """Why no credentials could be shown, if that is so."""
        return self._notes.get(repository.registry, "")

    async def answer(self, repository: Repository, headers: Iterable[str], asked: str) -> str:
        """The Authorization header that answers a challenge; empty where there is none to give.

        Raises:
            SourceError: The token service refuses, or asks for something unsafe.
            PassingError: It does not answer.
        """
        self._known.pop(repository, None)
        challenges = {one.scheme: one for one in reversed(parse_challenges(headers))}
        credential = await self._credential(repository)
        header, seconds = "", float("inf")
        if bearer := challenges.get("bearer"):
            header, seconds = await self._bearer(repository, bearer, credential, asked)
        elif "basic" in challenges and credential and credential.username:
            header = _basic(credential)
        if header:
            self._known[repository] = (header, clock.monotonic() + seconds)
        return header

    async def _credential(self, repository: Repository) -> Credential | None:
        """What the configuration has. A failure is told when the registry refuses; many ask for nothing."""
        try:
            return await self._config.find(repository)
        except (DocumentError, SourceError) as error:
            self._notes[repository.registry] = str(error)
            return None

    async def _bearer(
        self, repository: Repository, challenge: Challenge, credential: Credential | None, asked: str
    ) -> tuple[str, float]:
        """A token and for how many seconds it will be shown."""
        realm = self._realm(repository, challenge, asked)
        fields = {"scope": wanted_scope(challenge, repository.path)}
        if service := challenge.parameters.get("service"):
            fields["service"] = service
        response = await self._request(realm, fields, credential, asked)
        status, retry_after = response.status, response.headers.get("Retry-After")
        content = await read_small(response, _MOST_ANSWER_BYTES, asked)
        if status != _OK:
            raise self._refusal(repository, realm, status, retry_after, credential, asked)
        token, seconds = _token(content, realm, asked)
        return f"Bearer {token}", max(seconds or 0.0, _SHORTEST_SECONDS) - _MARGIN_SECONDS

    async def _request(
        self, realm: URL, fields: dict[str, str], credential: Credential | None, asked: str
    ) -> aiohttp.ClientResponse:
        if credential and credential.identity_token:
            grant = {"grant_type": "refresh_token", "client_id": _CLIENT}
            form = {**fields, **grant, "refresh_token": credential.identity_token}
            return await self._exchange.send(realm, asked, {}, form)
        headers = {"Authorization": _basic(credential)} if credential else {}
        return await self._exchange.send(realm.extend_query(fields), asked, headers)

    def _realm(self, repository: Repository, challenge: Challenge, asked: str) -> URL:
        """The address of the token service; plain http only where the registry is asked so too."""
        text = challenge.parameters.get("realm", "")
        try:
            url = checked_url(text)
        except ValueError as error:
            answer = f"it names a token service that cannot be asked ({one_line(text)[:100]!r}: {error})"
            raise SourceError(asked, server(repository.origin), answer) from error
        if not is_as_safe(url, repository, is_insecure=self._is_insecure):
            answer = f"its token service {server(url)} is not as safe as itself; nothing was sent"
            raise SourceError(asked, server(repository.origin), answer)
        return url

    def _refusal(
        self,
        repository: Repository,
        realm: URL,
        status: int,
        retry_after: str | None,
        credential: Credential | None,
        asked: str,
    ) -> Exception:
        if status in BUSY:
            error = SourceError(asked, server(realm), f"{status} of the token service", try_again=True)
            return PassingError(error, seconds_to_wait(retry_after))
        answer = f"the token service answers {status}"
        if status in _REFUSED:
            told = "the credentials are refused" if credential else "it wants credentials"
            answer += f"; {told}: {login_words(repository)}"
        if note := self.note(repository):
            answer += f" ({note})"
        return SourceError(asked, server(realm), answer)


def login_words(repository: Repository) -> str:
    """What to do for want of credentials."""
    return f"log in with docker login {repository.registry}"


def checked_url(text: str) -> URL:
    """An absolute address that a server named, as it wrote it. Raises `ValueError` where it is none."""
    if len(text) > MOST_TOKEN_CHARACTERS or not _TOKEN.fullmatch(text):
        raise ValueError("no address")
    url = URL(text, encoded=True)
    if url.scheme not in ("http", "https") or not url.host or url.user or url.password:
        raise ValueError("an http or https address without a name in it is needed")
    url.origin()
    return url.with_fragment(None)


def is_as_safe(url: URL, repository: Repository, *, is_insecure: bool) -> bool:
    """Whether an address may follow from what a repository said: over TLS, or plain where it is plain too."""
    if url.scheme == "https":
        return True
    return repository.is_plain and (is_insecure or is_loopback(url))


def _basic(credential: Credential) -> str:
    text = f"{credential.username}:{credential.password}"
    return f"Basic {base64.b64encode(text.encode('utf-8', 'replace')).decode()}"


def _token(content: bytes, realm: URL, asked: str) -> tuple[str, float | None]:
    """The token of an answer and its seconds."""
    try:
        answer = msgspec.json.decode(content, type=_Answer)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise SourceError(asked, server(realm), "the token service's answer is no token") from error
    token = answer.token or answer.access_token or ""
    if not _TOKEN.fullmatch(token) or len(token) > MOST_TOKEN_CHARACTERS:
        raise SourceError(asked, server(realm), "the token service's answer has no token that can be sent")
    return token, answer.expires_in
