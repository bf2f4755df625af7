"""``policy apply --cluster``, on a server on 127.0.0.1."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from propolis.cli.root import run
from tests.unit.cluster.fake_api import TOKEN, FakeApi, item, refusing, served_from_another_thread

PODS, SECRETS = "/api/v1/pods", "/api/v1/secrets"
NAMESPACES = "/api/v1/namespaces"

POLICY = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: asking
spec:
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Pod]}}]}
      context:
        - name: teams
          configMap: {name: teams, namespace: "{{ request.namespace }}"}
      validate:
        message: "the team {{ request.object.spec.team }} is not {{ teams.data.only }}"
        deny:
          conditions:
            all:
              - {key: "{{ request.object.spec.team }}", operator: NotEquals, value: "{{ teams.data.only }}"}
"""


class Cluster:
    """Runs the command against a server."""

    def __init__(self, folder: Path) -> None:
        self.api = FakeApi()
        self.folder = folder
        (folder / "policy.yaml").write_text(POLICY)
        self.api.objects[PODS] = [item("a", spec={"team": "red"}), item("b", spec={"team": "blue"})]
        self.api.objects[SECRETS] = [item("s")]
        self.api.documents["/api/v1/namespaces/shop/configmaps/teams"] = {"data": {"only": "red"}}

    def apply(self, *arguments: str) -> int:
        with self._kubeconfig() as path:
            return run(["policy", "apply", "--cluster", "--kubeconfig", path, "--format", "json", *arguments])

    @contextmanager
    def _kubeconfig(self) -> Iterator[str]:
        with served_from_another_thread(self.api) as address:
            path = self.folder / "config"
            path.write_text(
                "current-context: shop\n"
                "contexts: [{name: shop, context: {cluster: c, user: u}}]\n"
                f"clusters: [{{name: c, cluster: {{server: '{address}'}}}}]\n"
                f"users: [{{name: u, user: {{token: {TOKEN}}}}}]\n"
            )
            yield str(path)

    @property
    def policy(self) -> str:
        return str(self.folder / "policy.yaml")


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def _failing(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    found = json.loads(capsys.readouterr().out)["findings"]
    return [(one["resource"]["name"], one["message"]) for one in found if one["outcome"] == "fail"]


def test_objects_of_the_kinds_that_policies_name_are_judged(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cluster.apply(cluster.policy) == 1
    assert _failing(capsys) == [("b", "the team blue is not red")]
    assert cluster.api.asked(SECRETS) == []


def test_one_namespace(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.api.objects[PODS] += [item("c", namespace="other", spec={"team": "green"})]
    assert cluster.apply(cluster.policy, "--namespace", "shop") == 1
    assert _failing(capsys) == [("b", "the team blue is not red")]
    assert cluster.api.asked(PODS) == []


def test_files_are_judged_in_the_cluster(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    resource = cluster.folder / "pod.yaml"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new", "namespace": "shop"}}
    resource.write_text(json.dumps(pod | {"spec": {"team": "grey"}}))
    assert cluster.apply(cluster.policy, "--resource", str(resource)) == 1
    assert _failing(capsys) == [("new", "the team grey is not red")]
    assert cluster.api.asked(PODS) == []


def test_pod_security_by_the_labels_of_namespaces(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    cluster.api.objects[NAMESPACES] = [{"metadata": {"name": "shop", "labels": labels}}]
    cluster.api.objects[PODS] = [item("a", spec={"hostNetwork": True, "containers": [{"name": "c"}]})]
    assert cluster.apply("--pss", "namespaces") == 1
    assert [resource for resource, _ in _failing(capsys)] == ["a"]


def test_a_kind_that_is_forbidden_is_told(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.api.faults[PODS] = [refusing(403, "forbidden")]
    assert cluster.apply(cluster.policy) == 3
    assert "403 forbidden" in capsys.readouterr().err


def test_no_server_is_the_worlds_fault(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.api.token = "other"  # noqa: S105  # of the fake server
    assert cluster.apply(cluster.policy) == 3
    assert "credentials" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--resource", "x", "--namespace", "shop"],
        ["--resource", "x", "--context", "shop"],
        ["--cluster", "--lookups", "x"],
    ],
)
def test_options_that_do_not_fit(cluster: Cluster, arguments: list[str]) -> None:
    assert run(["policy", "apply", cluster.policy, *arguments]) == 2
