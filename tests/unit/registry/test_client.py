import ssl
from collections.abc import Iterator

import pytest

from propolis.core.errors import DocumentError, LimitError, SourceError
from propolis.core.limits import Limits
from propolis.registry.client import Access, RegistryClient
from propolis.registry.documents import Platform
from propolis.registry.exchange import Patience
from tests.harness.layers import digest_of
from tests.unit.registry.fake_registry import (
    CERTIFICATES,
    INDEX,
    MANIFEST,
    PATIENCE,
    FakeRegistry,
    Waits,
    client,
    cutting,
    hang,
    redirecting,
    refusing,
    saying,
    serving,
)

ONE = "/manifests/1"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    registry = FakeRegistry()
    with serving(registry):
        yield registry


def put_index(registry: FakeRegistry) -> dict[str, dict[str, str]]:
    """An index of two platforms and an attestation; the descriptors of its images."""
    images = {
        name: registry.put_image(name, f'{{"architecture": "{name}"}}'.encode())
        for name in ("amd64", "arm64")
    }
    entries = [{**one, "platform": {"os": "linux", "architecture": name}} for name, one in images.items()]
    unknown = {**registry.put_image("seen"), "platform": {"os": "unknown", "architecture": "unknown"}}
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [unknown, *entries]}
    registry.put_manifest(document, "1")
    return images


def test_a_tag_is_resolved_to_digest_type_and_bytes(registry: FakeRegistry) -> None:
    told = registry.put_image()
    with client() as asked:
        found = asked.resolve(f"{registry.host}/shop/web:1")
    assert (found.digest, found.media_type) == (told["digest"], MANIFEST)
    assert digest_of(found.content) == found.digest
    assert not found.is_index


def test_the_image_of_a_platform_is_chosen_from_an_index(registry: FakeRegistry) -> None:
    images = put_index(registry)
    with client() as asked:
        top, default = asked.image(f"{registry.host}/shop/web:1")
        _, arm = asked.image(f"{registry.host}/shop/web:1", Platform("linux", "arm64"))
    assert top.is_index
    assert (default.digest, arm.digest) == (images["amd64"]["digest"], images["arm64"]["digest"])


def test_a_platform_that_is_not_there_is_told_with_those_that_are(registry: FakeRegistry) -> None:
    put_index(registry)
    with (
        client() as asked,
        pytest.raises(DocumentError, match="no image for linux/s390x.*linux/amd64, linux/arm64"),
    ):
        asked.image(f"{registry.host}/shop/web:1", Platform("linux", "s390x"))


def test_indexes_that_lead_to_each_other_end(registry: FakeRegistry) -> None:
    entry: dict[str, object] = registry.put_image("0")
    for number in range(1, 7):
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        entry = registry.put_manifest(document, str(number))
    with client() as asked, pytest.raises(LimitError, match="indexes within indexes"):
        asked.image(f"{registry.host}/shop/web:6")


def test_a_configuration_is_read_and_its_digest_compared(registry: FakeRegistry) -> None:
    told = registry.put_image(config=b'{"os": "linux"}')
    reference = f"{registry.host}/shop/web@{told['digest']}"
    with client() as asked:
        repository = asked.repository_of(reference)
        _, image = asked.image(reference)
        assert asked.config(repository, image) == b'{"os": "linux"}'
        registry.put(f"shop/web/blobs/{image.blobs[0].digest}", b'{"os": "lin-x"}')
        with pytest.raises(DocumentError, match="its digest is"):
            asked.config(repository, image)


