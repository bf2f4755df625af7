"""Who an admission server is to API servers: its certificate, and the authorities behind it."""

from collections.abc import Sequence

from propolis.app.admission_certificates import Certificates
from propolis.app.admission_keeping import InFolder, InSecret, Keeper, WithProcess
from propolis.app.admission_options import AdmissionOptions, hosts_of
from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.cluster.informer import Informer
from propolis.cluster.reflector import Reflector
from propolis.core import clock
from propolis.core.errors import DocumentError


class ServerIdentity:
    """The certificate and what renews it.

    Attributes:
        certificates: What is shown now.
        is_changed: Whether somebody has changed the authorities where they are kept.
    """

    def __init__(self, keeper: Keeper, certificates: Certificates) -> None:
        self.certificates = certificates
        self.is_changed = False
        self._keeper = keeper

    @property
    def bundle(self) -> bytes:
        """What API servers have to know, as PEM."""
        return self.certificates.authorities.bundle

    async def renew(self) -> Sequence[str]:
        """Does what is due; what was done, for people.

        Raises:
            DocumentError: What is kept is damaged.
            SourceError: It cannot be read or kept.
        """
        self.is_changed = False
        now = clock.now()
        before = self.bundle
        if self.certificates.take(await self._keeper.due(now), now):
            return ("another authority signs now, and the certificate is a new one",)
        told = [] if self.bundle == before else ["other authorities are known now"]
        return [*told, "the certificate was renewed"] if self.certificates.renew(now) else told

    def reflector(self, client: ApiClient, place: str) -> Reflector:
        """Follows the Secret ``NAMESPACE/NAME``, to be run."""
        namespace, _, name = place.partition("/")
        informer = Informer[None](lambda _document: None, self._change)
        path = f"/api/v1/namespaces/{namespace}/secrets"
        served = Served("", "v1", "Secret", "secrets")
        return Reflector(
            client, served, informer, path=path, query={"fieldSelector": f"metadata.name={name}"}
        )

    def _change(self) -> None:
        self.is_changed = True


async def open_identity(options: AdmissionOptions, client: ApiClient | None) -> ServerIdentity:
    """The identity that options name.

    Raises:
        DocumentError: What is kept is damaged, or there is no cluster for a Secret.
        SourceError: It cannot be read or kept.
    """
    keeper: Keeper = WithProcess() if options.folder is None else InFolder(options.folder)
    if options.secret:
        if client is None:
            raise DocumentError("certificates in a Secret need a cluster", expected="no --offline")
        namespace, _, name = options.secret.partition("/")
        keeper = InSecret(client, namespace, name)
    now = clock.now()
    authorities = await keeper.due(now)
    return ServerIdentity(keeper, Certificates(hosts_of(options), authorities, now, options.least_tls))
