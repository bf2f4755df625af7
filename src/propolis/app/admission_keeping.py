"""Where authorities are kept: with the process, in a folder, or in a Secret that replicas share."""

import base64
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from propolis.app.admission_authorities import (
    NAMES,
    Authorities,
    advanced,
    first_authorities,
    read_authorities,
)
from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.discovery import JSON
from propolis.core.errors import DocumentError, SourceError
from propolis.core.resource import Document

MOST_ATTEMPTS = 8
"""Times that a Secret is read anew since somebody else was quicker."""
_NOT_FOUND, _CONFLICT = 404, 409


class Keeper(Protocol):
    """Keeps authorities, and makes what is due of them."""

    async def due(self, now: datetime) -> Authorities:
        """The authorities as they should be now, kept so.

        Raises:
            DocumentError: What is kept is damaged.
            SourceError: They cannot be read or kept.
        """
        ...


class WithProcess:
    """They last as long as the process."""

    def __init__(self) -> None:
        self._found: Authorities | None = None

    async def due(self, now: datetime) -> Authorities:
        """The authorities as they should be now."""
        self._found = first_authorities(now) if self._found is None else advanced(self._found, now)
        return self._found


class InFolder:
    """One file a part; only the owner may read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def due(self, now: datetime) -> Authorities:
        """As `folder_authorities`."""
        return folder_authorities(self._folder, now)


def folder_authorities(folder: Path, now: datetime) -> Authorities:
    """The authorities of a folder as they should be now; what has changed is kept there.

    Raises:
        DocumentError: What the folder holds is damaged.
        SourceError: The folder cannot be written.
    """
    try:
        data = {name: (folder / name).read_bytes() for name in NAMES if (folder / name).exists()}
        kept = read_authorities(data)
        found = first_authorities(now) if kept is None else advanced(kept, now)
        if found is not kept:
            _write(folder, found)
    except OSError as error:
        raise SourceError("keep the authority", str(folder), error.strerror or str(error)) from error
    return found


def _write(folder: Path, authorities: Authorities) -> None:
    """Replaces each file whole, keys before the certificates that they belong to."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = authorities.data()
    for name in sorted(NAMES, key=lambda one: not one.endswith(".key")):
        path = folder / name
        if name not in data:
            path.unlink(missing_ok=True)
            continue
        made = folder / f".{name}"
        made.touch(mode=0o600)
        made.write_bytes(data[name])
        made.replace(path)


class InSecret:
    """A Secret: whoever comes first makes it, and whoever sees that something is due does it.

    Two who do so at the same time: the version of the object decides, and the other reads it anew.
    """

    def __init__(self, client: ApiClient, namespace: str, name: str) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._path = f"/api/v1/namespaces/{namespace}/secrets"

    async def due(self, now: datetime) -> Authorities:
        """The authorities as they should be now."""
        for _ in range(MOST_ATTEMPTS):
            kept, version = await self._load()
            found = first_authorities(now) if kept is None else advanced(kept, now)
            if found is kept or await self._save(found, version):
                return found
        told = f"somebody else was quicker {MOST_ATTEMPTS} times"
        raise SourceError(f"keep authorities in Secret {self._name}", self._client.server, told)

    async def _load(self) -> tuple[Authorities | None, str]:
        """What is kept and the version of the object, empty where there is none."""
        asked = f"read Secret {self._namespace}/{self._name}"
        try:
            body = await self._client.get(f"{self._path}/{self._name}", asked, JSON, {})
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
            return None, ""
        secret = _read(body)
        return read_authorities(secret.data or {}), secret.metadata.resource_version

    async def _save(self, authorities: Authorities, version: str) -> bool:
        """Writes it over the version that was read; whether nobody else was quicker."""
        asked = f"write Secret {self._namespace}/{self._name}"
        body = msgspec.json.encode(self._document(authorities, version))
        try:
            if version:
                await self._client.apply(f"{self._path}/{self._name}", asked, body)
            else:
                await self._client.post(self._path, asked, body)
        except RefusedError as error:
            if error.status == _CONFLICT:
                return False
            raise
        return True

    def _document(self, authorities: Authorities, version: str) -> Document:
        metadata: dict[str, Any] = {
            "name": self._name,
            "namespace": self._namespace,
            "labels": {"app.kubernetes.io/managed-by": "propolis"},
        }
        if version:
            metadata["resourceVersion"] = version
        data = authorities.data()
        texts = {name: base64.b64encode(data.get(name, b"")).decode() for name in NAMES}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": texts}


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _Secret(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    data: dict[str, bytes] | None = None


def _read(body: bytes) -> _Secret:
    try:
        return msgspec.json.decode(body, type=_Secret)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise DocumentError(f"the Secret of authorities cannot be read: {error}") from error
