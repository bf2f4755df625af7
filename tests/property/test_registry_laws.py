"""Whatever a registry says, what comes out is an answer or one of the project's own errors."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from propolis.core.errors import DocumentError, Error, Place
from propolis.registry.authorizer import checked_url
from propolis.registry.challenge import MOST_HEADER_CHARACTERS, parse_challenges
from propolis.registry.client import Access, RegistryClient
from propolis.registry.docker_config import parse_docker_config
from propolis.registry.documents import ACCEPTED, LINUX_AMD64, choose, parse_manifest
from propolis.registry.exchange import Patience, seconds_to_wait
from propolis.registry.repository import Repository, parse_reference, repository_of

PLACE = Place("r.test/a:1")
KINDS = st.sampled_from([*ACCEPTED, "", "text/plain"])
DIGESTS = st.sampled_from([f"sha256:{'0' * 64}", "sha256:0", ""])
DESCRIPTORS = st.fixed_dictionaries(
    {"digest": DIGESTS},
    optional={
        "mediaType": KINDS,
        "size": st.integers(),
        "platform": st.fixed_dictionaries({"os": st.just("linux"), "architecture": st.text(max_size=5)}),
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "schemaVersion": st.integers(),
        "mediaType": KINDS,
        "config": DESCRIPTORS,
        "layers": st.lists(DESCRIPTORS, max_size=3),
        "manifests": st.lists(DESCRIPTORS, max_size=3),
    },
)
PIECES = ["Bearer", "Basic", "realm=", '"', "\\", ",", " ", "=", "http://h/", "scope", "\n", "\x00", "é"]
WORDS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(st.binary() | DOCUMENTS.map(lambda one: json.dumps(one).encode()), KINDS)
def test_a_manifest_is_one_or_an_error_of_the_document(content: bytes, kind: str) -> None:
    try:
        found = parse_manifest(content, kind, PLACE)
    except DocumentError:
        return
    assert found.is_index == (not found.blobs)
    if found.is_index:
        with contextlib.suppress(DocumentError):
            assert choose(found, LINUX_AMD64, PLACE) in found.manifests


@given(st.text() | WORDS)
def test_challenges_are_read_whatever_they_say(header: str) -> None:
    for challenge in parse_challenges([header]):
        assert challenge.scheme == challenge.scheme.lower()
        assert challenge.scheme in header.lower()


@pytest.mark.parametrize("part", ['Bearer a="', "Bearer a=", "a,", "Basic ", 'x="\\"', "a ", "= "])
def test_long_headers_are_read_in_one_pass(part: str) -> None:
    found = parse_challenges([part * 100_000])
    assert len(found) <= MOST_HEADER_CHARACTERS


@given(st.binary() | st.recursive(st.none() | st.text(), st.lists).map(lambda one: json.dumps(one).encode()))
def test_a_configuration_is_one_or_an_error_of_the_document(content: bytes) -> None:
    with contextlib.suppress(DocumentError):
        config = parse_docker_config(content, PLACE)
        assert asyncio.run(config.find(Repository("r.test", "a"))) is None


@given(st.text())
@example("0\x1f")
def test_seconds_to_wait_are_a_number(header: str) -> None:
    assert seconds_to_wait(header) >= 0


@given(st.text() | st.builds("http{}://{}".format, st.sampled_from(["", "s"]), st.text()))
def test_an_address_has_a_host_and_no_name_in_it(text: str) -> None:
    with contextlib.suppress(ValueError):
        url = checked_url(text)
        assert url.host
        assert not url.user
        assert str(url).isascii()


@given(st.text() | st.from_regex(r"[a-z0-9.:\[\]]{1,80}/[a-z]{1,3}(:[a-z]{1,3})?", fullmatch=True))
def test_a_reference_has_an_address_or_is_an_error_of_the_document(text: str) -> None:
    with contextlib.suppress(DocumentError):
        repository = repository_of(parse_reference(text))
        assert repository.origin.host


class RawServer:
    """Answers every request with the same bytes, whatever they are."""

    def __init__(self) -> None:
        self.answer = b""
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._say, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer)
            await writer.drain()
        writer.close()


@pytest.fixture(scope="module")
def raw_server() -> Iterator[RawServer]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    raw = RawServer()
    server = asyncio.run_coroutine_threadsafe(raw.start(), loop).result()
    yield raw
    loop.call_soon_threadsafe(server.close)
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def asked() -> Iterator[RegistryClient]:
    patience = Patience(silence_seconds=1.0, request_seconds=1.0, attempts=1)
    with RegistryClient(Access(), patience) as client:
        yield client


NAMES = [
    "WWW-Authenticate",
    "Location",
    "Content-Type",
    "Content-Length",
    "Retry-After",
    "Transfer-Encoding",
    "Content-Encoding",
    "Content-Range",
    "Set-Cookie",
]
VALUES = st.sampled_from(
    [b"0", b"5", b"-1", b"chunked", b"gzip", b"/", b'Bearer realm="http://127.0.0.1:1/"']
)
HEADERS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.binary(max_size=20) | WORDS.map(str.encode) | VALUES), max_size=4
)


def answer_of(status: int, headers: list[tuple[str, bytes]], body: bytes) -> bytes:
    lines = [f"{name}: ".encode() + value for name, value in headers]
    return b"\r\n".join([f"HTTP/1.1 {status} OK".encode(), *lines, b"", body])


STATUSES = st.sampled_from([200, 206, 301, 307, 401, 404, 429])
ANSWERS = st.builds(answer_of, STATUSES, HEADERS, st.binary(max_size=50))


@given(st.binary(max_size=200) | ANSWERS)
def test_whatever_a_server_sends_ends_in_an_error_of_the_project(
    raw_server: RawServer, asked: RegistryClient, answer: bytes
) -> None:
    raw_server.answer = answer
    reference = f"127.0.0.1:{raw_server.port}/a/b:1"
    with pytest.raises(Error):
        asked.resolve(reference)
    with (
        asked.open_blob(asked.repository_of(reference), f"sha256:{'0' * 64}", 100) as file,
        pytest.raises(Error),
    ):
        file.read()
