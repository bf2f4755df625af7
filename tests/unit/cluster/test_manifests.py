import gc
import io
from pathlib import Path

import pytest

from propolis.cluster.files import read_file
from propolis.cluster.manifests import observe_manifests
from propolis.cluster.observation import Observation
from propolis.core.limits import Limits

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {}\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(observation: Observation) -> list[str]:
    return [str(resource.ref) for resource in observation.resources]


def kinds(observation: Observation) -> list[str]:
    return [problem.kind for problem in observation.problems]


def test_a_folder_is_read_with_its_folders_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path / "b.yml", POD.format("b"))
    write(tmp_path / "a" / "deep" / "z.yaml", POD.format("z"))
    write(tmp_path / "a" / "y.json", '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"y"}}')
    write(tmp_path / "c.YAML", POD.format("c"))
    write(tmp_path / "readme.md", "no manifest")
    observation = observe_manifests([str(tmp_path)])
    assert names(observation) == ["default/Pod/z", "default/Pod/y", "default/Pod/b", "default/Pod/c"]
    assert observation.problems == ()


def test_a_resource_knows_its_file_line_and_cluster(tmp_path: Path) -> None:
    path = write(tmp_path / "two.yaml", POD.format("a") + "---\n# second\n" + POD.format("b"))
    first, second = observe_manifests([str(path)], cluster="shop").resources
    assert (first.origin.path, first.origin.line) == (str(path), 1)
    assert (second.origin.path, second.origin.line) == (str(path), 7)
    assert second.ref.cluster == "shop"
    assert second.document["metadata"]["name"] == "b"


def test_standard_input_is_read_for_a_dash(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", POD.format("a"))
    observation = observe_manifests([str(path), "-"], stdin=io.BytesIO(POD.format("b").encode()))
    assert names(observation) == ["default/Pod/a", "default/Pod/b"]
    assert observation.resources[1].origin.path == "<stdin>"


def test_a_dash_without_standard_input_is_a_problem() -> None:
    assert kinds(observe_manifests(["-"])) == ["document"]


def test_namespaces_are_those_of_the_kind(tmp_path: Path) -> None:
    write(
        tmp_path / "a.yaml",
        "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n---\n"
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: team, namespace: ignored}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\n---\n"
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: widgets.example.com}\n"
        "spec: {group: example.com, scope: Cluster, names: {kind: Widget}}\n",
    )
    assert names(observe_manifests([str(tmp_path)])) == [
        "Widget/w",
        "Namespace/team",
        "shop/Pod/p",
        "CustomResourceDefinition/widgets.example.com",
    ]


def test_a_broken_document_is_a_problem_with_its_place_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", POD.format("a") + "---\na: b: c\n---\n" + POD.format("c"))
    write(tmp_path / "b.yaml", POD.format("b"))
    observation = observe_manifests([str(tmp_path)])
    assert names(observation) == ["default/Pod/a", "default/Pod/c", "default/Pod/b"]
    (problem,) = observation.problems
    assert problem.kind == "document"
    assert problem.text.startswith(f"{path}:6:5: mapping values are not allowed")


def test_a_field_of_wrong_shape_is_a_problem_at_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: 12\n")
    (problem,) = observe_manifests([str(tmp_path)]).problems
    assert problem.text == f"{path}:4:3: metadata.name is no text; expected text; put it in quotes"


def test_a_bad_item_of_a_json_list_is_placed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.json",
        '{"apiVersion": "v1", "kind": "List", "items": [\n  {"apiVersion": "v1", "kind": "Pod"}\n]}',
    )
    (problem,) = observe_manifests([str(path)]).problems
    assert problem.text.startswith(f"{path}:2:3: items[0] Pod has no metadata")


def test_other_documents_are_told_in_folders_and_wrong_in_named_files(tmp_path: Path) -> None:
    path = write(tmp_path / "values.yaml", "replicas: 3\n")
    assert kinds(observe_manifests([str(tmp_path)])) == ["skipped"]
    assert kinds(observe_manifests([str(path)])) == ["document"]


