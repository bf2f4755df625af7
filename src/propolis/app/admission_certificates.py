"""The certificates of the admission server: an authority of its own, and what it shows to API servers.

A renewed certificate is loaded into the context that serves: connections that are open go on, new ones are
shown the new one, so no request is dropped.
"""

import ssl
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from propolis.cluster.authority import Identity, KeyPair, issue, make_authority
from propolis.core.errors import DocumentError, SourceError

AUTHORITY_LASTS = timedelta(days=3650)
AUTHORITY_LEAST = timedelta(days=365)
"""What an authority must have left when the server starts; else it is made anew."""
CERTIFICATE_LASTS = timedelta(days=90)
CERTIFICATE_LEAST = timedelta(days=30)
"""What a certificate has left when it is renewed."""

_AUTHORITY = "propolis-admission-ca"


class Certificates:
    """An authority, the certificate that it issued last, and the context that shows it.

    Attributes:
        context: For the server; it shows the certificate of the moment.
    """

    def __init__(self, hosts: Sequence[str], now: datetime, folder: Path | None = None) -> None:
        """Takes the authority of a folder, or makes one and keeps it there.

        Raises:
            DocumentError: What the folder holds is damaged.
            SourceError: The folder cannot be written.
        """
        self._hosts = tuple(hosts)
        self._authority = _authority(folder, now)
        self._shown = self._issue(now)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        _show(self.context, self._shown)

    @property
    def authority(self) -> bytes:
        """The certificate by which clients know the server, as PEM."""
        return self._authority.certificate

    def renew(self, now: datetime) -> bool:
        """Renews the certificate when its end is near; whether it was."""
        if self._shown.expires - now > CERTIFICATE_LEAST:
            return False
        self._shown = self._issue(now)
        _show(self.context, self._shown)
        return True

    def _issue(self, now: datetime) -> KeyPair:
        identity = Identity("propolis-admission", hosts=self._hosts)
        return issue(self._authority, identity, now, CERTIFICATE_LASTS)


def _authority(folder: Path | None, now: datetime) -> KeyPair:
    if folder is None:
        return make_authority(_AUTHORITY, now, AUTHORITY_LASTS)
    certificate, key = folder / "ca.crt", folder / "ca.key"
    try:
        if certificate.exists():
            kept = KeyPair(certificate.read_bytes(), key.read_bytes())
            if kept.expires - now > AUTHORITY_LEAST:
                return kept
        made = make_authority(_AUTHORITY, now, AUTHORITY_LASTS)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path, data in ((key, made.key), (certificate, made.certificate)):
            path.touch(mode=0o600)
            path.write_bytes(data)
    except OSError as error:
        raise SourceError("keep the authority", str(folder), error.strerror or str(error)) from error
    return made


def _show(context: ssl.SSLContext, pair: KeyPair) -> None:
    """Loads a certificate; ssl takes it from files alone, so it is in one for a moment."""
    with tempfile.TemporaryDirectory() as folder:  # only its owner may enter
        path = Path(folder, "server.pem")
        path.touch(mode=0o600)
        path.write_bytes(pair.certificate + pair.key)
        try:
            context.load_cert_chain(path)
        except (OSError, ValueError) as error:
            raise DocumentError(f"the server's certificate cannot be shown: {error}") from error
