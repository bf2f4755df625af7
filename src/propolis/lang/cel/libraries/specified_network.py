"""``ip`` as the specification tests it: an IPv4 address written in the hexadecimal of IPv6 is that address.

Follows cel-spec tests/simple/testdata/network_ext.textproto @ 508bd98. Kubernetes and cel-go refuse it, so
policies have `kubernetes.network` alone; this library stands before that one where the specification counts.
"""

from propolis.lang.cel.libraries.kubernetes.addresses import AddressError, parse_address
from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.libraries.kubernetes.network import IP, IP_TYPE, parse_ip
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import STRING

_V4_BITS = 32
_MAPPED = 0xFFFF


def _parse(text: str) -> IP:
    """The address. Raises `EvaluationError`."""
    try:
        number, _, zone = parse_address(text)
    except AddressError:
        return parse_ip(text)
    if number >> _V4_BITS == _MAPPED and not zone and "." not in text:
        return IP(number & 0xFFFF_FFFF, _V4_BITS)
    return parse_ip(text)


SPECIFIED_NETWORK = Library(
    "specified.network", functions=(function("ip", call("string_to_ip", (STRING,), IP_TYPE, _parse)),)
)
