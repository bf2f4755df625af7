"""Who is trusted, and how a client shows who it is; against a server with a test certificate."""

import asyncio
import base64
from pathlib import Path

import msgspec
import pytest

from propolis.cluster.api_client import Patience
from propolis.cluster.exec_plugin import ExecCredential
from propolis.cluster.kubeconfig import Access, ClusterEntry, UserEntry
from propolis.cluster.observation import Observation
from propolis.cluster.observe import observe_through
from propolis.cluster.tls import tls_context
from propolis.cluster.wanted import WANTED
from propolis.core.errors import DocumentError, SourceError
from propolis.core.limits import DEFAULT
from tests.unit.cluster.fake_api import CERTIFICATES, TOKEN, FakeApi, item, serving

AUTHORITY = str(CERTIFICATES / "authority.pem")
CERTIFICATE, KEY = CERTIFICATES / "client-certificate.pem", CERTIFICATES / "client-key.pem"


def encoded(path: Path | str) -> str:
    return base64.b64encode(Path(path).read_bytes()).decode()


def observe(cluster: ClusterEntry, user: UserEntry, *, needs_certificate: bool = False) -> Observation:
    api = FakeApi(token=user.token)
    api.objects["/api/v1/pods"] = [item("a")]

    async def no_sleep(seconds: float) -> None:
        del seconds

    async def run() -> Observation:
        async with serving(api, is_secure=True, needs_certificate=needs_certificate) as address:
            access = Access("test", _at(cluster, address), user, Path())
            return await observe_through(
                access, DEFAULT, "", WANTED, lambda *_: None, Patience(attempts=2), no_sleep
            )

    return asyncio.run(run())


def _at(cluster: ClusterEntry, address: str) -> ClusterEntry:
    return msgspec.structs.replace(cluster, server=address)


BEARER = UserEntry(token=TOKEN)


@pytest.mark.parametrize(
    "cluster",
    [
        ClusterEntry(certificate_authority=AUTHORITY),
        ClusterEntry(certificate_authority_data=encoded(AUTHORITY)),
        ClusterEntry(insecure_skip_tls_verify=True),
        ClusterEntry(certificate_authority=AUTHORITY, tls_server_name="api.test"),
    ],
    ids=["file", "data", "insecure", "name"],
)
def test_a_trusted_server_is_read(cluster: ClusterEntry) -> None:
    assert len(observe(cluster, BEARER).resources) == 1


@pytest.mark.parametrize(
    "cluster",
    [ClusterEntry(), ClusterEntry(certificate_authority=AUTHORITY, tls_server_name="other.test")],
    ids=["unknown authority", "another name"],
)
def test_a_server_that_nobody_vouches_for_is_not_asked(cluster: ClusterEntry) -> None:
    with pytest.raises(SourceError, match="its certificate or its TLS is not accepted"):
        observe(cluster, BEARER)


@pytest.mark.parametrize(
    "user",
    [
        UserEntry(client_certificate=str(CERTIFICATE), client_key=str(KEY)),
        UserEntry(client_certificate_data=encoded(CERTIFICATE), client_key_data=encoded(KEY)),
    ],
    ids=["files", "data"],
)
def test_a_client_shows_its_certificate(user: UserEntry) -> None:
    cluster = ClusterEntry(certificate_authority=AUTHORITY)
    assert len(observe(cluster, user, needs_certificate=True).resources) == 1


def test_a_certificate_from_a_program_is_shown() -> None:
    given = ExecCredential(client_certificate_data=CERTIFICATE.read_text(), client_key_data=KEY.read_text())
    assert tls_context(Access("a", ClusterEntry(), UserEntry(), Path()), given).cert_store_stats()


@pytest.mark.parametrize(
    ("cluster", "user", "text"),
    [
        (
            ClusterEntry(certificate_authority="/nothing.pem"),
            UserEntry(),
            "certificate authority cannot be used",
        ),
        (ClusterEntry(certificate_authority=str(KEY)), UserEntry(), "certificate authority cannot be used"),
        (ClusterEntry(certificate_authority_data="%%"), UserEntry(), "no base64"),
        (ClusterEntry(certificate_authority_data=encoded(KEY)), UserEntry(), "certificate authority cannot"),
        (ClusterEntry(), UserEntry(client_certificate=str(CERTIFICATE)), "the user has no client-key"),
        (
            ClusterEntry(),
            UserEntry(client_certificate="/no.pem", client_key="/no.key"),
            "client-certificate cannot",
        ),
        (
            ClusterEntry(),
            UserEntry(client_certificate=str(KEY), client_key=str(KEY)),
            "certificate or key cannot",
        ),
        (
            ClusterEntry(),
            UserEntry(client_certificate_data="eA==", client_key_data="eA=="),
            "certificate or key",
        ),
    ],
)
def test_a_damaged_certificate_says_which(cluster: ClusterEntry, user: UserEntry, text: str) -> None:
    with pytest.raises(DocumentError, match=text):
        tls_context(Access("a", cluster, user, Path()), ExecCredential())
