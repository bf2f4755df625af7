import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socketpair

import pytest

from propolis.app.admission_authorities import AUTHORITY_LASTS, advanced, first_authorities
from propolis.app.admission_certificates import CERTIFICATE_LASTS, Certificates
from propolis.app.admission_keeping import folder_authorities
from propolis.core.errors import DocumentError, SourceError

NOW = datetime.now(UTC)  # noqa: TID251  # certificates are checked by the clock
DAY = timedelta(days=1)


def shown(certificates: Certificates, bundle: bytes = b"") -> bytes:
    """What a client that trusts the authorities is shown."""
    trust = ssl.create_default_context(cadata=(bundle or certificates.authorities.bundle).decode())
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


def made(now: datetime, folder: Path | None = None) -> Certificates:
    """As a server makes them when it starts."""
    authorities = folder_authorities(folder, now) if folder else first_authorities(now)
    return Certificates(["admission.svc"], authorities, now)


def test_clients_that_know_the_authority_trust_the_server() -> None:
    assert shown(made(NOW))


def test_a_certificate_is_renewed_before_its_end_and_shown_to_new_connections() -> None:
    certificates = Certificates(["admission.svc"], first_authorities(NOW), NOW - CERTIFICATE_LASTS + 29 * DAY)
    before = shown(certificates)
    assert certificates.renew(NOW)
    assert shown(certificates) != before
    assert not certificates.renew(NOW)


def test_a_certificate_of_a_clock_that_has_gone_back_is_renewed() -> None:
    certificates = Certificates(["admission.svc"], first_authorities(NOW), NOW + 5 * DAY)
    assert certificates.renew(NOW)
    assert shown(certificates)


def test_a_certificate_that_expired_while_the_server_was_stopped_is_made_anew(tmp_path: Path) -> None:
    made(NOW - 200 * DAY, tmp_path)
    assert shown(made(NOW, tmp_path))


def test_an_old_tls_is_not_spoken() -> None:
    authorities = first_authorities(NOW)
    assert Certificates(["a"], authorities, NOW).context.minimum_version == ssl.TLSVersion.TLSv1_2
    newer = Certificates(["a"], authorities, NOW, "1.3").context
    assert newer.minimum_version == ssl.TLSVersion.TLSv1_3


def test_the_authority_of_a_folder_stays(tmp_path: Path) -> None:
    first = folder_authorities(tmp_path / "ca", NOW)
    assert folder_authorities(tmp_path / "ca", NOW) == first
    assert (tmp_path / "ca" / "ca.key").stat().st_mode & 0o077 == 0


def test_an_authority_that_expired_while_the_server_was_stopped_is_made_anew(tmp_path: Path) -> None:
    first = folder_authorities(tmp_path, NOW - AUTHORITY_LASTS - DAY)
    second = folder_authorities(tmp_path, NOW)
    assert second.bundle.count(b"BEGIN CERTIFICATE") == 1
    assert second.current != first.current


def test_an_authority_of_a_clock_that_was_ahead_is_made_anew() -> None:
    ahead = first_authorities(NOW + 30 * DAY)
    assert advanced(ahead, NOW).current != ahead.current


def test_a_new_authority_is_known_for_a_day_before_it_signs_and_the_old_one_until_its_end(
    tmp_path: Path,
) -> None:
    begin = NOW - AUTHORITY_LASTS + 30 * DAY
    old = folder_authorities(tmp_path, begin)
    known = folder_authorities(tmp_path, NOW - 2 * DAY)
    assert (known.current, known.coming is not None) == (old.current, True)
    assert folder_authorities(tmp_path, NOW - 1.5 * DAY) == known
    signing = folder_authorities(tmp_path, NOW)
    assert (signing.current, signing.previous) == (known.coming, old.current.certificate)
    assert signing.bundle.count(b"BEGIN CERTIFICATE") == 2
    later = folder_authorities(tmp_path, NOW + 60 * DAY)
    assert (later.current, later.previous) == (signing.current, b"")
    assert {one.name for one in tmp_path.iterdir()} == {"ca.crt", "ca.key"}


def test_clients_that_know_both_authorities_trust_the_server_before_and_after(tmp_path: Path) -> None:
    folder_authorities(tmp_path, NOW - AUTHORITY_LASTS + 30 * DAY)
    certificates = made(NOW - 2 * DAY, tmp_path)
    bundle = certificates.authorities.bundle
    assert shown(certificates, bundle)
    assert certificates.take(folder_authorities(tmp_path, NOW), NOW)
    assert shown(certificates, bundle)


def test_a_damaged_authority_is_an_error_of_the_input(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no")
    (tmp_path / "ca.key").write_text("no")
    with pytest.raises(DocumentError, match="certificate cannot be read"):
        folder_authorities(tmp_path, NOW)


def test_a_folder_that_cannot_be_made_is_an_error_of_the_world(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="keep the authority"):
        folder_authorities(tmp_path / "file" / "ca", NOW)
