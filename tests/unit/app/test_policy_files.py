from pathlib import Path

import pytest

from propolis.app.policy_files import load_policies
from propolis.core.errors import DocumentError

POLICY = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: NAME}
spec:
  rules:
    - name: labels
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate: {message: a label, pattern: {metadata: {labels: {team: "?*"}}}}
"""


def test_policies_of_folders_and_files_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(POLICY.replace("NAME", "b"))
    (tmp_path / "a.yml").write_text(POLICY.replace("NAME", "a") + "---\nkind: Other\n")
    (tmp_path / "notes.txt").write_text("no policy")
    policies, problems = load_policies([str(tmp_path)])
    assert [policy.name for policy in policies] == ["a", "b"]
    assert problems == []


def test_a_wrong_policy_is_told_with_its_place_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POLICY.replace("NAME", "a").replace("match:", "mtach:"))
    (tmp_path / "b.yaml").write_text(POLICY.replace("NAME", "b"))
    policies, problems = load_policies([str(tmp_path)])
    assert [policy.name for policy in policies] == ["b"]
    assert "a.yaml:8" in problems[0].text
    assert "mtach" in problems[0].text


def test_a_path_without_policies_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        load_policies([str(tmp_path / "nowhere")])
    with pytest.raises(DocumentError, match="no policy is here"):
        load_policies([str(tmp_path)])


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(2**30)
    _, problems = load_policies([str(tmp_path)])
    assert "no file of policies" in problems[0].text
