"""What an admission server is told, and what follows from it: whom to ask, and how it is reached."""

from pathlib import Path

import msgspec

from propolis.app.admission_webhooks import Service, Target
from propolis.app.egress import DEFAULT_EGRESS, Egress
from propolis.app.settings import read_settings
from propolis.cluster.in_cluster import in_cluster_access
from propolis.cluster.kubeconfig import Access, load_access

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # addresses to listen on that are no names


DEFAULT_RECORD_DAYS = 30
DEFAULT_NAMESPACE = "propolis"


class AdmissionOptions(msgspec.Struct, frozen=True):
    """What an admission server is told.

    Attributes:
        policies: Files and folders.
        from_cluster: Whether policies that are objects of the cluster count too.
        exceptions: Files and folders.
        host: To listen on.
        hosts: More names and addresses that its certificate holds.
        kubeconfig: Of the API server to ask and to serve; None for the pod's own account, or the settings'.
        offline: Whether there is no API server: look-ups are errors, no webhook is written.
        url: By which the API server reaches it; empty with ``service``.
        service: In the cluster.
        name: Of the webhook configurations.
        writes: Whether they are written at all.
        folder: Where the authority is kept; None for one that lasts as long as the process.
        records: The store that keeps decisions; None where none are kept.
        record_days: How long they are kept.
        secret: ``NAMESPACE/NAME`` of a Secret that keeps it, for replicas that share it.
        least_tls: The oldest version of TLS that is spoken.
        settings: ``NAMESPACE/NAME`` of a ConfigMap with Kyverno's settings.
        settings_file: The same as a file.
        namespace: Where what policies make after requests is left; of the Service or Secret when empty.
        operator: The user whose requests cause nothing: the operator's own.
        has_events: Whether the cluster is told of decisions as events.
        omitted_events: Reasons of events that are not told.
        egress: Which services policies may call.
    """

    policies: tuple[str, ...] = ()
    from_cluster: bool = False
    exceptions: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 9443
    hosts: tuple[str, ...] = ()
    kubeconfig: Path | None = None
    context: str = ""
    offline: bool = False
    url: str = ""
    service: Service | None = None
    name: str = "propolis-admission"
    writes: bool = True
    folder: Path | None = None
    records: Path | None = None
    record_days: int = DEFAULT_RECORD_DAYS
    secret: str = ""
    least_tls: str = "1.2"
    settings: str = ""
    settings_file: Path | None = None
    namespace: str = ""
    operator: str = ""
    has_events: bool = True
    omitted_events: frozenset[str] = frozenset()
    egress: Egress = DEFAULT_EGRESS


def own_namespace(options: AdmissionOptions) -> str:
    """The namespace of Propolis in the cluster."""
    of_service = options.service.namespace if options.service else ""
    return options.namespace or of_service or options.secret.partition("/")[0] or DEFAULT_NAMESPACE


def hosts_of(options: AdmissionOptions) -> list[str]:
    """Names and addresses that clients know the server by."""
    names = [options.host, *options.hosts]
    if options.service is not None:
        name = f"{options.service.name}.{options.service.namespace}.svc"
        names += [name, f"{name}.cluster.local"]
    return [name for name in dict.fromkeys(names) if name not in _EVERYWHERE]


def target_of(options: AdmissionOptions, port: int, authority: bytes) -> Target:
    """How API servers reach a server that listens on a port."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    url = options.url or f"https://{host}:{port}"
    excluded = (options.service.namespace,) if options.service else ()
    return Target(authority, options.service, url, options.name, excluded)


def access_of(options: AdmissionOptions) -> Access:
    """The kubeconfig that is named, else the pod's own account, else that of the settings."""
    settings = read_settings()
    if options.kubeconfig is not None:
        return load_access((options.kubeconfig,), options.context)
    own = in_cluster_access(settings.service_host, settings.service_port)
    return own if own and not options.context else load_access(settings.kubeconfig, options.context)
