import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from propolis.cluster.authority import EARLY, Identity, KeyPair, issue, make_authority
from propolis.core.errors import DocumentError

NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def read(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


def test_an_issued_certificate_is_signed_by_its_authority() -> None:
    authority = make_authority("test-ca", NOW, DAY)
    issued = issue(authority, Identity("me", ["team"]), NOW, DAY)
    read(issued).verify_directly_issued_by(read(authority))
    assert read(issued).subject.rfc4514_string() == "CN=me,O=team"


def test_a_server_has_its_names_and_addresses() -> None:
    issued = issue(make_authority("ca", NOW, DAY), Identity("web", hosts=["127.0.0.1", "web.svc"]), NOW, DAY)
    names = read(issued).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["web.svc"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_a_certificate_begins_before_now_and_ends_as_asked() -> None:
    authority = make_authority("ca", NOW, DAY)
    assert authority.expires == NOW + DAY
    assert read(authority).not_valid_before_utc == NOW - EARLY


def test_an_authority_signs_certificates_and_what_it_issues_does_not() -> None:
    authority = make_authority("ca", NOW, DAY)
    issued = issue(authority, Identity("web", hosts=["web"]), NOW, DAY)
    found = [
        read(one).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        for one in (authority, issued)
    ]
    assert found == [True, False]


def test_a_pair_can_be_shown_by_a_server(tmp_path: Path) -> None:
    issued = issue(make_authority("ca", NOW, DAY), Identity("web", hosts=["web"]), NOW, DAY)
    path = tmp_path / "web.pem"
    path.write_bytes(issued.certificate + issued.key)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)


@pytest.mark.parametrize("field", ["certificate", "key"])
def test_a_damaged_authority_is_an_error_of_the_input(field: str) -> None:
    authority = make_authority("ca", NOW, DAY)
    damaged = KeyPair(**{"certificate": authority.certificate, "key": authority.key, field: b"no"})
    with pytest.raises(DocumentError, match="cannot be read"):
        issue(damaged, Identity("me"), NOW, DAY)
