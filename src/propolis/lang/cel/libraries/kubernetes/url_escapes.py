"""Percent escapes of the parts of a URL, byte by byte as Go's net/url has them.

Follows Go net/url (1.26): which bytes each part may hold unescaped.
"""

from propolis.lang.go_quote import quote

_ALPHANUMERIC = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_MARKS = b"-_.~"
_RESERVED = b"$&+,/:;=?@"
_HEX = frozenset(b"0123456789abcdefABCDEF")

PLAIN: dict[str, frozenset[int]] = {
    "path": frozenset(_ALPHANUMERIC + _MARKS + _RESERVED) - frozenset(b"?"),
    "user": frozenset(_ALPHANUMERIC + _MARKS + _RESERVED) - frozenset(b"@/?:"),
    "query": frozenset(_ALPHANUMERIC + _MARKS),
    "fragment": frozenset(_ALPHANUMERIC + _MARKS + _RESERVED + b"!()*"),
    "host": frozenset(_ALPHANUMERIC + _MARKS + b"!$&'()*+,;=:[]<>\""),
}
"""Bytes that stay as they are, by part; a zone has those of a host."""

_ALSO_ENCODED = frozenset(b"!$&'()*+,;=:@[]%")
"""Bytes that count as escaped already though escaping would change some of them."""


class UrlError(ValueError):
    """The text is no URL; the message is the one of Go."""


def text_of(data: bytes) -> str:
    """Bytes as text; what is no UTF-8 is replaced."""
    return data.decode("utf-8", "replace")


def unescape(data: bytes, part: str) -> bytes:
    """Without escapes.

    Raises:
        UrlError: An escape is wrong, or a host has a byte that it may not have.
    """
    position = 0
    found = bytearray()
    is_host = part in ("host", "zone")
    plus = b" " if part == "query" else b"+"
    while position < len(data):
        byte = data[position]
        if byte == ord("%"):
            found.append(_escaped(data[position : position + 3], part))
            position += 3
            continue
        if is_host and byte < 0x80 and byte not in PLAIN["host"]:  # noqa: PLR2004  # ASCII
            raise UrlError(f"invalid character {quote(chr(byte))} in host name")
        found += plus if byte == ord("+") else data[position : position + 1]
        position += 1
    return bytes(found)


def _escaped(escape: bytes, part: str) -> int:
    if len(escape) < 3 or escape[1] not in _HEX or escape[2] not in _HEX:  # noqa: PLR2004  # %XX
        raise UrlError(f"invalid URL escape {quote(text_of(escape))}")
    value = int(escape[1:], 16)
    is_refused = (part == "host" and value < 0x80) or (  # noqa: PLR2004  # ASCII
        part == "zone" and value != ord(" ") and value not in PLAIN["host"]
    )
    if is_refused and escape != b"%25":
        raise UrlError(f"invalid URL escape {quote(text_of(escape))}")
    return value


def escape(data: bytes, part: str) -> bytes:
    """With every byte escaped that the part may not hold."""
    plain = PLAIN[part]
    return b"".join(bytes((byte,)) if byte in plain else b"%%%02X" % byte for byte in data)


def is_encoded(data: bytes, part: str) -> bool:
    """Whether a text is an escaping of something, though perhaps not the usual one."""
    return all(byte in _ALSO_ENCODED or byte in PLAIN[part] for byte in data)


def escaped_as_written(decoded: bytes, written: bytes, part: str) -> bytes:
    """The escaped form: as it was written where that is one, else the usual one."""
    return written if is_encoded(written, part) else escape(decoded, part)
