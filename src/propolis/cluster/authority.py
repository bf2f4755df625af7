"""Certificates of an authority of one's own: of the admission server, and of control planes in tests.

Follows RFC 5280; keys are ECDSA on P-256, which every client of an API server knows.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from propolis.core.errors import DocumentError

EARLY = timedelta(minutes=5)
"""How long before now a certificate begins: clocks of others go behind."""


class KeyPair(msgspec.Struct, frozen=True):
    """A certificate and its private key, both as PEM."""

    certificate: bytes
    key: bytes

    @property
    def begins(self) -> datetime:
        """When the certificate begins. Raises `DocumentError`."""
        return _certificate(self).not_valid_before_utc

    @property
    def expires(self) -> datetime:
        """When the certificate ends. Raises `DocumentError`."""
        return _certificate(self).not_valid_after_utc


class Identity(msgspec.Struct, frozen=True):
    """Who a certificate speaks for.

    Attributes:
        name: The common name; of a client of an API server the user.
        organizations: Of a client its groups.
        hosts: Names and addresses of a server; none makes the certificate a client's.
    """

    name: str
    organizations: Sequence[str] = ()
    hosts: Sequence[str] = ()


def make_authority(name: str, now: datetime, lasting: timedelta) -> KeyPair:
    """A new authority, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key.public_key(), now, lasting)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


def issue(authority: KeyPair, identity: Identity, now: datetime, lasting: timedelta) -> KeyPair:
    """A certificate with a new key, signed by the authority.

    Raises:
        DocumentError: The authority's certificate or key is damaged.
    """
    signer, issuer = _private_key(authority), _certificate(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, one) for one in identity.organizations]
    subject = x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, identity.name)])
    use = ExtendedKeyUsageOID.SERVER_AUTH if identity.hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(subject, issuer.subject, key.public_key(), now, lasting)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if identity.hosts:
        names_of = x509.SubjectAlternativeName([_host(host) for host in identity.hosts])
        builder = builder.add_extension(names_of, critical=False)
    return _pair(builder.sign(signer, hashes.SHA256()), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    lasting: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + lasting)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(certificate.public_bytes(serialization.Encoding.PEM), private)


def _certificate(pair: KeyPair) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pair.certificate)
    except ValueError as error:
        raise DocumentError("the certificate cannot be read", expected="a certificate as PEM") from error


def _private_key(pair: KeyPair) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pair.key, password=None)
    except (ValueError, TypeError) as error:
        raise DocumentError("the key cannot be read", expected="a private key as PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise DocumentError("the key is of another kind", expected="a key of ECDSA")
    return key
