"""``propolis policy apply``: what policies say of resources."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT, EXIT_WORLD

if TYPE_CHECKING:
    from propolis.reports.render.policy_apply import ApplyReport

FORMATS = ("table", "json", "yaml", "sarif", "junit", "markdown")
REPORT_FORMATS = ("table", "json", "yaml")
FILE = click.Path(path_type=Path, dir_okay=False)
LARGEST_EXIT_CODE = 255


@click.command()
@click.argument("policies", nargs=-1, metavar="[POLICY]...")
@click.option(
    "--resource", "-r", "resources", multiple=True, metavar="PATH", help="File or folder; may be repeated."
)
@click.option(
    "--json", "json_payloads", multiple=True, metavar="FILE", help="Any document, for policies in mode JSON."
)
@click.option(
    "--http-payload",
    "http_payloads",
    multiple=True,
    metavar="FILE",
    help="A request for policies in mode HTTP.",
)
@click.option(
    "--envoy-payload", "envoy_payloads", multiple=True, metavar="FILE", help="The same for mode Envoy."
)
@click.option("--stdin", "-i", "from_stdin", is_flag=True, help="Read resources from standard input too.")
@click.option(
    "--cluster", "-c", "is_live", is_flag=True, help="Judge, or ask, the live cluster of the kubeconfig."
)
@click.option("--kubeconfig", type=FILE, help="In place of $KUBECONFIG, for --cluster.")
@click.option("--kube-context", "--context", default="", metavar="NAME", help="Context for --cluster.")
@click.option(
    "--namespace", "-n", default="", metavar="NAME", help="The only namespace of --cluster to judge."
)
@click.option(
    "--exception", "-e", "exceptions", multiple=True, metavar="PATH", help="File or folder of exceptions."
)
@click.option(
    "--lookups",
    "-l",
    multiple=True,
    metavar="PATH",
    help="File or folder of objects that only answer what policies ask of a cluster.",
)
@click.option(
    "--context-file", "context", type=FILE, help="Objects and images to ask for, as a file of Context."
)
@click.option("--values-file", "-f", "values", type=FILE, help="Values of variables, as a file of Values.")
@click.option(
    "--set", "-s", "assignments", multiple=True, metavar="NAME=VALUE", help="One more global value."
)
@click.option("--userinfo", "-u", type=FILE, help="Who asks, as a file of UserInfo.")
@click.option(
    "--pss",
    default="",
    metavar="LEVEL:VERSION",
    help="Check a level of Pod Security, or namespaces for the levels of their labels.",
)
@click.option("--pss-config", type=FILE, help="PodSecurityConfiguration of the API server, for namespaces.")
@click.option("--policy-report", "-p", is_flag=True, help="Print PolicyReports: YAML, or JSON where asked.")
@click.option("--detailed-results", is_flag=True, help="List what passes in the table too.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", "-o", type=FILE, help="File for patched and generated documents, as YAML.")
@click.option("--audit-warn", is_flag=True, help="Failures of policies that do not enforce are warnings.")
@click.option(
    "--warn-exit-code",
    type=click.IntRange(0, LARGEST_EXIT_CODE),
    default=0,
    help="Exit code where there are warnings and no failures.",
)
@click.option(
    "--continue-on-fail", is_flag=True, help="Input that cannot be used is told, and changes no exit code."
)
def apply(
    policies: tuple[str, ...],
    resources: tuple[str, ...],
    json_payloads: tuple[str, ...],
    http_payloads: tuple[str, ...],
    envoy_payloads: tuple[str, ...],
    from_stdin: bool,  # click names its arguments
    is_live: bool,
    kubeconfig: Path | None,
    kube_context: str,
    namespace: str,
    exceptions: tuple[str, ...],
    lookups: tuple[str, ...],
    context: Path | None,
    values: Path | None,
    assignments: tuple[str, ...],
    userinfo: Path | None,
    pss: str,
    pss_config: Path | None,
    policy_report: bool,
    detailed_results: bool,
    format_: str,
    output: Path | None,
    audit_warn: bool,
    warn_exit_code: int,
    continue_on_fail: bool,
) -> int:
    """Judge resources by policies, and keep nothing.

    Prints findings, then what mutate and generate rules made. POLICY is a file or a folder, - is standard
    input; pack:default, pack:all, pack:FOLDER and pack:NAME are built-in policies. With --cluster the objects
    there are judged, or the resources that are named, and what policies ask is answered by the cluster;
    nothing is written to it. Exits with 1 when a rule fails or cannot be evaluated, 2 when some input cannot
    be used.

    \b
    Examples:
      propolis policy apply policies/ --resource deploy/
      propolis policy apply pack:supply-chain --resource deploy/
      propolis policy apply --pss restricted:v1.34 --resource deploy/ --format json
      propolis policy apply policies/ --cluster --namespace shop
      kubectl get pods -o yaml | propolis policy apply policies/ --stdin --policy-report
    """
    from propolis.app.policy_apply import ApplyInputs, apply_policies
    from propolis.app.policy_cluster import ClusterTarget
    from propolis.cli.printer import progress

    if not policies and not pss and not pss_config:
        raise click.UsageError("nothing to apply: name policies, or a level with --pss restricted:v1.34")
    payloads = {"JSON": json_payloads, "HTTP": http_payloads, "Envoy": envoy_payloads}
    if not (resources or from_stdin or is_live or any(payloads.values())):
        raise click.UsageError("nothing to judge: name resources with --resource PATH, --stdin or --cluster")
    if not is_live and (kubeconfig or kube_context or namespace):
        raise click.UsageError("--kubeconfig, --context and --namespace are for --cluster")
    if is_live and lookups:
        raise click.UsageError("look-ups are answered by --cluster or by --lookups, not by both")
    if policy_report and format_ not in REPORT_FORMATS:
        raise click.UsageError(f"--policy-report comes as YAML or JSON, not as {format_}")
    all_resources = (*resources, "-") if from_stdin else resources
    inputs = ApplyInputs(
        policies,
        all_resources,
        exceptions,
        lookups,
        context,
        values,
        assignments,
        userinfo,
        pss,
        pss_config,
        payloads,
        audit_warns=audit_warn,
        cluster=ClusterTarget(kubeconfig, kube_context, namespace) if is_live else None,
    )
    with progress() as steps:
        report = apply_policies(inputs, sys.stdin.buffer, steps)
    if output is not None:
        _write(report, output)
    if format_ == "table" and not policy_report:
        _print_table(report, is_detailed=detailed_results, with_documents=output is None)
    else:
        sys.stdout.buffer.write(_rendered(report, format_, is_policy_report=policy_report))
        sys.stdout.buffer.flush()
    _tell_problems(report)
    return _exit_code(report, warn_exit_code, ignores_problems=continue_on_fail)


def _write(report: "ApplyReport", output: Path) -> None:
    from propolis.app.output import write_whole
    from propolis.reports.render.yaml_text import yaml_stream

    write_whole(output, yaml_stream([one.document for one in report.documents]))


def _print_table(report: "ApplyReport", *, is_detailed: bool, with_documents: bool) -> None:
    """The table, then the documents as YAML, each under the rules that made it."""
    from propolis.cli.printer import output
    from propolis.reports.render.policy_apply_table import render_apply_table
    from propolis.reports.render.yaml_text import yaml_stream

    console = output()
    console.print(render_apply_table(report, is_detailed=is_detailed))
    for one in report.documents if with_documents else ():
        text = f"\n# {one.action} by {', '.join(one.rules)}\n{yaml_stream([one.document]).decode()}"
        console.out(text, end="", highlight=False)


def _rendered(report: "ApplyReport", format_: str, *, is_policy_report: bool) -> bytes:
    if is_policy_report:
        from propolis.reports.render.policy_snapshot import render_apply_reports

        return render_apply_reports(report, format_)
    if format_ == "sarif":
        from propolis.reports.render.policy_snapshot import render_apply_sarif

        return render_apply_sarif(report)
    from propolis.reports.render.policy_apply import render_apply

    return render_apply(report, format_)


def _tell_problems(report: "ApplyReport") -> None:
    from propolis.core.printable import printable

    for problem in report.problems:
        click.echo(f"propolis: {printable(problem.text)}", err=True)


def _exit_code(report: "ApplyReport", warn_exit_code: int, *, ignores_problems: bool) -> int:
    kinds = set() if ignores_problems else {problem.kind for problem in report.problems}
    if "document" in kinds:
        return EXIT_INPUT
    if "source" in kinds:
        return EXIT_WORLD
    counts = report.counts()
    if counts["fail"] or counts["error"]:
        return EXIT_FINDINGS
    return warn_exit_code if counts["warn"] else 0
