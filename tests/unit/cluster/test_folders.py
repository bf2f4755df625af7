"""Folders that strangers made: links, loops, pipes, names, too many files."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from propolis.cluster.folders import find_files
from propolis.cluster.manifests import observe_manifests
from propolis.core.assessment import Problem
from propolis.core.limits import Limits

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"


def found(root: Path, most_files: int = 100) -> tuple[list[str], list[Problem]]:
    paths, problems = [], []
    for item in find_files(root, most_files):
        if isinstance(item, Problem):
            problems.append(item)
        else:
            paths.append(str(item.relative_to(root)))
    return paths, problems


def test_a_link_to_a_file_inside_gives_it_once(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(POD)
    (tmp_path / "again.yaml").symlink_to("real.yaml")
    paths, problems = found(tmp_path)
    assert paths == ["again.yaml"]
    assert [problem.kind for problem in problems] == ["skipped"]


def test_a_mounted_config_map_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "..2024_01_02").mkdir()
    (tmp_path / "..2024_01_02" / "pod.yaml").write_text(POD)
    (tmp_path / "..data").symlink_to("..2024_01_02")
    (tmp_path / "pod.yaml").symlink_to("..data/pod.yaml")
    assert len(observe_manifests([str(tmp_path)]).resources) == 1


@pytest.mark.parametrize("target", ["..", ".", "../inside"])
def test_a_link_back_to_a_folder_above_does_not_go_round(tmp_path: Path, target: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.yaml").write_text(POD)
    (inside / "loop").symlink_to(target)
    paths, problems = found(tmp_path)
    assert paths == ["inside/a.yaml"]
    assert [problem.kind for problem in problems] == ["skipped"]


def test_a_link_to_itself_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("a.yaml")
    paths, problems = found(tmp_path)
    assert paths == []
    assert [problem.kind for problem in problems] == ["source"]
    assert "a.yaml" in problems[0].text


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, is_folder: bool) -> None:  # noqa: FBT001
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(POD)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.yaml").symlink_to(outside if is_folder else outside / "secret.yaml")
    paths, problems = found(inside)
    assert paths == []
    assert [problem.kind for problem in problems] == ["document"]
    assert "leads out of the folder" in problems[0].text


def test_a_link_to_nothing_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("nothing.yaml")
    assert [problem.kind for problem in found(tmp_path)[1]] == ["source"]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.yaml").write_text(POD)
    (tmp_path / "link").symlink_to("real")
    assert len(observe_manifests([str(tmp_path / "link")]).resources) == 1


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    paths, problems = found(tmp_path)
    assert paths == []
    assert "no regular file" in problems[0].text


@pytest.mark.parametrize("path", ["pipe.yaml", "/dev/null"])
def test_a_named_pipe_or_device_is_refused_without_waiting(tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (problem,) = observe_manifests([str(tmp_path / path)]).problems
    assert problem.kind == "document"
    assert "--manifests -" in problem.text


def test_a_name_that_is_no_utf_8_is_told_in_printable_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.yaml"
    with open(name, "w", encoding="utf-8") as file:  # noqa: PTH123  # the name is bytes
        file.write(POD)
    (tmp_path / "b.yaml").write_text(POD)
    paths, problems = found(tmp_path)
    assert paths == ["b.yaml"]
    assert [problem.kind for problem in problems] == ["document"]
    assert "caf\\xe9.yaml: the name is not UTF-8" in problems[0].text
    problems[0].text.encode()


def test_what_may_not_be_read_is_a_problem_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions do not stop a superuser, so the system's answer is played.
    for name in ("a.yaml", "locked.yaml", "z.yaml"):
        (tmp_path / name).write_text(POD)
    (tmp_path / "closed").mkdir()
    list_folder, open_file = Path.iterdir, os.open

    def closed(path: Path) -> Any:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return list_folder(path)

    def locked(path: Path, *arguments: Any) -> int:
        if Path(path).name == "locked.yaml":
            raise PermissionError(13, "Permission denied")
        return open_file(path, *arguments)

    monkeypatch.setattr(Path, "iterdir", closed)
    monkeypatch.setattr(os, "open", locked)
    observation = observe_manifests([str(tmp_path)])
    assert len(observation.resources) == 2
    assert [problem.kind for problem in observation.problems] == ["source", "source"]
    assert all("permission denied" in problem.text for problem in observation.problems)


def test_a_folder_with_too_many_files_is_read_up_to_the_limit(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.yaml").write_text(POD)
    observation = observe_manifests([str(tmp_path)], Limits(files=3))
    assert len(observation.resources) == 3
    (problem,) = observation.problems
    assert "more than 3 manifest files" in problem.text


def test_folders_may_nest_deeper_than_python_recurses(tmp_path: Path) -> None:
    levels = sys.getrecursionlimit() + 100
    (tmp_path / "e.yaml").write_text(POD)
    deepest = tmp_path.joinpath(*["d"] * levels)
    for path in [*reversed(deepest.parents), deepest]:
        path.mkdir(exist_ok=True)
    assert found(tmp_path) == (["e.yaml"], [])
    for path in [deepest, *deepest.parents][:levels]:  # pytest's own cleaning recurses
        path.rmdir()
