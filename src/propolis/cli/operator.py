"""``propolis operator``: what is in a cluster stays judged."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from propolis.cli.options import (
    egress_rules,
    event_reasons,
    http_allowlist_option,
    http_blocklist_option,
    omit_events_option,
)
from propolis.core.errors import DocumentError

if TYPE_CHECKING:
    from propolis.app.operator_options import Reports


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
@click.option(
    "--native/--no-native",
    "has_native",
    default=True,
    show_default=True,
    help="Among them ValidatingAdmissionPolicies, which the API server itself enforces.",
)
@click.option("--exception", "exceptions", multiple=True, metavar="PATH", help="Exceptions to them.")
@click.option(
    "--kubeconfig", type=click.Path(path_type=Path, dir_okay=False), help="In place of $KUBECONFIG."
)
@click.option("--context", default="", help="Of the kubeconfig, in place of its current one.")
@click.option(
    "--settings",
    default="",
    metavar="NAMESPACE/NAME",
    help="Kyverno's ConfigMap of settings: resources that its resourceFilters name are not judged.",
)
@click.option(
    "--settings-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The same in a file, in place of a ConfigMap.",
)
@click.option(
    "--lease",
    default="",
    metavar="NAMESPACE/NAME",
    help="Lease by which one of several replicas leads.  [default: it is the only one]",
)
@click.option(
    "--reports",
    type=click.Choice(["resource", "namespace", "none"]),
    default="resource",
    show_default=True,
    help="Write findings as PolicyReports: one for each.",
)
@click.option(
    "--events/--no-events", "has_events", default=True, show_default=True, help="Tell new failures as events."
)
@omit_events_option
@http_blocklist_option
@http_allowlist_option
@click.option(
    "--store",
    type=click.Path(path_type=Path, dir_okay=False),
    help="SQLite file in which findings are stored, for `propolis serve`.",
)
@click.option("--cluster-name", default="", help="In the store, in place of the context's.")
@click.option(
    "--act",
    "acts",
    is_flag=True,
    help="Carry out what policies want done: generate, change and clean up resources.",
)
@click.option(
    "--namespace",
    default="propolis",
    show_default=True,
    help="Where admission leaves what is to be done after requests (UpdateRequests).",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of health and metrics.")
@click.option("--port", type=click.IntRange(0, 65535), default=9444, show_default=True)
def operator(
    policies: tuple[str, ...],
    *,
    from_cluster: bool,
    has_native: bool,
    exceptions: tuple[str, ...],
    kubeconfig: Path | None,
    context: str,
    settings: str,
    settings_file: Path | None,
    lease: str,
    reports: "Reports",
    has_events: bool,
    omitted: str,
    blocked: str | None,
    allowed: str,
    store: Path | None,
    cluster_name: str,
    acts: bool,
    namespace: str,
    host: str,
    port: int,
) -> None:
    """Keep every resource of a cluster checked against policies.

    What depends on a change of a policy, a resource, a namespace, a ConfigMap or a date is judged again
    within a second.

    \b
    Examples:
      propolis operator --from-cluster
      propolis operator --policies policies/ --kubeconfig admin.kubeconfig
    """
    if not (policies or from_cluster):
        raise DocumentError("there is nothing to judge by", expected="--policies or --from-cluster")
    for option, text in {"--settings": settings, "--lease": lease}.items():
        if text and not all(text.partition("/")):
            raise DocumentError(f"{option} {text!r} names no object", expected="NAMESPACE/NAME")
    if settings and settings_file:
        raise DocumentError("settings come from one place", expected="--settings or --settings-file")
    from propolis.app.operator import operate
    from propolis.app.operator_options import OperatorOptions
    from propolis.app.operator_sinks import telling_of

    options = OperatorOptions(
        policies=policies,
        from_cluster=from_cluster,
        has_native=has_native,
        exceptions=exceptions,
        kubeconfig=kubeconfig,
        context=context,
        settings=settings,
        settings_file=settings_file,
        lease=lease,
        reports=reports,
        has_events=has_events,
        omitted_events=event_reasons(omitted),
        egress=egress_rules(blocked, allowed),
        store=store,
        cluster=cluster_name,
        acts=acts,
        namespace=namespace,
        host=host,
        port=port,
    )
    operate(options, telling_of(options))
