"""``x509.decode``: an RSA certificate or request in PEM as a map with the fields of Go (libs/x509)."""

from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.libraries.kyverno.go_json import with_doubles
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import DYN, STRING
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.x509 import decode_pem

_LEFT_OUT = frozenset(
    {
        "SignatureAlgorithm", "Version", "Subject", "UnhandledCriticalExtensions", "UnknownExtKeyUsage",
        "SubjectKeyId", "URIs", "Policies", "InhibitAnyPolicy", "InhibitAnyPolicyZero",
        "InhibitPolicyMapping", "InhibitPolicyMappingZero", "PolicyMappings", "RequireExplicitPolicy",
        "RequireExplicitPolicyZero",
    }
)  # fmt: skip
"""Fields of a certificate that ``x509_decode`` has and this function has not."""


def _decode(text: str) -> Any:
    try:
        found = decode_pem(text)
    except ExpressionError as error:
        raise EvaluationError(error.message.removeprefix("x509_decode(): ")) from error
    if "RawTBSCertificate" in found:
        found = {name: value for name, value in found.items() if name not in _LEFT_OUT}
        found["SerialNumber"] = _last_64_bits(found["SerialNumber"])
    return with_doubles(found)


def _last_64_bits(number: int) -> int:
    """As Go narrows a large number: serial numbers have more bits than this."""
    narrowed = abs(number) % 2**64
    signed = narrowed - 2**64 if narrowed >= 2**63 else narrowed
    return -signed if number < 0 else signed


X509_LIBRARY = Library(
    "kyverno.x509", (function("x509.decode", call("x509_decode_string", (STRING,), DYN, _decode)),)
)
