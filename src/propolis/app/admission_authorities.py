"""The authorities that vouch for admission servers, and how one follows another without a refused request.

A new authority is made known first, in the webhooks of all API servers, and signs only once they had time to
see it; the old one stays known until its end. What is due depends on the time alone, so that replicas that
share authorities do the same, whichever comes first.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from propolis.cluster.authority import KeyPair, make_authority

AUTHORITY_LASTS = timedelta(days=3650)
AUTHORITY_LEAST = timedelta(days=365)
"""What an authority has left when the next one is made."""
OVERLAP = timedelta(days=1)
"""How long a new authority is known before it signs."""

_NAME = "propolis-admission-ca"


class Authorities(msgspec.Struct, frozen=True):
    """Who signs, who will, and who did.

    Attributes:
        current: Signs.
        coming: Will sign; known already.
        previous: Has signed, as PEM; known until its end.
    """

    current: KeyPair
    coming: KeyPair | None = None
    previous: bytes = b""

    @property
    def bundle(self) -> bytes:
        """All that clients have to know, as PEM."""
        coming = self.coming.certificate if self.coming else b""
        return b"".join(map(_ended, (self.current.certificate, coming, self.previous)))

    def data(self) -> dict[str, bytes]:
        """As files or as the data of a Secret."""
        found = dict(self._parts())
        return {name: value for name, value in found.items() if value}

    def _parts(self) -> Iterator[tuple[str, bytes]]:
        yield from ((_CERTIFICATE, self.current.certificate), (_KEY, self.current.key))
        if self.coming is not None:
            yield from ((_COMING, self.coming.certificate), (_COMING_KEY, self.coming.key))
        yield _PREVIOUS, self.previous


_CERTIFICATE, _KEY = "ca.crt", "ca.key"
_COMING, _COMING_KEY = "coming-ca.crt", "coming-ca.key"
_PREVIOUS = "previous-ca.crt"
NAMES = (_CERTIFICATE, _KEY, _COMING, _COMING_KEY, _PREVIOUS)
"""Of the parts of authorities where they are kept."""


def read_authorities(data: dict[str, bytes]) -> Authorities | None:
    """Authorities as `Authorities.data` gives them; None where there is none."""
    if not data.get(_CERTIFICATE):
        return None
    coming = None
    if data.get(_COMING):
        coming = KeyPair(data[_COMING], data.get(_COMING_KEY, b""))
    return Authorities(KeyPair(data[_CERTIFICATE], data.get(_KEY, b"")), coming, data.get(_PREVIOUS, b""))


def first_authorities(now: datetime) -> Authorities:
    """New ones."""
    return Authorities(make_authority(_NAME, now, AUTHORITY_LASTS))


def advanced(found: Authorities, now: datetime) -> Authorities:
    """The authorities as they should be now; the same object where nothing is due.

    Raises:
        DocumentError: A certificate is damaged.
    """
    current, coming = found.current, found.coming
    if current.expires <= now or current.begins > now:
        return _without_overlap(found, now)
    if coming is not None and coming.begins + OVERLAP <= now:
        return Authorities(coming, None, current.certificate)
    if coming is None and current.expires - now <= AUTHORITY_LEAST:
        return msgspec.structs.replace(found, coming=make_authority(_NAME, now, AUTHORITY_LASTS))
    if found.previous and KeyPair(found.previous, b"").expires <= now:
        return msgspec.structs.replace(found, previous=b"")
    return found


def _without_overlap(found: Authorities, now: datetime) -> Authorities:
    """Where nobody trusts the one that signs any more: the coming one, or a new one, signs at once."""
    coming = found.coming
    if coming is not None and coming.begins <= now < coming.expires:
        return Authorities(coming)
    return first_authorities(now)


def _ended(pem: bytes) -> bytes:
    return pem if not pem or pem.endswith(b"\n") else pem + b"\n"
