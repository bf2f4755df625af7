"""What is to be judged, observed: manifests or a live cluster, as one inventory."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from propolis.app.progress import Progress
from propolis.app.settings import read_settings
from propolis.cluster.kubeconfig import load_access
from propolis.cluster.manifests import observe_manifests
from propolis.cluster.observation import Observation
from propolis.cluster.observe import observe_cluster
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Place, SourceError
from propolis.core.inventory import Inventory
from propolis.core.resource import Resource

LOCAL = "local"
"""Name of the cluster that manifests describe when none is given."""

STDIN = "-"


class Observed(msgspec.Struct, frozen=True):
    """One cluster as it was seen.

    Attributes:
        cluster: The name under which its runs are kept.
        inputs: Where it was seen, for people.
    """

    cluster: str
    inputs: tuple[str, ...]
    inventory: Inventory
    problems: tuple[Problem, ...]


def observe(
    manifests: Sequence[str], context: str | None, name: str, stdin: BinaryIO, progress: Progress
) -> Observed:
    """Reads manifests, or lists a live cluster.

    Raises:
        DocumentError: A named path is not there, both were named, or nothing could be read.
        SourceError: The cluster did not answer.
    """
    if manifests and context is not None:
        raise DocumentError(
            "manifests and a live cluster at once", expected="one of --manifests and --cluster"
        )
    if context is None:
        return _of_manifests(manifests, name or LOCAL, stdin, progress)
    return _of_cluster(context, name, progress)


def _of_manifests(paths: Sequence[str], cluster: str, stdin: BinaryIO, progress: Progress) -> Observed:
    for path in paths:
        if path != STDIN and not Path(path).exists():
            raise DocumentError("no such file or folder", Place(path), "manifests")
    progress("Reading", 0, None)
    found = observe_manifests(paths, stdin=stdin, cluster=cluster)
    progress("Reading", len(found.resources), len(found.resources))
    return _checked(found, cluster, tuple(paths))


def _checked(found: Observation, cluster: str, inputs: tuple[str, ...]) -> Observed:
    """The observation, unless it is empty for a reason: storing it would show everything as fixed."""
    if not found.resources:
        wrong = [problem for problem in found.problems if problem.kind != "skipped"] or list(found.problems)
        told = "".join(f"\n  {problem.text}" for problem in wrong[:10])
        if any(problem.kind == "source" for problem in wrong):
            raise SourceError("observe anything", ", ".join(inputs), f"nothing could be read{told}")
        expected = "at least one Kubernetes object"
        raise DocumentError(f"nothing to judge in {', '.join(inputs)}{told}", expected=expected)
    problems = (*found.problems, *_replaced(found.resources))
    return Observed(cluster, inputs, Inventory(found.resources), problems)


def _replaced(resources: Iterable[Resource]) -> Iterator[Problem]:
    """What the inventory drops: resources that a later document describes again."""
    seen: dict[str, Resource] = {}
    for resource in resources:
        earlier = seen.get(resource.ref.key)
        seen[resource.ref.key] = resource
        if earlier is not None:
            text = f"{_place(earlier)}: {earlier.ref} is described again at {_place(resource)}, which counts"
            yield Problem("skipped", text)


def _place(resource: Resource) -> Place:
    return Place(resource.origin.path, resource.origin.line)


def _of_cluster(context: str, name: str, progress: Progress) -> Observed:
    access = load_access(read_settings().kubeconfig, context)
    cluster = name or access.context
    found = observe_cluster(access, cluster=cluster, tell=progress)
    return _checked(found, cluster, (f"context {access.context}",))