def test_another_manifest_than_the_one_of_the_digest_is_refused(registry: FakeRegistry) -> None:
    told = registry.put_image()
    registry.faults[f"/manifests/{told['digest']}"] = [saying(b'{"schemaVersion": 2}')]
    with client() as asked, pytest.raises(DocumentError, match="its digest is sha256:.*; expected sha256:"):
        asked.resolve(f"{registry.host}/shop/web@{told['digest']}")


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (b"no json", MANIFEST, "cannot be read"),
        (b"[" * 100_000, MANIFEST, "cannot be read"),
        (b'{"schemaVersion": 1}', MANIFEST, "schema 1"),
        (b'{"schemaVersion": 2}', "text/html", "media type 'text/html'"),
        (b'{"manifests": [], "layers": []}', INDEX, "no index, or more than one"),
        (
            b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}',
            MANIFEST,
            "was sent as",
        ),
        (
            b'{"config": {"digest": "sha256:../../etc"}, "layers": []}',
            MANIFEST,
            "a digest 'sha256:../../etc'",
        ),
    ],
)
def test_what_is_no_manifest_is_an_error_of_the_document(
    registry: FakeRegistry, content: bytes, kind: str, text: str
) -> None:
    registry.faults[ONE] = [saying(content, kind)]
    with client() as asked, pytest.raises(DocumentError, match=text):
        asked.resolve(f"{registry.host}/shop/web:1")


def test_an_oversized_manifest_is_not_read_to_its_end(registry: FakeRegistry) -> None:
    registry.put_image(config=b"{}" * 100)
    with (
        RegistryClient(Access(), PATIENCE, Limits(image_json_bytes=100)) as asked,
        pytest.raises(LimitError, match="too large; expected at most 100 bytes"),
    ):
        asked.resolve(f"{registry.host}/shop/web:1")


def test_more_layers_than_allowed_are_refused(registry: FakeRegistry) -> None:
    registry.put_image(layers=(b"a", b"b"))
    with (
        RegistryClient(Access(), PATIENCE, Limits(image_layers=1)) as asked,
        pytest.raises(LimitError, match="2 layers"),
    ):
        asked.resolve(f"{registry.host}/shop/web:1")


def test_an_unknown_image_says_what_to_check(registry: FakeRegistry) -> None:
    with (
        client() as asked,
        pytest.raises(SourceError, match="404 manifest unknown; it is not there: check the name"),
    ):
        asked.resolve(f"{registry.host}/shop/none:1")
    assert len(registry.requests) == 1


def test_a_refusal_says_whom_to_ask(registry: FakeRegistry) -> None:
    registry.faults[ONE] = [refusing(403, "denied\x1b[31m\n")]
    with (
        client() as asked,
        pytest.raises(SourceError, match=r"403 denied \[31m; .*ask for the right to pull") as caught,
    ):
        asked.resolve(f"{registry.host}/shop/web:1")
    assert caught.value.of == registry.address
    assert not caught.value.try_again


def test_a_busy_registry_is_asked_again_when_it_says(registry: FakeRegistry) -> None:
    registry.put_image()
    registry.faults[ONE] = [refusing(429, **{"Retry-After": "7"}), refusing(503)]
    with client(waits=(waits := Waits())) as asked:
        asked.resolve(f"{registry.host}/shop/web:1")
    assert waits.seconds == [7.0, 1.0]


def test_a_registry_that_stays_busy_is_given_up(registry: FakeRegistry) -> None:
    registry.faults[ONE] = [refusing(500)] * 5
    with client() as asked, pytest.raises(SourceError, match="500 no; try again"):
        asked.resolve(f"{registry.host}/shop/web:1")
    assert len(registry.requests) == PATIENCE.attempts


def test_nobody_waits_for_hours(registry: FakeRegistry) -> None:
    registry.faults[ONE] = [refusing(429, "toomanyrequests", **{"Retry-After": "86400"})]
    with (
        client(waits=(waits := Waits())) as asked,
        pytest.raises(SourceError, match="too many requests: wait, or log in"),
    ):
        asked.resolve(f"{registry.host}/shop/web:1")
    assert not waits.seconds


def test_a_cut_manifest_is_asked_for_again(registry: FakeRegistry) -> None:
    told = registry.put_image()
    registry.faults[ONE] = [cutting(b"x" * 100, 10)]
    with client() as asked:
        assert asked.resolve(f"{registry.host}/shop/web:1").digest == told["digest"]


