"""``x509_decode``: an RSA certificate or certificate request in PEM as the object that Go's encoder gives.

Follows RFC 5280 and Go crypto/x509 (fields and their order of meaning). Fields of extensions that
policies do not use here (name constraints, policy mappings) keep Go's empty value; the extension
itself stands in ``Extensions`` all the same.
"""

import base64
import binascii
import re
from typing import Any

from propolis.lang.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    INTEGER,
    SEQUENCE,
    SET,
    UTC_TIME,
    Der,
    DerError,
    Value,
)
from propolis.lang.go_time import parse_time
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.x509_extensions import EMPTY_CERTIFICATE, EMPTY_NAMES, extension_fields

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_RSA = (1, 2, 840, 113549, 1, 1, 1)
_ALGORITHMS = {
    (1, 2, 840, 113549, 1, 1, 2): 1,
    (1, 2, 840, 113549, 1, 1, 4): 2,
    (1, 2, 840, 113549, 1, 1, 5): 3,
    (1, 2, 840, 113549, 1, 1, 11): 4,
    (1, 2, 840, 113549, 1, 1, 12): 5,
    (1, 2, 840, 113549, 1, 1, 13): 6,
    (1, 2, 840, 10045, 4, 1): 9,
    (1, 2, 840, 10045, 4, 3, 2): 10,
    (1, 2, 840, 10045, 4, 3, 3): 11,
    (1, 2, 840, 10045, 4, 3, 4): 12,
    (1, 3, 101, 112): 16,
}
"""Numbers of Go's SignatureAlgorithm."""

_LISTED = {
    6: "Country",
    10: "Organization",
    11: "OrganizationalUnit",
    7: "Locality",
    8: "Province",
    9: "StreetAddress",
    17: "PostalCode",
}
"""Last number of 2.5.4.N to the list that holds such names."""

_EXTENSIONS_TAG = 0xA3
_VERSION_TAG = 0xA0
_ATTRIBUTES_TAG = 0xA0
_EXTENSION_REQUEST = (1, 2, 840, 113549, 1, 9, 14)


def decode_pem(text: str) -> dict[str, Any]:
    """The first PEM block as an object.

    Raises:
        ExpressionError: There is none, it is damaged, or its key is no RSA key.
    """
    found = _PEM.search(text)
    if found is None:
        raise ExpressionError("x509_decode(): failed to decode PEM block")
    try:
        data = base64.b64decode("".join(found[2].split()), validate=True)
        if found[1] == "CERTIFICATE":
            return _certificate(data)
        if found[1] == "CERTIFICATE REQUEST":
            return _request(data)
    except (DerError, binascii.Error, IndexError) as error:
        raise ExpressionError(f"x509_decode(): {error}") from error
    raise ExpressionError("x509_decode(): the PEM block is neither a CERTIFICATE nor a CERTIFICATE REQUEST")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _certificate(data: bytes) -> dict[str, Any]:
    outer = Der(data).next(SEQUENCE)
    whole = outer.inside()
    body = whole.next(SEQUENCE)
    algorithm, signature = whole.next(SEQUENCE), whole.next(BIT_STRING)
    parts = body.inside()
    version = parts.next().inside().next(INTEGER).integer() + 1 if parts.peek() == _VERSION_TAG else 1
    serial = parts.next(INTEGER).integer()
    parts.next(SEQUENCE)
    issuer = parts.next(SEQUENCE)
    validity = parts.next(SEQUENCE).inside()
    start, end = validity.next(), validity.next()
    subject, key = parts.next(SEQUENCE), parts.next(SEQUENCE)
    listed = [value for value in parts.rest() if value.tag == _EXTENSIONS_TAG]
    extensions = _extensions(listed[0].inside().next(SEQUENCE)) if listed else None
    return {
        **EMPTY_CERTIFICATE,
        "Raw": _text(outer.encoded),
        "RawTBSCertificate": _text(body.encoded),
        "RawSubjectPublicKeyInfo": _text(key.encoded),
        "RawSubject": _text(subject.encoded),
        "RawIssuer": _text(issuer.encoded),
        "Signature": _text(signature.bits()),
        "SignatureAlgorithm": _ALGORITHMS.get(algorithm.inside().next().object_id(), 0),
        **_public_key(key),
        "Version": version,
        "SerialNumber": serial,
        "Issuer": _name(issuer),
        "Subject": _name(subject),
        "NotBefore": _time(start),
        "NotAfter": _time(end),
        "Extensions": extensions,
        **extension_fields(extensions or []),
    }