def test_a_kustomization_is_told_how_to_be_built(tmp_path: Path) -> None:
    write(
        tmp_path / "kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    )
    (problem,) = observe_manifests([str(tmp_path)]).problems
    assert problem.kind == "skipped"
    assert "kubectl kustomize" in problem.text


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
        "{{- if .Values.enabled }}\napiVersion: v1\n{{- end }}\n",
        'apiVersion: v1\nkind: Pod\nmetadata:\n  name: "{{ .Release.Name }}-x"\n',
        'apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    {{- include "x.labels" . | nindent 4 }}\n',
    ],
)
def test_a_helm_template_is_told_how_to_be_rendered(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a.yaml", text)
    problem, *_ = observe_manifests([str(tmp_path)]).problems
    assert problem.kind == "document"
    assert "template" in problem.text
    assert "helm template" in problem.text


def test_a_letter_that_yaml_takes_for_a_boolean_is_no_name(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n")
    (problem,) = observe_manifests([str(tmp_path)]).problems
    assert "metadata.name is no text" in problem.text


def test_braces_of_other_tools_are_no_template(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", 'a: "{{request.object.metadata.name}}"\nb: [\n')
    (problem,) = observe_manifests([str(tmp_path)]).problems
    assert "Helm" not in problem.text


def test_a_path_that_is_not_there_is_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", POD.format("a"))
    observation = observe_manifests([str(tmp_path / "nothing"), str(path)])
    assert names(observation) == ["default/Pod/a"]
    (problem,) = observation.problems
    assert problem.kind == "document"
    assert "nothing: is not there" in problem.text


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    write(tmp_path / "z.yaml", POD.format("z"))
    observation = observe_manifests([str(tmp_path)])
    assert names(observation) == ["default/Pod/z"]
    (problem,) = observation.problems
    assert problem.text.startswith(f"{huge}: holds 1,073,741,824 bytes; expected at most 67,108,864 bytes")


def test_a_file_that_is_larger_than_it_said_is_read_up_to_the_limit() -> None:
    status = Path("/proc/self/status")  # says that it has no bytes
    if not status.exists():
        pytest.skip("needs /proc")
    assert "at most 10 bytes" in observe_manifests([str(status)], Limits(file_bytes=10)).problems[0].text
    assert read_file(status, Limits()).startswith(b"Name:")


def test_standard_input_beyond_the_limit_is_not_read_to_its_end() -> None:
    class Endless(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert size >= 0
            self.taken += size
            return b" " * size

    endless = Endless()
    (problem,) = observe_manifests(["-"], Limits(file_bytes=1 << 20), endless).problems
    assert problem.kind == "document"
    assert endless.taken <= (1 << 20) + 1


def test_the_collector_works_again_after_an_observation(tmp_path: Path) -> None:
    gc.enable()
    observe_manifests([str(tmp_path)])
    assert gc.isenabled()


def test_what_a_controller_in_the_same_input_made_is_left_out_and_told() -> None:
    owner = "ownerReferences: [{apiVersion: apps/v1, kind: %s, name: %s, controller: %s}]"
    made = "apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\n  namespace: %s\n  " + owner + "\n---\n"
    text = (
        made % ("v1", "Pod", "web-1-a", "shop", "ReplicaSet", "web-1", "true")
        + made % ("apps/v1", "ReplicaSet", "web-1", "shop", "Deployment", "web", "true")
        + "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n---\n"
        + made % ("v1", "Pod", "adopted", "shop", "ReplicaSet", "web-1", "false")
        + made % ("v1", "Pod", "elsewhere", "other", "ReplicaSet", "web-1", "true")
        + made % ("v1", "Pod", "orphan", "shop", "ReplicaSet", "gone", "true")
    )
    observation = observe_manifests(["-"], stdin=io.BytesIO(text.encode()))
    assert names(observation) == [
        "shop/Deployment/web",
        "shop/Pod/adopted",
        "other/Pod/elsewhere",
        "shop/Pod/orphan",
    ]
    (problem,) = observation.problems
    assert problem.kind == "skipped"
    assert problem.text.startswith("2 objects that a controller made")


@pytest.mark.parametrize("owners", ["text", "[text]", "{a: b}", "[{controller: true}]"])
def test_owners_of_wrong_shape_are_none(owners: str) -> None:
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a, ownerReferences: {owners}}}\n"
    assert len(observe_manifests(["-"], stdin=io.BytesIO(text.encode())).resources) == 1
