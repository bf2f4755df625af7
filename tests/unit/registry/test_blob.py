from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import msgspec
import pytest

from propolis.core.errors import DocumentError, LimitError, SourceError
from propolis.core.limits import Limits
from propolis.registry.client import Access, RegistryClient
from tests.unit.registry.fake_registry import (
    PATIENCE,
    FakeRegistry,
    client,
    cutting,
    hang,
    redirecting,
    refusing,
    saying,
    serving,
)

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    registry = FakeRegistry()
    with serving(registry):
        yield registry


def opened(
    asked: RegistryClient, registry: FakeRegistry, content: bytes = CONTENT, size: int | None = None
) -> BinaryIO:
    digest = registry.put_blob(content)["digest"]
    repository = asked.repository_of(f"{registry.host}/shop/web")
    return asked.open_blob(repository, digest, len(content) if size is None else size)


def ranges(registry: FakeRegistry) -> list[str]:
    return [request.headers.get("Range", "") for request in registry.asked("/blobs/")]


def faults(registry: FakeRegistry, *faults: object) -> None:
    registry.faults[registry.put_blob(CONTENT)["digest"]] = list(faults)  # type: ignore[arg-type]


def test_a_blob_comes_whole_and_in_pieces(registry: FakeRegistry) -> None:
    with client() as asked:
        with opened(asked, registry) as file:
            assert file.read() == CONTENT
        with opened(asked, registry) as file:
            assert b"".join(iter(lambda: file.read(777), b"")) == CONTENT


def test_a_cut_blob_goes_on_where_it_broke(registry: FakeRegistry) -> None:
    faults(registry, cutting(CONTENT, 1000))
    with client() as asked, opened(asked, registry) as file:
        assert file.read() == CONTENT
    assert ranges(registry) == ["", "bytes=1000-"]


def test_a_server_that_begins_anew_is_listened_to_from_there(registry: FakeRegistry) -> None:
    faults(registry, cutting(CONTENT, 1000), saying(CONTENT))
    with client() as asked, opened(asked, registry) as file:
        assert file.read() == CONTENT


def test_a_server_that_sends_another_part_is_an_error(registry: FakeRegistry) -> None:
    other = saying(CONTENT[5:], status=206, **{"Content-Range": f"bytes 5-{len(CONTENT) - 1}/{len(CONTENT)}"})
    faults(registry, cutting(CONTENT, 1000), other)
    with client() as asked, opened(asked, registry) as file, pytest.raises(SourceError, match="another part"):
        file.read()


def test_a_blob_shorter_than_its_manifest_says_is_fetched_on_and_then_an_error(
    registry: FakeRegistry,
) -> None:
    faults(registry, *[saying(CONTENT[:50])] * 3)
    with (
        client() as asked,
        opened(asked, registry) as file,
        pytest.raises(SourceError, match="cut short; try again"),
    ):
        file.read()
    assert len(ranges(registry)) == PATIENCE.attempts


def test_a_blob_larger_than_its_manifest_says_is_not_read_on(registry: FakeRegistry) -> None:
    with (
        client() as asked,
        opened(asked, registry, size=10) as file,
        pytest.raises(DocumentError, match="larger than its manifest says"),
    ):
        file.read()


def test_a_blob_of_unknown_size_ends_at_the_limit(registry: FakeRegistry) -> None:
    with RegistryClient(Access(), PATIENCE, Limits(layer_bytes=1000)) as asked:
        file = opened(asked, registry, size=0)
        with pytest.raises(LimitError, match="a blob is too large"):
            file.read()
        file.close()


def test_a_connection_that_breaks_again_and_again_is_given_up(registry: FakeRegistry) -> None:
    faults(registry, *[cutting(CONTENT, 100)] * 2, *[refusing(503)] * 5)
    with client() as asked, opened(asked, registry) as file, pytest.raises(SourceError, match="503"):
        file.read()
    assert len(ranges(registry)) == PATIENCE.attempts


