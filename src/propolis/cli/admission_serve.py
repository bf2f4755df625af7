"""``propolis admission serve``: the webhook server."""

from pathlib import Path

import click

from propolis.app.admission_webhooks import Service
from propolis.cli.options import (
    egress_rules,
    event_reasons,
    http_allowlist_option,
    http_blocklist_option,
    omit_events_option,
    store_option,
)
from propolis.core.errors import DocumentError

_IN_SECRET = "secret:"  # noqa: S105  # a prefix of the option, no secret
_SETTINGS = "NAMESPACE/NAME, without --offline and --settings-file"


@click.command()
@click.option(
    "--policies",
    multiple=True,
    metavar="PATH",
    help="Files and folders of policies; a change is in force within a second. May be given several times.",
)
@click.option(
    "--from-cluster", is_flag=True, help="Policies and exceptions that are objects of the cluster, too."
)
@click.option("--exception", "exceptions", multiple=True, metavar="PATH", help="Exceptions to them.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=9443, show_default=True)
@click.option("--hostname", "hosts", multiple=True, metavar="NAME", help="More names for the certificate.")
@click.option(
    "--kubeconfig", type=click.Path(path_type=Path, dir_okay=False), help="In place of $KUBECONFIG."
)
@click.option("--context", default="", help="Of the kubeconfig, in place of its current one.")
@click.option("--offline", is_flag=True, help="Without a cluster: look-ups of policies are errors.")
@click.option("--url", default="", metavar="URL", help="By which the API server reaches this server.")
@click.option(
    "--service", default="", metavar="NAMESPACE/NAME[:PORT]", help="The same, as a Service of the cluster."
)
@click.option(
    "--name", default="propolis-admission", show_default=True, help="Of the webhook configurations."
)
@click.option("--no-webhooks", is_flag=True, help="Write no webhook configurations.")
@click.option(
    "--certificates",
    default="",
    metavar="FOLDER|secret:NAMESPACE/NAME",
    help="What keeps the server's own authority: a folder, or a Secret that replicas share."
    "  [default: a new one at each start]",
)
@click.option(
    "--tls-min-version",
    "least_tls",
    type=click.Choice(["1.2", "1.3"]),
    default="1.2",
    show_default=True,
    help="The oldest version of TLS that is spoken.",
)
@click.option(
    "--namespace",
    default="",
    metavar="NAME",
    help="Where UpdateRequests are left for the operator.  [default: that of --service, or propolis]",
)
@click.option(
    "--operator-account",
    "operator",
    default="",
    metavar="USER",
    help="User of the operator, whose own requests cause no UpdateRequest.",
)
@click.option(
    "--events/--no-events", "has_events", default=True, show_default=True, help="Tell decisions as events."
)
@omit_events_option
@http_blocklist_option
@http_allowlist_option
@store_option
@click.option("--no-records", is_flag=True, help="Do not keep what is decided.")
@click.option(
    "--record-days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="How long decisions are kept, for admission replay.",
)
@click.option(
    "--settings",
    default="",
    metavar="NAMESPACE/NAME",
    help="ConfigMap with Kyverno's settings; a change is in force within a second.",
)
@click.option("--settings-file", type=click.Path(path_type=Path, dir_okay=False), help="The same as a file.")
def serve(
    policies: tuple[str, ...],
    *,
    from_cluster: bool,
    exceptions: tuple[str, ...],
    host: str,
    port: int,
    hosts: tuple[str, ...],
    kubeconfig: Path | None,
    context: str,
    offline: bool,
    url: str,
    service: str,
    name: str,
    no_webhooks: bool,
    certificates: str,
    least_tls: str,
    namespace: str,
    operator: str,
    has_events: bool,
    omitted: str,
    blocked: str | None,
    allowed: str,
    store: Path | None,
    no_records: bool,
    record_days: int,
    settings: str,
    settings_file: Path | None,
) -> None:
    """Answer the admission reviews of an API server by policies.

    Webhook configurations follow the policies, and are removed when the server is asked to stop. Every
    decision is recorded in the store, without secrets: see admission replay.

    \b
    Examples:
      propolis admission serve --policies policies/
      propolis admission serve --policies policies/ --service propolis/admission --host 0.0.0.0
      propolis admission serve --from-cluster --service propolis/admission --host 0.0.0.0 \\
        --certificates secret:propolis/admission --settings propolis/settings
    """
    if not (policies or from_cluster):
        raise DocumentError("there is nothing to decide by", expected="--policies or --from-cluster")
    if from_cluster and offline:
        raise DocumentError("policies of a cluster need one", expected="--from-cluster without --offline")
    if settings and (offline or settings_file or not all(settings.partition("/"))):
        raise DocumentError(f"--settings {settings!r} cannot be followed", expected=_SETTINGS)
    secret = certificates.removeprefix(_IN_SECRET) if certificates.startswith(_IN_SECRET) else ""
    if certificates.startswith(_IN_SECRET) and (offline or not all(secret.partition("/"))):
        told = f"--certificates {certificates!r} cannot be used"
        raise DocumentError(told, expected="secret:NAMESPACE/NAME, without --offline")
    from propolis.app.admission_options import AdmissionOptions
    from propolis.app.admission_server import serve_admission
    from propolis.app.settings import read_settings

    serve_admission(
        AdmissionOptions(
            policies=policies,
            from_cluster=from_cluster,
            exceptions=exceptions,
            host=host,
            port=port,
            hosts=hosts,
            kubeconfig=kubeconfig,
            context=context,
            offline=offline,
            url=url.rstrip("/"),
            service=_service(service) if service else None,
            name=name,
            writes=not no_webhooks,
            folder=Path(certificates) if certificates and not secret else None,
            secret=secret,
            least_tls=least_tls,
            namespace=namespace,
            operator=operator,
            has_events=has_events,
            omitted_events=event_reasons(omitted),
            egress=egress_rules(blocked, allowed),
            records=None if no_records else store or read_settings().store,
            record_days=record_days,
            settings=settings,
            settings_file=settings_file,
        )
    )


def _service(text: str) -> Service:
    """A Service as it is written on the command line. Raises `DocumentError`."""
    place, colon, port = text.partition(":")
    namespace, slash, name = place.partition("/")
    is_number = port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16
    if not (namespace and slash and name) or (colon and not is_number):
        raise DocumentError(f"--service {text!r} is no Service", expected="NAMESPACE/NAME[:PORT]")
    return Service(namespace, name, int(port)) if colon else Service(namespace, name)
