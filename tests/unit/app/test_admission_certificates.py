import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socketpair

import pytest

from propolis.app.admission_certificates import AUTHORITY_LASTS, CERTIFICATE_LASTS, Certificates
from propolis.core.errors import DocumentError, SourceError

NOW = datetime.now(UTC)  # noqa: TID251  # certificates are checked by the clock
DAY = timedelta(days=1)


def shown(certificates: Certificates) -> bytes:
    """What a client that trusts the authority is shown."""
    trust = ssl.create_default_context(cadata=certificates.authority.decode())
    ours, theirs = socketpair()

    def serve() -> None:
        with certificates.context.wrap_socket(ours, server_side=True) as served:
            served.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    with trust.wrap_socket(theirs, server_hostname="admission.svc") as client:
        found = client.getpeercert(binary_form=True)
        client.send(b"x")
    thread.join()
    assert found is not None
    return found


def test_clients_that_know_the_authority_trust_the_server() -> None:
    assert shown(Certificates(["admission.svc"], NOW))


def test_a_certificate_is_renewed_before_its_end_and_shown_to_new_connections() -> None:
    certificates = Certificates(["admission.svc"], NOW - CERTIFICATE_LASTS + 29 * DAY)
    before = shown(certificates)
    assert certificates.renew(NOW)
    assert shown(certificates) != before
    assert not certificates.renew(NOW)


def test_a_certificate_that_expired_while_the_server_was_stopped_is_made_anew(tmp_path: Path) -> None:
    Certificates(["admission.svc"], NOW - 200 * DAY, tmp_path)
    assert shown(Certificates(["admission.svc"], NOW, tmp_path))


def test_the_authority_of_a_folder_stays(tmp_path: Path) -> None:
    first = Certificates(["admission.svc"], NOW, tmp_path / "ca")
    assert Certificates(["admission.svc"], NOW, tmp_path / "ca").authority == first.authority
    assert (tmp_path / "ca" / "ca.key").stat().st_mode & 0o077 == 0


def test_an_authority_near_its_end_is_made_anew(tmp_path: Path) -> None:
    first = Certificates(["admission.svc"], NOW - AUTHORITY_LASTS + 30 * DAY, tmp_path)
    assert Certificates(["admission.svc"], NOW, tmp_path).authority != first.authority


def test_a_damaged_authority_is_an_error_of_the_input(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no")
    (tmp_path / "ca.key").write_text("no")
    with pytest.raises(DocumentError, match="certificate cannot be read"):
        Certificates(["admission.svc"], NOW, tmp_path)


def test_a_folder_that_cannot_be_made_is_an_error_of_the_world(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="keep the authority"):
        Certificates(["admission.svc"], NOW, tmp_path / "file")