def test_failures_are_forgotten_once_much_has_come(registry: FakeRegistry) -> None:
    large = bytes(20 * 1024 * 1024)
    digest = registry.put_blob(large)["digest"]
    registry.faults[digest] = [
        refusing(503),
        refusing(503),
        cutting(large, 12 * 1024 * 1024),
        refusing(503),
        cutting(large, 10),
    ]
    patience = msgspec.structs.replace(PATIENCE, attempts=4)
    with client(patience=patience) as asked, opened(asked, registry, large) as file:
        assert file.read() == large


def test_a_blob_that_comes_too_slowly_is_left(registry: FakeRegistry) -> None:
    patience = msgspec.structs.replace(PATIENCE, grace_seconds=0.0, slowest_bytes_per_second=1e18)
    with (
        client(patience=patience) as asked,
        opened(asked, registry) as file,
        pytest.raises(SourceError, match="are too slow; try again"),
    ):
        file.read()


def test_a_blob_that_stops_is_left(registry: FakeRegistry) -> None:
    faults(registry, hang, hang)
    patience = msgspec.structs.replace(PATIENCE, silence_seconds=0.05, attempts=2)
    with (
        client(patience=patience) as asked,
        opened(asked, registry) as file,
        pytest.raises(SourceError, match="in time"),
    ):
        file.read()


def test_a_blob_that_is_not_there_is_told_when_it_is_read(registry: FakeRegistry) -> None:
    with client() as asked:
        repository = asked.repository_of(f"{registry.host}/shop/web")
        with (
            asked.open_blob(repository, f"sha256:{'0' * 64}") as file,
            pytest.raises(SourceError, match="404"),
        ):
            file.read()


def test_a_name_that_is_no_digest_is_not_asked_for(registry: FakeRegistry) -> None:
    with client() as asked:
        repository = asked.repository_of(f"{registry.host}/shop/web")
        with pytest.raises(DocumentError, match="a digest"):
            asked.open_blob(repository, "sha256:../../manifests/1")
    assert not registry.requests


def test_another_host_sees_no_credentials(registry: FakeRegistry) -> None:
    store = FakeRegistry()
    registry.asks_for_token()
    with serving(store), client() as asked:
        store.faults["/signed"] = [saying(CONTENT)]
        digest = registry.put_blob(CONTENT)["digest"]
        with opened(asked, registry) as file:
            registry.faults[digest] = [refusing(401, **{"WWW-Authenticate": registry.challenge})]
            registry.faults[digest] += [redirecting(f"{store.address}/signed?key=a%2Fb%3D")]
            assert file.read() == CONTENT
        assert registry.shown()[-1].startswith("Bearer")
        assert store.shown() == [""]
        assert store.requests[0].raw_path == "/signed?key=a%2Fb%3D"


def test_another_host_that_asks_for_credentials_gets_none(registry: FakeRegistry) -> None:
    store = FakeRegistry()
    with serving(store), client() as asked:
        store.asks_for_token()
        faults(registry, redirecting(f"{store.address}/signed"))
        with opened(asked, registry) as file, pytest.raises(SourceError, match="401") as caught:
            file.read()
        assert caught.value.of == store.address
        assert [request.path for request in store.requests] == ["/signed"]


def test_several_threads_read_at_once(registry: FakeRegistry) -> None:
    registry.asks_for_token()
    with client() as asked, ThreadPoolExecutor(4) as pool:

        def read(number: int) -> bool:
            content = bytes([number]) * 100_000
            with opened(asked, registry, content) as file:
                return file.read() == content

        assert all(pool.map(read, range(16)))


def test_what_is_closed_early_is_not_read_on(registry: FakeRegistry) -> None:
    large = bytes(40 * 1024 * 1024)
    with client() as asked, opened(asked, registry, large) as file:
        assert file.read(10) == bytes(10)
    assert file.closed


def test_a_blob_outlives_no_client(registry: FakeRegistry) -> None:
    asked = client()
    file = opened(asked, registry)
    asked.close()
    with pytest.raises(SourceError, match="closed here"):
        file.read()
    file.close()
