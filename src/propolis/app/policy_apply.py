"""Applies policies to resources as an admission of each would, and keeps nothing."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

import msgspec

from propolis.app.lookups import InventoryLookups
from propolis.app.pod_security import Check, pod_security_check
from propolis.app.policy_application import Application, Fetch
from propolis.app.policy_cluster import ClusterTarget, PolicyCluster, open_cluster
from propolis.app.policy_context import objects_of
from propolis.app.policy_inputs import load_payloads, read_policy_input, read_single, with_globals
from propolis.app.progress import EVERY, Progress, silent
from propolis.cluster.manifests import observe_manifests
from propolis.cluster.observation import Observation
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError
from propolis.core.inventory import Inventory
from propolis.core.limits import DEFAULT
from propolis.core.resource import Resource
from propolis.lang.quiet_gc import quiet_gc
from propolis.policy.engine.image_answers import image_answers
from propolis.policy.model.global_context import GlobalContextEntry
from propolis.policy.model.kyverno_test import ContextFile, Values
from propolis.policy.model.policy_test import TestUser
from propolis.reports.render.policy_apply import ApplyReport, JudgedResource, MadeDocument


class ApplyInputs(msgspec.Struct, frozen=True):
    """What to apply to what.

    Attributes:
        policies: Files and folders; ``-`` is standard input.
        resources: The same.
        lookups: Files and folders whose objects only answer what policies ask, as a cluster would.
        context: A file of kind Context, with objects and images for the same.
        assignments: Global values, as ``name=value``.
        standard: ``LEVEL:VERSION`` of Pod Security, ``namespaces`` for their labels, or empty.
        pod_security: A file with a PodSecurityConfiguration: defaults and exemptions for namespaces.
        cluster: A live cluster: its objects are judged where no resources are named, and it answers.
        payloads: Modes, and files of documents that are no resources.
        audit_warns: Whether a failure that admission would not refuse is a warning.
    """

    policies: Sequence[str] = ()
    resources: Sequence[str] = ()
    exceptions: Sequence[str] = ()
    lookups: Sequence[str] = ()
    context: Path | None = None
    values: Path | None = None
    assignments: Sequence[str] = ()
    userinfo: Path | None = None
    standard: str = ""
    pod_security: Path | None = None
    payloads: Mapping[str, Sequence[str]] = {}
    audit_warns: bool = False
    cluster: ClusterTarget | None = None


def apply_policies(inputs: ApplyInputs, stdin: BinaryIO, tell: Progress = silent) -> ApplyReport:
    """Judges all resources; documents that cannot be used become problems of the report.

    Raises:
        DocumentError: A path is not there, or values, user or level are wrong.
        SourceError: A file cannot be read, or the cluster does not answer.
    """
    if (*inputs.policies, *inputs.resources, *inputs.exceptions, *inputs.lookups).count("-") > 1:
        raise DocumentError("standard input is read once", expected="one - at most")
    values = with_globals(read_single(inputs.values, Values, Values()), inputs.assignments)
    user = read_single(inputs.userinfo, TestUser, TestUser())
    read = read_policy_input(inputs.policies, inputs.exceptions, stdin)
    given = read_single(inputs.context, ContextFile, ContextFile())
    application = Application(read, values, user, image_answers(given), audit_warns=inputs.audit_warns)
    payloads, unread = load_payloads(inputs.payloads)
    with _opened(inputs.cluster, tell) as cluster:
        world = _world(inputs, application, read.entries, given, cluster, stdin)
        username = str((user.user_info or {}).get("username", ""))
        check = pod_security_check(inputs.standard, inputs.pod_security, world.inventory, username)
        judged, documents = _judge_all(application, world, check, tell)
        judged += tuple(application.answer(one, world.fetch) for one in payloads)
    problems = (*read.problems, *world.problems, *unread)
    return ApplyReport(len(read.policies) + (check is not None), judged, documents, problems)


class _World(msgspec.Struct, frozen=True):
    """What is judged, what is known beside it, and who answers."""

    subjects: Sequence[Resource]
    inventory: Inventory
    fetch: Fetch
    problems: Sequence[Problem]


def _opened(target: ClusterTarget | None, tell: Progress) -> AbstractContextManager[PolicyCluster | None]:
    return nullcontext() if target is None else open_cluster(target, tell)


def _world(
    inputs: ApplyInputs,
    application: Application,
    entries: Sequence[GlobalContextEntry],
    given: ContextFile,
    cluster: PolicyCluster | None,
    stdin: BinaryIO,
) -> _World:
    """Of files; or a cluster with all its objects, or with files to judge in it."""
    seen = observe_manifests(inputs.resources, DEFAULT, stdin, keeps_made=True)
    asked = observe_manifests(inputs.lookups, DEFAULT, stdin, keeps_made=True)
    objects = objects_of(given, str(inputs.context))
    if cluster is None:
        inventory = Inventory((*asked.resources, *objects, *seen.resources))
        lookups = InventoryLookups(inventory, entries)
        return _World(seen.resources, inventory, lookups.fetch, (*asked.problems, *seen.problems))
    has_standard = bool(inputs.standard or inputs.pod_security)
    subjects = (
        seen if inputs.resources else cluster.objects(application.may_be_for, has_standard=has_standard)
    )
    names = cluster.namespaces() if has_standard else Observation((), ())
    inventory = Inventory((*names.resources, *subjects.resources))
    fetch = cluster.lookups(entries)
    return _World(subjects.resources, inventory, fetch, (*subjects.problems, *names.problems))


def _judge_all(
    application: Application, world: _World, check: Check | None, tell: Progress
) -> tuple[tuple[JudgedResource, ...], tuple[MadeDocument, ...]]:
    judged: list[JudgedResource] = []
    documents: list[MadeDocument] = []
    total = len(world.subjects)
    with quiet_gc():
        for number, resource in enumerate(world.subjects):
            if number % EVERY == 0:
                tell("Judging", number, total)
            findings, made = application.judge(resource, world.fetch)
            findings += check(resource, application.now) if check else ()
            judged.append(JudgedResource(resource, tuple(findings)))
            documents += made
    return tuple(judged), tuple(documents)
