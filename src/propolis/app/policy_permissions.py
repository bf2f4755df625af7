"""What policies of files, of the pack or of a cluster need to be permitted."""

from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from propolis.app.policy_cluster import ClusterTarget
from propolis.app.policy_inputs import contents
from propolis.app.progress import silent
from propolis.app.settings import read_settings
from propolis.cluster.kubeconfig import load_access
from propolis.cluster.live import LiveCluster
from propolis.cluster.observation import problem_of
from propolis.core.assessment import Problem
from propolis.policy.engine.permissions.grant import Permissions
from propolis.policy.engine.permissions.named import Names
from propolis.policy.engine.permissions.permissions import permissions_of
from propolis.policy.engine.webhooks import ServedKind
from propolis.policy.model.schema.kinds import KINDS
from propolis.policy.sources import pack
from propolis.policy.sources.documents import LoadedPolicies, read_policies

_OURS = {(one.group, one.kind) for one in KINDS}


class PermissionReport(msgspec.Struct, frozen=True):
    """What is needed, by how many policies, and what could not be used."""

    permissions: Permissions
    policies: int
    problems: tuple[Problem, ...] = ()


def permissions_for(
    paths: Sequence[str], stdin: BinaryIO, cluster: ClusterTarget | None = None
) -> PermissionReport:
    """What policies need.

    Args:
        paths: Files, folders, choices of the pack (``pack:NAME``), and ``-`` for standard input.
        stdin: Is read for it.
        cluster: Whose policies count too, and whose kinds are known; None to do without.

    Raises:
        DocumentError: A path is not there, a choice is for nothing, or the kubeconfig cannot be used.
        SourceError: The cluster does not answer.
    """
    problems: list[Problem] = []
    choices, files = pack.split(paths)
    found = [LoadedPolicies(policies=tuple(pack.chosen(choices)))]
    found += [read_policies(data, path) for data, path in contents(files, stdin, problems)]
    names = None
    if cluster is not None:
        objects, names = _of_cluster(cluster, problems)
        found.append(objects)
    problems += [problem_of(error) for one in found for error in one.errors]
    policies = [policy for one in found for policy in (*one.policies, *one.cleanups)]
    entries = [entry for one in found for entry in one.global_contexts]
    return PermissionReport(permissions_of(policies, entries, names), len(policies), tuple(problems))


def _of_cluster(target: ClusterTarget, problems: list[Problem]) -> tuple[LoadedPolicies, Names]:
    """The policies of a cluster, and its kinds."""
    paths = (target.kubeconfig,) if target.kubeconfig else tuple(read_settings().kubeconfig)
    with LiveCluster(load_access(paths, target.context)) as live:
        served = live.reader.served
        kinds = [one for one in served if (one.group, one.kind) in _OURS]
        observed = live.run(live.reader.list_whole(kinds, "", silent))
        problems += (*live.reader.problems, *observed.problems)
        found = read_policies(
            b"\n---\n".join(msgspec.json.encode(one.document) for one in observed.resources),
            live.reader.client.server,
        )
    names = Names((ServedKind(one.group, one.version, one.kind, one.plural) for one in served), guesses=False)
    return found, names