def test_a_hanging_registry_is_left(registry: FakeRegistry) -> None:
    registry.faults[ONE] = [hang, hang]
    with (
        client(patience=Patience(silence_seconds=0.05, attempts=2)) as asked,
        pytest.raises(SourceError, match="no answer in time; try again"),
    ):
        asked.resolve(f"{registry.host}/shop/web:1")


def test_where_nobody_listens_is_told(registry: FakeRegistry) -> None:
    with client() as asked, pytest.raises(SourceError, match="Cannot connect to host 127.0.0.1:1"):
        asked.resolve("127.0.0.1:1/shop/web:1")
    assert not registry.requests


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("Not//a reference", "no reference of an image"),
        ("r.test/a@sha512:" + "0" * 128, "sha256: and 64 hexadecimal"),
        ("r.test/a@sha256:" + "A" * 64, "sha256: and 64 hexadecimal"),
        ("r.test:99999/a", "a registry 'r.test:99999'"),
    ],
)
def test_a_reference_that_leads_nowhere_is_an_error_of_the_document(reference: str, text: str) -> None:
    with client() as asked, pytest.raises(DocumentError, match=text):
        asked.resolve(reference)


def test_a_name_that_no_host_can_have_is_told() -> None:
    with client() as asked, pytest.raises((SourceError, DocumentError)):
        asked.resolve(f"{'a' * 70}.invalid/b")


def test_redirects_that_do_not_end_are_left(registry: FakeRegistry) -> None:
    registry.faults[ONE] = [redirecting(ONE)] * 10
    registry.faults["/v2/shop/web/manifests/1"] = [redirecting("/v2/shop/web/manifests/1")] * 10
    with client() as asked, pytest.raises(SourceError, match="redirects more than 5 times"):
        asked.resolve(f"{registry.host}/shop/web:1")
    assert len(registry.requests) == 6


@pytest.mark.parametrize(
    "location",
    [
        "",
        "ftp://elsewhere.test/x",
        "http://name:word@127.0.0.1/",
        "http://[::1",
        "http://h:99999/",
        "//",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_to_no_address_is_not_followed(registry: FakeRegistry, location: str) -> None:
    registry.faults[ONE] = [redirecting(location)] * 10
    with client() as asked, pytest.raises(SourceError, match="it redirects"):
        asked.resolve(f"{registry.host}/shop/web:1")


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")


def test_a_safe_registry_does_not_lead_to_an_unsafe_address() -> None:
    registry, plain = FakeRegistry(), FakeRegistry()
    with serving(plain), serving(registry, is_secure=True), client(tls=trusting()) as asked:
        registry.put_image()
        assert asked.resolve(f"{registry.host}/shop/web:1")
        registry.faults[ONE] = [redirecting(f"{plain.address}/stolen")]
        with pytest.raises(SourceError, match="not as safe as itself; not followed"):
            asked.resolve(f"{registry.host}/shop/web:1")
    assert not plain.requests


def test_a_registry_that_nobody_vouches_for_is_not_asked() -> None:
    registry = FakeRegistry()
    with (
        serving(registry, is_secure=True),
        client(tls=ssl.create_default_context()) as asked,
        pytest.raises(SourceError, match="its certificate or its TLS is not accepted"),
    ):
        asked.resolve(f"{registry.host}/shop/web:1")
    assert not registry.requests


def test_other_machines_are_asked_plainly_only_when_told_so(registry: FakeRegistry) -> None:
    registry.put_image()
    with client(proxy=registry.address, is_insecure=True) as asked:
        assert asked.resolve("registry.test:80/shop/web:1")
    (request,) = registry.requests
    assert request.headers["Host"] == "registry.test"
    with client(proxy=registry.address) as asked, pytest.raises(SourceError):
        asked.resolve("registry.test:80/shop/web:1")
    assert registry.requests == [request]


def test_a_closed_client_says_so(registry: FakeRegistry) -> None:
    asked = client()
    asked.close()
    asked.close()
    with pytest.raises(SourceError, match="closed here"):
        asked.resolve(f"{registry.host}/shop/web:1")
