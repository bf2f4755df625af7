"""Manifests of Polaris against our findings of the same meaning, over all engines of the two rooms."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from propolis import compliance, network
from propolis.compliance import lookups
from propolis.core.evaluation import Answer, LookupKey, complete
from propolis.core.inventory import Inventory
from propolis.core.resource import Origin, Resource, reference_of
from tests.harness.corpora import Suite, corpora, corpus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUITE = Suite("polaris", __file__)
EXEC = frozenset({"pods-exec", "pods-attach", "everything", "run-code-in-pods"})
MEANINGS: dict[str, frozenset[str]] = {
    "automountServiceAccountToken": frozenset({"KSV-0036", "PROP-0011"}),
    "clusterrolePodExecAttach": EXEC,
    "clusterrolebindingClusterAdmin": frozenset({"everything", "cluster-admin-bound", "built-in-role-bound"}),
    "clusterrolebindingPodExecAttach": EXEC | {"role-exists", "cluster-admin-bound", "built-in-role-bound"},
    "cpuLimitsMissing": frozenset({"KSV-0011"}),
    "cpuRequestsMissing": frozenset({"KSV-0015"}),
    "dangerousCapabilities": frozenset({"KSV-0005", "KSV-0022"}),
    "deploymentMissingReplicas": frozenset({"PROP-0001"}),
    "hostIPCSet": frozenset({"KSV-0008"}),
    "hostNetworkSet": frozenset({"KSV-0009"}),
    "hostPIDSet": frozenset({"KSV-0010"}),
    "hostPathSet": frozenset({"KSV-0023"}),
    "hostPortSet": frozenset({"KSV-0024"}),
    "hostProcess": frozenset({"KSV-0103"}),
    "hpaMaxAvailability": frozenset({"PROP-0002"}),
    "linuxHardening": frozenset({"KSV-0003", "KSV-0005", "KSV-0104"}),
    "memoryRequestsMissing": frozenset({"KSV-0016"}),
    "missingNetworkPolicy": frozenset({"ingress-isolated", "egress-isolated"}),
    "notReadOnlyRootFilesystem": frozenset({"KSV-0014"}),
    "runAsPrivileged": frozenset({"KSV-0017"}),
    "runAsRootAllowed": frozenset({"KSV-0012"}),
    "sensitiveConfigmapContent": frozenset({"KSV-0109"}),
    "sensitiveContainerEnvVar": frozenset({"PROP-0003"}),
    "tagNotSpecified": frozenset({"KSV-0013"}),
    "tlsSettingsMissing": frozenset({"PROP-0006"}),
}
"""Our rules that say what a check of Polaris says; any of them open is a failure."""

OTHERS = {"resourceRange": "a check of the user's own, in the language of Polaris"}
"""Folders whose cases are not about built-in checks."""


def _cases() -> Iterator[Path]:
    folder = corpora() / "polaris" / "cases"
    for path in sorted(folder.glob("*/*.y*ml")):
        if path.parent.name not in OTHERS:
            yield path


CASES = list(_cases())


def _inventory(path: Path) -> Inventory:
    documents = [one for one in yaml.safe_load_all(path.read_text()) if isinstance(one, dict)]
    return Inventory(Resource(reference_of(one), one, Origin(str(path))) for one in documents)


def _open_rules(inventory: Inventory) -> set[str]:
    checks = compliance.checks()
    known: dict[LookupKey, Answer] = {}

    def fetch(keys: frozenset[LookupKey]) -> dict[LookupKey, Answer]:
        return {key: lookups.answer(key, inventory) for key in keys}

    found = [
        finding
        for one in inventory
        for finding in complete(
            lambda answers, one=one: compliance.config_audit.evaluate(checks, one, answers, NOW),  # type: ignore[misc]
            known,
            fetch,
        ).findings
    ]
    found += compliance.rbac.evaluate(compliance.rbac_rules(), inventory, {}, NOW).findings
    found += network.evaluate(network.coverage_rules(), inventory, {}, NOW).findings
    return {finding.rule.name for finding in found if finding.is_open}


def test_the_corpus_is_there_and_every_check_has_a_meaning() -> None:
    corpus("polaris")
    assert {path.parent.name for path in CASES} <= set(MEANINGS)


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}/{path.name}" for path in CASES])
def test_a_case_fails_or_passes_as_upstream_says(path: Path) -> None:
    name = f"{path.parent.name}/{path.name}"
    fails = bool(MEANINGS[path.parent.name] & _open_rules(_inventory(path)))
    SUITE.settle(name, is_right=fails == path.name.startswith("failure"), why=f"failed: {fails}")
