"""The certificate that an admission server shows to API servers.

A renewed certificate is loaded into the context that serves: connections that are open go on, new ones are
shown the new one, so no request is dropped.
"""

import ssl
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from propolis.app.admission_authorities import Authorities
from propolis.cluster.authority import Identity, KeyPair, issue
from propolis.core.errors import DocumentError

CERTIFICATE_LASTS = timedelta(days=90)
CERTIFICATE_LEAST = timedelta(days=30)
"""What a certificate has left when it is renewed."""
TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Certificates:
    """The certificate that was issued last, and the context that shows it.

    Attributes:
        authorities: By which it is known.
        context: For the server; it shows the certificate of the moment.
    """

    def __init__(
        self, hosts: Sequence[str], authorities: Authorities, now: datetime, least_tls: str = "1.2"
    ) -> None:
        """Issues the first one.

        Args:
            hosts: Names and addresses of the server.
            authorities: The current one signs.
            now: When it begins.
            least_tls: The oldest version of TLS that is spoken.

        Raises:
            DocumentError: The authority is damaged.
        """
        self._hosts = tuple(hosts)
        self.authorities = authorities
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = TLS_VERSIONS[least_tls]
        self._issue(now)

    def take(self, authorities: Authorities, now: datetime) -> bool:
        """Takes other authorities over; whether the certificate is a new one. Raises `DocumentError`."""
        is_same = authorities.current == self.authorities.current
        self.authorities = authorities
        if not is_same:
            self._issue(now)
        return not is_same

    def renew(self, now: datetime) -> bool:
        """Renews the certificate near its end, or when the clock has gone back before its begin."""
        if self._shown.begins <= now < self._shown.expires - CERTIFICATE_LEAST:
            return False
        self._issue(now)
        return True

    def _issue(self, now: datetime) -> None:
        identity = Identity("propolis-admission", hosts=self._hosts)
        shown = issue(self.authorities.current, identity, now, CERTIFICATE_LASTS)
        _show(self.context, shown)
        self._shown = shown


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