def _request(data: bytes) -> dict[str, Any]:
    outer = Der(data).next(SEQUENCE)
    whole = outer.inside()
    body = whole.next(SEQUENCE)
    algorithm, signature = whole.next(SEQUENCE), whole.next(BIT_STRING)
    parts = body.inside()
    version, subject, key = parts.next(INTEGER).integer(), parts.next(SEQUENCE), parts.next(SEQUENCE)
    extensions = _requested(parts)
    names = {name: value for name, value in extension_fields(extensions or []).items() if name in EMPTY_NAMES}
    return {
        "Raw": _text(outer.encoded),
        "RawTBSCertificateRequest": _text(body.encoded),
        "RawSubjectPublicKeyInfo": _text(key.encoded),
        "RawSubject": _text(subject.encoded),
        "Version": version,
        "Signature": _text(signature.bits()),
        "SignatureAlgorithm": _ALGORITHMS.get(algorithm.inside().next().object_id(), 0),
        **_public_key(key),
        "Subject": _name(subject),
        "Attributes": None,
        "Extensions": extensions,
        "ExtraExtensions": None,
        **EMPTY_NAMES,
        **names,
    }


def _requested(parts: Der) -> list[dict[str, Any]] | None:
    """Extensions that a request asks for."""
    for attributes in parts.rest():
        if attributes.tag != _ATTRIBUTES_TAG:
            continue
        for attribute in attributes.inside().rest():
            inside = attribute.inside()
            if inside.next().object_id() == _EXTENSION_REQUEST:
                return _extensions(inside.next(SET).inside().next(SEQUENCE))
    return None


def _public_key(key: Value) -> dict[str, Any]:
    parts = key.inside()
    if parts.next(SEQUENCE).inside().next().object_id() != _RSA:
        raise DerError("certificate should use rsa algorithm")
    numbers = Der(parts.next(BIT_STRING).bits()).next(SEQUENCE).inside()
    modulus, exponent = numbers.next(INTEGER).integer(), numbers.next(INTEGER).integer()
    return {"PublicKeyAlgorithm": 1, "PublicKey": {"N": _decimal(modulus), "E": exponent}}


def _decimal(value: int) -> str:
    """The digits of a number that may have thousands of bits."""
    if value.bit_length() > _MOST_BITS:
        raise DerError("the key is too large")
    return str(value)


_MOST_BITS = 14_000
"""Below the length at which Python refuses to write a number; larger than any key in use."""


def _name(value: Value) -> dict[str, Any]:
    names: list[dict[str, Any]] = []
    for group in value.inside().rest():
        for pair in group.inside().rest():
            parts = pair.inside()
            names.append({"Type": list(parts.next().object_id()), "Value": parts.next().text()})
    found: dict[str, Any] = dict.fromkeys(_LISTED.values())
    found |= {"SerialNumber": "", "CommonName": "", "Names": names or None, "ExtraNames": None}
    for item in names:
        if item["Type"][:3] != [2, 5, 4]:
            continue
        last = item["Type"][-1]
        if last in _LISTED:
            found[_LISTED[last]] = [*(found[_LISTED[last]] or []), item["Value"]]
        elif last in (3, 5):
            found["CommonName" if last == 3 else "SerialNumber"] = item["Value"]  # noqa: PLR2004  # id-at-commonName
    return found


_LAYOUTS = {UTC_TIME: "060102150405Z0700", GENERALIZED_TIME: "20060102150405Z0700"}


def _time(value: Value) -> str:
    if value.tag not in _LAYOUTS:
        raise DerError("a time is wrong")
    text = value.contents.decode("ascii", errors="replace")
    if value.tag == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    moment = parse_time(_LAYOUTS[GENERALIZED_TIME], text)
    if moment is None:
        raise DerError(f"a time is wrong: {text[:40]!r}")
    return moment.format()


def _extensions(value: Value) -> list[dict[str, Any]]:
    found = []
    for item in value.inside().rest():
        parts = item.inside().rest()
        is_critical = len(parts) > 2 and parts[1].contents != b"\x00"  # noqa: PLR2004  # id, critical, value
        found.append(
            {"Id": list(parts[0].object_id()), "Critical": is_critical, "Value": _text(parts[-1].contents)}
        )
    return found
