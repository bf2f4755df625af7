"""Pulls from registries: manifests, configurations, blobs. Safe to use from several threads at once.

Everything on the wire happens in one event loop in the background; callers wait for it. So a layer is read
like a file, by code that knows nothing of connections.
"""

import contextlib
import io
import ssl
from typing import BinaryIO, Self

import aiohttp
import msgspec

from propolis import __version__
from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import DEFAULT, Limits
from propolis.lang.image_reference import ImageReference
from propolis.registry.authorizer import Authorizer
from propolis.registry.background_loop import BackgroundLoop
from propolis.registry.blob import PIECE_BYTES, BlobStream, RawBlob
from propolis.registry.docker_config import DockerConfig
from propolis.registry.documents import (
    ACCEPTED,
    LINUX_AMD64,
    Descriptor,
    Manifest,
    Platform,
    choose,
    parse_manifest,
    verified,
)
from propolis.registry.exchange import (
    READ_BYTES,
    Exchange,
    Patience,
    Sleep,
    default_sleep,
    persist,
    read_small,
)
from propolis.registry.fetcher import Fetcher, Wanted
from propolis.registry.repository import Repository, check_digest, parse_reference, repository_of

MOST_INDEXES = 4
"""How deep indexes may lie within each other."""


class Access(msgspec.Struct, frozen=True):
    """How registries are asked.

    Attributes:
        config: Credentials.
        is_insecure: Whether all registries are asked over plain http, not only those of this machine.
        tls: Whom to trust; None for the authorities of this machine.
        proxy: The address of an http proxy; empty for none.
    """

    config: DockerConfig = DockerConfig()
    is_insecure: bool = False
    tls: ssl.SSLContext | None = None
    proxy: str = ""


class RegistryClient:
    """Close it, or use it in a ``with`` block. Credentials and tokens are never kept beyond it."""

    def __init__(
        self,
        access: Access = Access(),  # noqa: B008  # frozen
        patience: Patience = Patience(),  # noqa: B008  # frozen
        limits: Limits = DEFAULT,
        sleep: Sleep = default_sleep,
    ) -> None:
        self._access = access
        self._patience = patience
        self._limits = limits
        self._sleep = sleep
        self._loop = BackgroundLoop("propolis-registry")
        self._session, self._fetcher = self._loop.run(self._open())

    async def _open(self) -> tuple[aiohttp.ClientSession, Fetcher]:
        access = self._access
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=access.tls or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"propolis/{__version__}", "Accept-Encoding": "identity"},
            auto_decompress=False,
            read_bufsize=READ_BYTES,
            proxy=access.proxy or None,
        )
        exchange = Exchange(session, self._patience)
        authorizer = Authorizer(exchange, access.config, is_insecure=access.is_insecure)
        return session, Fetcher(exchange, authorizer, is_insecure=access.is_insecure)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all connections, also those of blobs that are being read."""
        if not self._loop.is_closed:
            with contextlib.suppress(Exception):
                self._loop.run(self._session.close())
            self._loop.close()

    def repository_of(self, reference: str) -> Repository:
        """Where the image of a reference lies. Raises `DocumentError`."""
        return self._repository(parse_reference(reference))

    def _repository(self, reference: ImageReference) -> Repository:
        access = self._access
        return repository_of(reference, is_insecure=access.is_insecure, has_tls=access.tls is not None)

    def resolve(self, reference: str) -> Manifest:
        """The manifest or index that a reference names: its digest, media type and bytes.

        Raises:
            DocumentError: The reference, or what it leads to, is wrong.
            SourceError: The registry refuses or cannot be asked.
        """
        parsed = parse_reference(reference)
        return self._manifest(self._repository(parsed), parsed.digest or parsed.tag, parsed.digest)

    def manifest(self, repository: Repository, digest: str) -> Manifest:
        """A manifest or index by digest. Raises as `resolve` does."""
        return self._manifest(repository, digest, check_digest(digest, Place(repository.name)))

    def image(self, reference: str, platform: Platform = LINUX_AMD64) -> tuple[Manifest, Manifest]:
        """What a reference names, and of that the image of a platform; the same where it is no index.

        Raises:
            DocumentError: As `resolve` does, or there is none for this platform.
            SourceError: As `resolve` does.
        """
        top = self.resolve(reference)
        repository = self.repository_of(reference)
        found, place = top, Place(reference)
        for _ in range(MOST_INDEXES):
            if not found.is_index:
                return top, found
            found = self.manifest(repository, choose(found, platform, place).digest)
        if found.is_index:
            raise LimitError("indexes within indexes", place, f"at most {MOST_INDEXES}")
        return top, found

    def config(self, repository: Repository, manifest: Manifest) -> bytes:
        """The configuration of an image, its digest compared.

        Raises:
            DocumentError: It is another, too large, or this is an index.
            SourceError: As `resolve` does.
        """
        place = Place(repository.name)
        if not manifest.blobs:
            raise DocumentError("no configuration", place, "the manifest of an image")
        return self._small_blob(repository, manifest.blobs[0])

    def open_blob(self, repository: Repository, digest: str, size_bytes: int = 0) -> BinaryIO:
        """A blob from its start. Whoever reads it compares its digest: nothing here does.

        Args:
            repository: Where it lies.
            digest: Its name.
            size_bytes: As the manifest tells; 0 where not known. One that is longer is an error, one that
                ends before is fetched on.

        Raises (while reading):
            DocumentError: It is larger than it should be.
            SourceError: It cannot be had.
        """
        digest = check_digest(digest, Place(repository.name))
        wanted = Wanted(repository, f"blobs/{digest}", f"pull {repository.name}@{digest}", is_stream=True)
        most = self._limits.layer_bytes
        stream = BlobStream(self._fetcher, wanted, size_bytes, most, self._patience, self._sleep)
        return io.BufferedReader(RawBlob(self._loop, stream), PIECE_BYTES)

    def _small_blob(self, repository: Repository, descriptor: Descriptor) -> bytes:
        place, most = Place(f"{repository.name}@{descriptor.digest}"), self._limits.image_json_bytes
        with self.open_blob(repository, descriptor.digest, descriptor.size) as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise LimitError("too large", place, f"at most {most:,} bytes")
        verified(content, descriptor.digest, place)
        return content

    def _manifest(self, repository: Repository, name: str, digest: str) -> Manifest:
        return self._loop.run(self._fetch_manifest(repository, name, digest))

    async def _fetch_manifest(self, repository: Repository, name: str, digest: str) -> Manifest:
        where = f"{repository.name}@{name}" if digest else f"{repository.name}:{name}"
        wanted = Wanted(repository, f"manifests/{name}", f"pull {where}", ACCEPTED)

        async def once() -> tuple[str, bytes]:
            response = await self._fetcher.open(wanted)
            media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return media_type, await read_small(response, self._limits.image_json_bytes, wanted.asked)

        media_type, content = await persist(once, self._patience, self._sleep)
        return parse_manifest(content, media_type, Place(where), digest, self._limits)
