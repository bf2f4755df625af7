from pathlib import Path
from typing import Any

import pytest
import yaml

from propolis.app.assess import RunResult, assess
from propolis.app.engines import Engines
from propolis.app.lookups import InventoryLookups
from propolis.core import clock
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.inventory import Inventory
from propolis.core.resource import Origin, Resource, reference_of
from propolis.insight.remedies import REMEDIES
from propolis.store.database import open_database
from propolis.store.finding_queries import FindingFilter, list_findings
from propolis.store.queries import list_fixes, list_workloads

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: blue}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: deployer
      hostPID: true
      containers: [{name: web, image: nginx, securityContext: {privileged: true}}]
      volumes: [{name: host, hostPath: {path: /etc}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  labels: {app: web}
  ownerReferences: [{kind: Deployment, name: web, controller: true}]
spec: {containers: [{name: web, image: nginx}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: deployer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: deployer, namespace: shop}]
"""


def inventory_of(text: str = MANIFESTS) -> Inventory:
    documents: list[Any] = list(yaml.load_all(text, yaml.CSafeLoader))
    return Inventory(Resource(reference_of(one, "local"), one, Origin("shop.yaml", 1)) for one in documents)


@pytest.fixture(scope="module")
def engines() -> Engines:
    return Engines.load()


@pytest.fixture
def run(tmp_path: Path, engines: Engines) -> tuple[RunResult, Any]:
    database = open_database(tmp_path / "store.db")
    return assess(database, "local", ["shop.yaml"], inventory_of(), [], engines), database


def test_a_run_has_findings_of_every_engine(run: tuple[RunResult, Any]) -> None:
    assert set(run[0].summary["sources"]) == {"policy", "config-audit", "rbac", "network"}
    assert run[0].summary["resources"] == 5
    assert run[0].open_at_or_above("critical") == run[0].summary["severities"]["critical"]
    assert run[0].open_at_or_above("low") > run[0].open_at_or_above("high")


def test_the_score_names_what_raises_it(run: tuple[RunResult, Any]) -> None:
    with run[1].reading() as connection:
        (web,) = list_workloads(connection, "local")
    assert {factor.name for factor in web.factors} == {
        "exposed-to-internet",
        "privileged",
        "host-namespaces",
        "host-path",
        "broad-service-account",
        "no-network-policy",
    }
    assert web.score > 90
    assert web.resource.team == "blue"


def test_findings_of_a_pod_are_listed_with_its_deployment(run: tuple[RunResult, Any]) -> None:
    with run[1].reading() as connection:
        (web,) = list_workloads(connection, "local")
        _, rows = list_findings(
            connection, FindingFilter(workload=web.resource.key, outcome=("fail",)), limit=None
        )
    assert {row.resource.kind for row in rows} == {"Deployment", "Pod"}
    assert web.total == len(rows)


def test_fixes_cover_all_open_findings(run: tuple[RunResult, Any]) -> None:
    with run[1].reading() as connection:
        fixes = list_fixes(connection, run[0].run_id)
    assert sum(fix.findings for fix in fixes) == sum(run[0].summary["severities"].values())
    assert [fix.points for fix in fixes] == sorted((fix.points for fix in fixes), reverse=True)


def test_every_remedy_of_the_built_in_rules_is_told_in_words(engines: Engines) -> None:
    found = engines.evaluate(inventory_of(), clock.now())
    assert {finding.rule.remedy for finding in found} <= set(REMEDIES)


def test_no_built_in_rule_fails_to_judge(engines: Engines) -> None:
    found = engines.evaluate(inventory_of(), clock.now())
    assert [finding.message for finding in found if finding.outcome == "error"] == []


def test_progress_is_told_up_to_the_end(engines: Engines) -> None:
    told: list[tuple[str, int, int | None]] = []
    list(engines.evaluate(inventory_of(), clock.now(), lambda *step: told.append(step)))
    assert told[-1] == ("Evaluating", 5, 5)


def test_lookups_answer_what_was_observed_and_refuse_the_rest() -> None:
    lookups = InventoryLookups(inventory_of())
    namespace = LookupKey("namespace", ("shop",))
    unseen = LookupKey("namespace", ("other",))
    absent = LookupKey("configmap", ("shop", "none"))
    live = LookupKey("api-call", ("GET", "/version", ""))
    pods = LookupKey("resources", ("v1", "Pod", "sh*", "", '{"matchLabels": {"app": "web"}}'))
    found = lookups.fetch(frozenset({namespace, unseen, absent, live, pods}))
    assert [document["metadata"]["name"] for document in found[pods].value] == ["web-1"]
    assert found[namespace].value["metadata"]["labels"] == {"team": "blue"}
    assert found[unseen].value["metadata"]["labels"] == {"kubernetes.io/metadata.name": "other"}
    assert found[absent] == Answer()
    assert "live cluster" in found[live].error
