"""``propolis policy create``: tests, exceptions, values and users, as files of Kyverno."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

FILE = click.Path(path_type=Path, dir_okay=False)
policies_option = click.option(
    "--policy", "-p", "policies", multiple=True, metavar="PATH", help="File or folder of policies."
)
resources_option = click.option(
    "--resource", "-r", "resources", multiple=True, metavar="PATH", help="File or folder of resources."
)
output_option = click.option("--output", "-o", type=FILE, help="File to write.  [default: standard output]")


@click.group()
def create() -> None:
    """Write tests, exceptions, values and users.

    \b
    Example:
      propolis policy create test -p policies/ -r deploy/ -o kyverno-test.yaml
    """


@create.command()
@policies_option
@resources_option
@click.option("--exception", "-e", "exceptions", multiple=True, metavar="PATH", help="Exceptions to them.")
@click.option("--values-file", "-f", "values", type=FILE, help="Values of variables.")
@click.option("--userinfo", "-u", type=FILE, help="Who asks.")
@click.option("--context-file", "context", type=FILE, help="Objects and images to ask for.")
@click.option("--name", default="policies", show_default=True, help="Name of the test.")
@output_option
def test(
    policies: tuple[str, ...],
    resources: tuple[str, ...],
    exceptions: tuple[str, ...],
    values: Path | None,
    userinfo: Path | None,
    context: Path | None,
    name: str,
    output: Path | None,
) -> int:
    """Write the test that expects what policies say of resources now: read it before you keep it.

    What policies patch goes to patched.yaml beside the test, with which it compares.

    \b
    Example:
      propolis policy create test -p policies/team.yaml -r deploy/ -o .kyverno-test/kyverno-test.yaml
    """
    from propolis.app.policy_apply import ApplyInputs
    from propolis.app.policy_create import create_test

    if not policies or not resources:
        raise click.UsageError("name policies with --policy PATH and resources with --resource PATH")
    inputs = ApplyInputs(policies, resources, exceptions, values=values, userinfo=userinfo, context=context)
    folder = output.parent if output else Path()
    made = create_test(name, inputs, folder, sys.stdin.buffer)
    _write([made.document], output)
    for file, documents in made.files.items() if output else ():
        _write(documents, folder / file)
    return 0


@create.command()
@click.argument("name")
@click.option("--namespace", "-n", default="", help="Where the exception lies.")
@policies_option
@resources_option
@click.option("--values-file", "-f", "values", type=FILE, help="Values of variables.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="Last for policies in CEL until a day.")
@click.option(
    "--policy-rules",
    multiple=True,
    metavar="POLICY[,RULE...]",
    help="Instead of policies: the rules that it is about.",
)
@click.option(
    "--any",
    "filters",
    multiple=True,
    metavar="FIELD=VALUE,...",
    help="Instead of resources: kind, name, namespace that it is for, such as kind=Pod,name=web-*.",
)
@output_option
def exception(
    name: str,
    namespace: str,
    policies: tuple[str, ...],
    resources: tuple[str, ...],
    values: Path | None,
    expires: datetime | None,
    policy_rules: tuple[str, ...],
    filters: tuple[str, ...],
    output: Path | None,
) -> int:
    """Write the tightest exception for what resources violate, or one for rules and resources that are named.

    \b
    Examples:
      propolis policy create exception legacy -p policies/ -r legacy.yaml --expires 2027-03-31
      propolis policy create exception legacy --policy-rules require-team,has-team --any kind=Pod,name=web-*
    """
    from propolis.app.policy_apply import ApplyInputs
    from propolis.app.policy_create import create_exceptions, rule_exception

    if (
        bool(policy_rules) != bool(filters)
        or bool(policies) != bool(resources)
        or bool(policies) == bool(filters)
    ):
        raise click.UsageError("name --policy and --resource, or --policy-rules and --any")
    if policies:
        inputs = ApplyInputs(policies, resources, values=values)
        end = expires.replace(tzinfo=UTC) if expires else None
        _write(create_exceptions(name, namespace, inputs, end, sys.stdin.buffer), output)
        return 0
    rules = [(policy, rules) for policy, *rules in (text.split(",") for text in policy_rules)]
    _write([rule_exception(name, namespace, rules, [_filter(text) for text in filters])], output)
    return 0


_FIELDS = {"kind": "kinds", "name": "names", "namespace": "namespaces", "operation": "operations"}


def _filter(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in text.split(","):
        field, equals, value = part.partition("=")
        if not equals or not value or field not in _FIELDS:
            raise click.UsageError(f"{part!r} is no filter: use {', '.join(_FIELDS)} = VALUE")
        found.setdefault(_FIELDS[field], []).append(value)
    return found


@create.command()
@click.option("--global", "-g", "globals_", multiple=True, metavar="NAME=VALUE", help="A value for all.")
@click.option(
    "--namespace", "-n", "namespaces", multiple=True, metavar="NAME,LABEL=VALUE,...", help="Labels."
)
@click.option(
    "--rule", "rules", multiple=True, metavar="POLICY,RULE,NAME=VALUE,...", help="Values of a rule."
)
@click.option(
    "--resource", "resources", multiple=True, metavar="POLICY,RESOURCE,NAME=VALUE,...", help="Of a resource."
)
@output_option
def values(
    globals_: tuple[str, ...],
    namespaces: tuple[str, ...],
    rules: tuple[str, ...],
    resources: tuple[str, ...],
    output: Path | None,
) -> int:
    """Write a file of values for variables.

    \b
    Example:
      propolis policy create values -g request.operation=UPDATE -n shop,team=a -o values.yaml
    """
    from propolis.app.policy_create import create_values

    _write([create_values(globals_, namespaces, rules, resources)], output)
    return 0


@create.command(name="user-info")
@click.option("--username", "-u", required=True, help="Who asks.")
@click.option("--group", "-g", "groups", multiple=True, help="A group of theirs.")
@click.option("--role", "-r", "roles", multiple=True, metavar="NAMESPACE:NAME", help="A role of theirs.")
@click.option("--cluster-role", "-c", "cluster_roles", multiple=True, help="A cluster role of theirs.")
@output_option
def user_info(
    username: str,
    groups: tuple[str, ...],
    roles: tuple[str, ...],
    cluster_roles: tuple[str, ...],
    output: Path | None,
) -> int:
    """Write a file that says who asks.

    \b
    Example:
      propolis policy create user-info -u jane -g developers -c view -o user.yaml
    """
    from propolis.app.policy_create import create_user

    _write([create_user(username, groups, roles, cluster_roles)], output)
    return 0


def _write(documents: Sequence[dict[str, Any]], output: Path | None) -> None:
    from propolis.app.output import write_whole
    from propolis.reports.render.yaml_text import yaml_stream

    content = yaml_stream(documents)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_whole(output, content)
