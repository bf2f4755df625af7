"""Converts policies of files to policies in CEL, and proves what became of them on what is at hand."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from propolis.app.policy_files import load_policies
from propolis.app.progress import Progress, silent
from propolis.cluster.manifests import observe_manifests
from propolis.core import clock
from propolis.core.errors import DocumentError
from propolis.core.resource import Resource
from propolis.policy.engine.convert.admission import generated_admission
from propolis.policy.engine.convert.conversion import ADMISSION
from propolis.policy.engine.convert.exchange import is_same
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.settle import CONVERTED, REFUSED, Settled, settle
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.kyverno_test import TestDocument
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest
from propolis.policy.sources.test_files import load_tests
from propolis.reports.render.policy_convert import ConvertReport
from propolis.reports.render.yaml_text import yaml_stream

TEST_FOLDERS = (".kyverno-test", "test", "tests")


class ConvertInputs(msgspec.Struct, frozen=True):
    """What to convert.

    Attributes:
        policies: Files and folders.
        target: One of ``conversion.TARGETS``.
        fixtures: Files and folders of resources.
    """

    policies: Sequence[str]
    target: str = "auto"
    fixtures: Sequence[str] = ()


def convert_policies(inputs: ConvertInputs, progress: Progress = silent) -> ConvertReport:
    """Converts and proves all policies of some files and folders.

    Raises:
        DocumentError: A path is not there or holds no policy.
    """
    policies, problems = load_policies(inputs.policies)
    seen = observe_manifests(inputs.fixtures, keeps_made=True)
    problems += seen.problems
    settled: list[Settled] = []
    for number, policy in enumerate(policies):
        progress("policies", number + 1, len(policies))
        settled += _settled(policy, inputs.target, list(seen.resources))
    return ConvertReport(tuple(settled), tuple(problems))


def _settled(policy: AnyPolicy, target: str, resources: list[Resource]) -> Iterable[Settled]:
    if isinstance(policy, Policy):
        tests = tests_beside(policy)
        if resources:
            tests.append(PolicyTest("", TestDocument(), resources=tuple(resources)))
        return settle(policy, tests, clock.now(), target)
    return (_generated(policy, target),)


def _generated(policy: CelPolicy, target: str) -> Settled:
    """A policy in CEL as one of the API server: the same expressions, so there is nothing to prove."""
    base = Settled(policy.name, policy.origin.path, "", policy.kind, REFUSED, reason="it is in CEL already")
    if target != ADMISSION:
        return base
    try:
        documents = generated_admission(policy)
    except Refused as refused:
        return msgspec.structs.replace(base, reason=refused.reason)
    return msgspec.structs.replace(base, status=CONVERTED, reason="", documents=documents)


def tests_beside(policy: Policy) -> list[PolicyTest]:
    """The tests of ``kyverno-test.yaml`` files in the policy's folder and those for tests below it."""
    folder = Path(policy.origin.path).parent
    found: list[PolicyTest] = []
    for place in (folder, *(folder / name for name in TEST_FOLDERS)):
        if (place / "kyverno-test.yaml").is_file():
            found += [
                one
                for one in load_tests(place, folder)
                if any(is_same(other, policy) for other in one.policies)
            ]
    return found


def write_policies(report: ConvertReport, folder: Path) -> list[Path]:
    """Writes each converted rule to a file of its own.

    Raises:
        DocumentError: The folder cannot be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in report.converted:
            name = re.sub(r"[^A-Za-z0-9.-]+", "-", str(one.documents[0]["metadata"]["name"]))
            path = folder / f"{name}.yaml"
            path.write_bytes(yaml_stream(one.documents))
            written.append(path)
    except OSError as error:
        raise DocumentError(f"{folder} cannot be written: {error.strerror}") from error
    return written
