import asyncio
import json
from pathlib import Path

import pytest

from propolis.app.admission_policies import AdmissionPolicies, PolicyFiles
from propolis.app.admission_settings import SettingsSource
from propolis.core.errors import DocumentError, SourceError
from propolis.policy.model.kyverno_settings import KyvernoSettings, NameFilter
from tests.unit.app.test_admission import ENFORCED, response, review, service, written

EVENTS = NameFilter("Event", "*", "*")


def config_map(**data: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})


def test_without_a_place_the_defaults_hold() -> None:
    source = SettingsSource()
    assert (source.look(), source.settings) == (False, KyvernoSettings())


def test_settings_of_a_file_are_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(config_map())
    source = SettingsSource(file)
    file.write_text(config_map(resourceFilters="[Event,*,*]"))
    assert (source.look(), source.settings.filters) == (True, (EVENTS,))
    file.write_text("kind: Secret")
    with pytest.raises(DocumentError, match="settings.yaml: the settings are of another kind"):
        source.look()
    assert (source.look(), source.settings.filters) == (False, (EVENTS,))


@pytest.mark.parametrize("text", ["", "a: 1\n---\nb: 2\n", "{", "- a"])
def test_a_file_without_settings_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    with pytest.raises(DocumentError, match="settings.yaml"):
        SettingsSource(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="read the settings"):
        SettingsSource(tmp_path / "none.yaml")


def test_requests_that_settings_filter_are_let_in_unseen(tmp_path: Path) -> None:
    written(tmp_path, ENFORCED)
    file = tmp_path / "settings.json"
    file.write_text(config_map())
    files = PolicyFiles([str(tmp_path / "policies.yaml")])
    policies = AdmissionPolicies(files, SettingsSource(file))
    assert response(service(policies.rules), "/validate/fail")["allowed"] is False
    file.write_text(config_map(resourceFilters="[ConfigMap,shop,*]"))
    assert asyncio.run(policies.look()) is True
    assert response(service(policies.rules), "/validate/fail")["allowed"] is True
    other = response(service(policies.rules), "/validate/fail", review(namespace="other"))
    assert other["allowed"] is False


def test_users_that_settings_exclude_are_not_judged_and_their_roles_are_asked_for(tmp_path: Path) -> None:
    written(tmp_path, ENFORCED)
    file = tmp_path / "settings.json"
    file.write_text(config_map(excludeClusterRoles="view", excludeGroups="system:nodes"))
    rules = AdmissionPolicies(PolicyFiles([str(tmp_path / "policies.yaml")]), SettingsSource(file)).rules
    judging = service(rules)
    node = review(userInfo={"username": "n", "groups": ["system:nodes"]})
    assert response(judging, "/validate/fail", node)["allowed"] is True
    assert response(judging, "/validate/fail")["allowed"] is False
    world = judging.world
    judging.world = type(world)(world.answer, world.parent, lambda _user, _groups: ((), ("view",)))
    assert response(judging, "/validate/fail")["allowed"] is True


def test_what_settings_cannot_say_is_told_and_a_failure_of_files_does_not_lose_them(tmp_path: Path) -> None:
    written(tmp_path, ENFORCED)
    file = tmp_path / "settings.json"
    file.write_text(config_map())
    policies = AdmissionPolicies(PolicyFiles([str(tmp_path / "policies.yaml")]), SettingsSource(file))
    (tmp_path / "policies.yaml").write_text("{")
    file.write_text(config_map(generateSuccessEvents="?", matchConditions='[{"name":"a","expression":"("}]'))
    with pytest.raises(DocumentError):
        asyncio.run(policies.look())
    assert asyncio.run(policies.look()) is True
    assert len(policies.problems) == 2
    assert "data.generateSuccessEvents" in policies.problems[0]
