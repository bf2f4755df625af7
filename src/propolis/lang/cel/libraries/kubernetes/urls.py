"""URLs as Go reads them: ``scheme://user@host:port/path?query#fragment``, or a path alone.

Follows Go net/url Parse, ParseRequestURI and String (1.26).
"""

import re
from functools import lru_cache
from typing import ClassVar

import msgspec

from propolis.lang.cel.libraries.kubernetes.addresses import V4_BITS, AddressError, parse_address
from propolis.lang.cel.libraries.kubernetes.url_escapes import (
    UrlError,
    escape,
    escaped_as_written,
    text_of,
    unescape,
)
from propolis.lang.cel.types import Type, object_type
from propolis.lang.go_quote import quote

__all__ = ["Url", "UrlError", "check_request_uri", "parse_url"]

URL_TYPE = object_type("kubernetes.URL")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_SCHEME = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)?:", re.ASCII)
_PORT = re.compile(rb"(?::[0-9]*)?")
_USER = re.compile(rb"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_COLON_IN_PATH = "first path segment in URL cannot contain colon"


class Url(msgspec.Struct, frozen=True, eq=False):
    """A parsed URL; equal when the texts that it is written as are.

    Attributes:
        has_authority: Whether two slashes came before the host, which may be empty.
        user: Escaped, None where there is none.
        path: Without escapes; ``written_path`` with those that it came with.
        query: As written.
        fragment: Escaped.
    """

    scheme: str = ""
    opaque: bytes = b""
    has_authority: bool = False
    user: bytes | None = None
    host: bytes = b""
    path: bytes = b""
    written_path: bytes = b""
    query: bytes = b""
    has_bare_question_mark: bool = False
    fragment: bytes = b""
    cel_type: ClassVar[Type] = URL_TYPE

    def __eq__(self, other: object) -> bool:
        """By text."""
        return isinstance(other, Url) and str(self) == str(other)

    def __hash__(self) -> int:
        """By text."""
        return hash(str(self))

    def __str__(self) -> str:
        """The URL put together again."""
        parts = [self.scheme.encode() + b":" if self.scheme else b"", self.opaque or self._hierarchical()]
        if self.has_bare_question_mark or self.query:
            parts.append(b"?" + self.query)
        if self.fragment:
            parts.append(b"#" + self.fragment)
        return text_of(b"".join(parts))

    def _hierarchical(self) -> bytes:
        path = self.escaped_path
        if self.host or self.user is not None or (self.has_authority and path):
            user = b"" if self.user is None else self.user + b"@"
            return b"//" + user + escape(self.host, "host") + path
        segment = path.partition(b"/")[0]
        return b"./" + path if not self.scheme and b":" in segment else path

    @property
    def escaped_path(self) -> bytes:
        """The path with escapes, as it was written where that is valid."""
        if self.path == b"*" and self.written_path == b"*":
            return b"*"
        return escaped_as_written(self.path, self.written_path, "path")


@lru_cache(maxsize=1024)
def parse_url(text: str) -> Url:
    """The URL that a text says: absolute, or an absolute path.

    Raises:
        UrlError: It is none.
    """
    data = text.encode("utf-8", "surrogatepass")
    _checked(data, text, is_request=True)
    body, _, fragment = data.partition(b"#")
    url = _checked(body, text_of(body), is_request=False)
    if not fragment:
        return url
    try:
        decoded = unescape(fragment, "fragment")
    except UrlError as problem:
        raise UrlError(f"parse {quote(text)}: {problem}") from problem
    return msgspec.structs.replace(url, fragment=escaped_as_written(decoded, fragment, "fragment"))


def check_request_uri(text: str) -> None:
    """Nothing for a URL or an absolute path.

    Raises:
        UrlError: It is neither.
    """
    _checked(text.encode("utf-8", "surrogatepass"), text, is_request=True)


def _checked(data: bytes, shown: str, *, is_request: bool) -> Url:
    try:
        return _parse(data, is_request=is_request)
    except UrlError as problem:
        raise UrlError(f"parse {quote(shown)}: {problem}") from problem


def _parse(data: bytes, *, is_request: bool) -> Url:
    if _CONTROL.search(data):
        raise UrlError("net/url: invalid control character in URL")
    if not data and is_request:
        raise UrlError("empty url")
    if data == b"*":
        return Url(path=b"*", written_path=b"*")
    scheme, rest = _scheme(data)
    rest, question, query = rest.partition(b"?")
    bare = bool(question) and not query
    if not rest.startswith(b"/"):
        if scheme:
            return Url(scheme=scheme, opaque=rest, query=query, has_bare_question_mark=bare)
        _check_relative(rest, is_request=is_request)
    user, host, has_authority = None, b"", False
    if rest.startswith(b"//") and (scheme or not (is_request or rest.startswith(b"///"))):
        authority, slash, tail = rest[2:].partition(b"/")
        user, host = _authority(scheme, authority)
        rest, has_authority = slash + tail, True
    return Url(
        scheme=scheme,
        has_authority=has_authority,
        user=user,
        host=host,
        path=unescape(rest, "path"),
        written_path=rest,
        query=query,
        has_bare_question_mark=bare,
    )


def _scheme(data: bytes) -> tuple[str, bytes]:
    found = _SCHEME.match(data)
    if found is None:
        return "", data
    if not found[1]:
        raise UrlError("missing protocol scheme")
    return found[1].decode().lower(), data[found.end() :]


def _check_relative(rest: bytes, *, is_request: bool) -> None:
    if is_request:
        raise UrlError("invalid URI for request")
    if b":" in rest.partition(b"/")[0]:
        raise UrlError(_COLON_IN_PATH)


def _authority(scheme: str, authority: bytes) -> tuple[bytes | None, bytes]:
    user, at, host = authority.rpartition(b"@")
    found = _host(scheme, host)
    if not at:
        return None, found
    if not _USER.fullmatch(user):
        raise UrlError("net/url: invalid userinfo")
    return b":".join(escape(unescape(part, "user"), "user") for part in user.split(b":", 1)), found


def _host(scheme: str, host: bytes) -> bytes:
    bracket = host.rfind(b"[")
    if bracket > 0:
        raise UrlError("invalid IP-literal")
    if bracket == 0:
        return _literal(host)
    first, last = host.find(b":"), host.rfind(b":")
    if first >= 0:
        _check_port(host[first if scheme in ("http", "https") else last :])
    return unescape(host, "host")


def _check_port(port: bytes) -> None:
    if not _PORT.fullmatch(port):
        raise UrlError(f"invalid port {quote(text_of(port))} after host")


def _literal(host: bytes) -> bytes:
    """``[address%25zone]:port``."""
    end = host.rfind(b"]")
    if end < 0:
        raise UrlError("missing ']' in host")
    _check_port(host[end + 1 :])
    name = host[1:end]
    zone = name.find(b"%25")
    split = len(name) if zone < 0 else zone
    address = unescape(name[:split], "host") + unescape(name[split:], "zone")
    try:
        bits = parse_address(text_of(address))[1]
    except AddressError as problem:
        raise UrlError(f"invalid host: {problem}") from problem
    if bits == V4_BITS:
        raise UrlError("invalid IP-literal")
    return b"[" + address + b"]" + host[end + 1 :]
