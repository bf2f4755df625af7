"""Credentials as Docker's ``config.json`` keeps them: in the file itself, or with a program that it names."""

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from propolis.core.errors import DocumentError, Place, SourceError
from propolis.registry.credential_helper import Credential, run_credential_helper
from propolis.registry.repository import DOCKER_HUB, Repository

MOST_FILE_BYTES = 1 << 20
_HUB_ADDRESS = "https://index.docker.io/v1/"
_AROUND = re.compile(r"\A[a-z]+://|/(?:v[12]/?)?\Z")


class _Entry(msgspec.Struct, frozen=True):
    auth: str = ""
    username: str = ""
    password: str = ""
    identity_token: str = msgspec.field(default="", name="identitytoken")


class _File(msgspec.Struct, frozen=True, rename="camel"):
    auths: dict[str, _Entry] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str = ""


class DockerConfig:
    """Credentials by registry. An entry of a registry's part (``registry.example/team``) comes before it."""

    def __init__(self, file: _File | None = None, place: Place | None = None) -> None:
        file = file or _File()
        self._place = place or Place("")
        self._entries = {_plain(key): entry for key, entry in (file.auths or {}).items()}
        self._helpers = {_plain(key): helper for key, helper in (file.cred_helpers or {}).items()}
        self._store = file.creds_store

    async def find(self, repository: Repository) -> Credential | None:
        """The credential for a repository; None where there is none.

        Raises:
            DocumentError: It is damaged.
            SourceError: The program that keeps it fails.
        """
        keys = list(_keys(repository))
        helper = next((self._helpers[key] for key in keys if self._helpers.get(key)), "")
        if not helper:
            for key in keys:
                if key in self._entries and (found := self._credential(key)):
                    return found
        helper = helper or self._store
        address = _HUB_ADDRESS if repository.registry in DOCKER_HUB else repository.registry
        return await run_credential_helper(helper, address) if helper else None

    def _credential(self, key: str) -> Credential | None:
        entry = self._entries[key]
        if entry.identity_token:
            return Credential(identity_token=entry.identity_token)
        if not entry.auth:
            return Credential(entry.username, entry.password) if entry.username else None
        try:
            text = base64.b64decode(entry.auth, validate=True).decode()
        except (binascii.Error, UnicodeError):
            text = ""
        name, colon, password = text.partition(":")
        if not colon:
            raise DocumentError(f"auths[{key!r}].auth", self._place, "name:password in base64")
        return Credential(name, password.rstrip("\0"))


def _plain(key: str) -> str:
    """A key without scheme and without the version of the interface at its end."""
    return _AROUND.sub("", key)


def _keys(repository: Repository) -> Iterator[str]:
    """Keys under which a credential may stand, the narrowest first."""
    is_hub = repository.registry in DOCKER_HUB
    hosts = ["index.docker.io", *sorted(DOCKER_HUB)] if is_hub else [repository.registry]
    parts = repository.path.split("/")
    for count in range(len(parts), -1, -1):
        for host in hosts:
            yield "/".join([host, *parts[:count]])


def read_docker_config(path: Path) -> DockerConfig:
    """The credentials of a file; none where there is no such file.

    Raises:
        DocumentError: It is no such file, or too large.
        SourceError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return DockerConfig()
    except OSError as error:
        raise SourceError("read credentials", str(path), error.strerror or str(error)) from error
    return parse_docker_config(content, Place(str(path)))


def parse_docker_config(content: bytes, place: Place) -> DockerConfig:
    """The credentials of a document. Raises `DocumentError`."""
    if len(content) > MOST_FILE_BYTES:
        raise DocumentError("too large", place, f"at most {MOST_FILE_BYTES:,} bytes")
    try:
        file = msgspec.json.decode(content or b"{}", type=_File)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DocumentError(f"cannot be read: {error}", place, "Docker's config.json") from None
    return DockerConfig(file, place)
