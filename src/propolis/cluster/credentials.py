"""The headers that say who asks, renewed when they expire."""

import base64
from datetime import datetime, timedelta
from pathlib import Path

from propolis.cluster.exec_plugin import ExecCredential, run_exec_plugin
from propolis.cluster.kubeconfig import Access
from propolis.core import clock
from propolis.core.errors import DocumentError, SourceError

_EARLY = timedelta(seconds=30)
_TOKEN_FILE_LASTS = timedelta(minutes=1)


class Credentials:
    """What a user entry gives: certificates once, headers whenever they are asked for."""

    def __init__(self, access: Access) -> None:
        provider = access.user.auth_provider
        if provider and not access.user.exec_:
            name = provider.get("name", "")
            message = f"the user of context {access.context!r} has the auth-provider {name!r}, which is gone"
            raise DocumentError(message, expected="an exec plugin, a token or a certificate")
        self._access = access
        self._given = ExecCredential()
        self._token = ""
        self._valid_until: datetime | None = None
        self._is_fresh = False

    async def certificates(self) -> ExecCredential:
        """What the exec plugin gives; empty where there is none."""
        await self._renew()
        return self._given

    async def headers(self) -> list[tuple[str, str]]:
        """Headers of the next request."""
        if not self._is_fresh or (self._valid_until and clock.now() >= self._valid_until):
            await self._renew()
        user = self._access.user
        headers = [("Impersonate-User", user.as_)] if user.as_ else []
        headers += [("Impersonate-Group", group) for group in user.as_groups or ()]
        if self._token:
            headers.append(("Authorization", f"Bearer {self._token}"))
        else:
            headers += _basic(user.username, user.password)
        if not all(value.isascii() and value.isprintable() for _, value in headers):
            message = f"the token or name of the user of context {self._access.context!r} cannot be sent"
            raise DocumentError(message, expected="printable ASCII in one line")
        return headers

    def is_renewable(self) -> bool:
        """Whether asking again may give another token."""
        return bool(self._access.user.exec_ or self._access.user.token_file)

    def expire(self) -> None:
        """Makes the next request ask for a new token: the last one was refused."""
        self._is_fresh = False

    async def _renew(self) -> None:
        user = self._access.user
        if user.token_file:
            self._token = _read_token(user.token_file)
            self._valid_until = clock.now() + _TOKEN_FILE_LASTS
        elif user.token:
            self._token = user.token
        elif user.exec_:
            self._given = await run_exec_plugin(self._access)
            self._token = self._given.token
            expires = self._given.expiration_timestamp
            self._valid_until = expires - _EARLY if expires else None
        self._is_fresh = True


def _read_token(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise SourceError("read the token", path, getattr(error, "strerror", None) or str(error)) from error


def _basic(username: str, password: str) -> list[tuple[str, str]]:
    if not username:
        return []
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    return [("Authorization", f"Basic {pair}")]
