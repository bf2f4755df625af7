"""What the usual extensions of a certificate say (RFC 5280 4.2), under the names of Go's fields."""

import base64
import ipaddress
from typing import Any

from propolis.lang.der import BIT_STRING, BOOLEAN, OCTET_STRING, SEQUENCE, Der

EMPTY_NAMES: dict[str, Any] = {"DNSNames": None, "EmailAddresses": None, "IPAddresses": None, "URIs": None}

EMPTY_CERTIFICATE: dict[str, Any] = {
    "KeyUsage": 0,
    "ExtraExtensions": None,
    "UnhandledCriticalExtensions": None,
    "ExtKeyUsage": None,
    "UnknownExtKeyUsage": None,
    "BasicConstraintsValid": False,
    "IsCA": False,
    "MaxPathLen": 0,
    "MaxPathLenZero": False,
    "SubjectKeyId": None,
    "AuthorityKeyId": None,
    "OCSPServer": None,
    "IssuingCertificateURL": None,
    **EMPTY_NAMES,
    "PermittedDNSDomainsCritical": False,
    "PermittedDNSDomains": None,
    "ExcludedDNSDomains": None,
    "PermittedIPRanges": None,
    "ExcludedIPRanges": None,
    "PermittedEmailAddresses": None,
    "ExcludedEmailAddresses": None,
    "PermittedURIDomains": None,
    "ExcludedURIDomains": None,
    "CRLDistributionPoints": None,
    "PolicyIdentifiers": None,
    "Policies": None,
    "InhibitAnyPolicy": 0,
    "InhibitAnyPolicyZero": False,
    "InhibitPolicyMapping": 0,
    "InhibitPolicyMappingZero": False,
    "PolicyMappings": None,
    "RequireExplicitPolicy": 0,
    "RequireExplicitPolicyZero": False,
}
"""Every field of a certificate without extensions."""

_PURPOSES = [
    (2, 5, 29, 37, 0),
    *((1, 3, 6, 1, 5, 5, 7, 3, number) for number in (1, 2, 3, 4, 5, 6, 7, 8, 9)),
    (1, 3, 6, 1, 4, 1, 311, 10, 3, 3),
    (2, 16, 840, 1, 113730, 4, 1),
    (1, 3, 6, 1, 4, 1, 311, 2, 1, 22),
    (1, 3, 6, 1, 4, 1, 311, 61, 1, 1),
]
"""Extended key usages by Go's number."""

_OCSP, _ISSUERS = (1, 3, 6, 1, 5, 5, 7, 48, 1), (1, 3, 6, 1, 5, 5, 7, 48, 2)
_ACCESS = (1, 3, 6, 1, 5, 5, 7, 1, 1)
_EMAIL, _DNS, _URI, _ADDRESS = 0x81, 0x82, 0x86, 0x87


def extension_fields(extensions: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields that the extensions fill; those of unknown ones stay as they are."""
    fields: dict[str, Any] = {}
    for item in extensions:
        identifier = tuple(item["Id"])
        read = _READERS.get(identifier)
        if read is not None:
            fields |= read(Der(base64.b64decode(item["Value"])))
        elif item["Critical"]:
            unknown = fields.get("UnhandledCriticalExtensions") or []
            fields["UnhandledCriticalExtensions"] = [*unknown, item["Id"]]
    return fields


def _key_usage(der: Der) -> dict[str, Any]:
    usage = 0
    for index, byte in enumerate(der.next(BIT_STRING).bits()[:2]):
        for bit in range(8):
            if byte & (0x80 >> bit):
                usage |= 1 << (index * 8 + bit)
    return {"KeyUsage": usage}


def _basic_constraints(der: Der) -> dict[str, Any]:
    parts = der.next(SEQUENCE).inside()
    is_authority = parts.peek() == BOOLEAN and parts.next(BOOLEAN).contents != b"\x00"
    length = -1 if parts.is_done else parts.next().integer()
    return {
        "BasicConstraintsValid": True,
        "IsCA": is_authority,
        "MaxPathLen": length,
        "MaxPathLenZero": length == 0,
    }


def _subject_key(der: Der) -> dict[str, Any]:
    return {"SubjectKeyId": base64.b64encode(der.next(OCTET_STRING).contents).decode()}


def _authority_key(der: Der) -> dict[str, Any]:
    parts = der.next(SEQUENCE).inside().rest()
    found = [part.contents for part in parts if part.tag == 0x80]  # noqa: PLR2004  # [0] keyIdentifier
    return {"AuthorityKeyId": base64.b64encode(found[0]).decode() if found else None}


def _purposes(der: Der) -> dict[str, Any]:
    known: list[int] = []
    others: list[list[int]] = []
    for part in der.next(SEQUENCE).inside().rest():
        identifier = part.object_id()
        if identifier in _PURPOSES:
            known.append(_PURPOSES.index(identifier))
        else:
            others.append(list(identifier))
    return {"ExtKeyUsage": known or None, "UnknownExtKeyUsage": others or None}


def _alternative_names(der: Der) -> dict[str, Any]:
    texts: dict[int, list[Any]] = {_EMAIL: [], _DNS: [], _URI: [], _ADDRESS: []}
    for part in der.next(SEQUENCE).inside().rest():
        if part.tag == _ADDRESS and len(part.contents) in (4, 16):
            texts[_ADDRESS].append(str(ipaddress.ip_address(part.contents)))
        elif part.tag in texts and part.tag != _ADDRESS:
            texts[part.tag].append(part.contents.decode("ascii", errors="replace"))
    return {
        "DNSNames": texts[_DNS] or None,
        "EmailAddresses": texts[_EMAIL] or None,
        "IPAddresses": texts[_ADDRESS] or None,
        "URIs": texts[_URI] or None,
    }


def _access(der: Der) -> dict[str, Any]:
    found: dict[tuple[int, ...], list[str]] = {_OCSP: [], _ISSUERS: []}
    for part in der.next(SEQUENCE).inside().rest():
        inside = part.inside()
        method, place = inside.next().object_id(), inside.next()
        if method in found and place.tag == _URI:
            found[method].append(place.contents.decode("ascii", errors="replace"))
    return {"OCSPServer": found[_OCSP] or None, "IssuingCertificateURL": found[_ISSUERS] or None}


_READERS = {
    (2, 5, 29, 15): _key_usage,
    (2, 5, 29, 19): _basic_constraints,
    (2, 5, 29, 14): _subject_key,
    (2, 5, 29, 35): _authority_key,
    (2, 5, 29, 37): _purposes,
    (2, 5, 29, 17): _alternative_names,
    _ACCESS: _access,
}
