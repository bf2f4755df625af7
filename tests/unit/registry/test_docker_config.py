import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from propolis.core.errors import DocumentError, Place, SourceError
from propolis.registry.credential_helper import Credential, run_credential_helper
from propolis.registry.docker_config import parse_docker_config, read_docker_config
from propolis.registry.repository import Repository

ANN, BOB = {"auth": "YW5uOnNlOmNyZXQ="}, {"username": "bob", "password": "word"}


def find(document: dict[str, Any], registry: str, path: str = "team/app") -> Credential | None:
    config = parse_docker_config(json.dumps(document).encode(), Place("config.json"))
    return asyncio.run(config.find(Repository(registry, path)))


@pytest.mark.parametrize(
    "key", ["r.test:5000", "https://r.test:5000", "http://r.test:5000/v1/", "r.test:5000/v2/"]
)
def test_a_registry_is_found_under_all_its_keys(key: str) -> None:
    assert find({"auths": {key: ANN}}, "r.test:5000") == Credential("ann", "se:cret")
    assert find({"auths": {key: ANN}}, "r.test") is None
    assert find({"auths": {key: ANN}}, "r.test:50") is None


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])
def test_docker_hub_has_several_names(key: str) -> None:
    assert find({"auths": {key: ANN}}, "docker.io") == Credential("ann", "se:cret")


def test_the_narrowest_entry_counts() -> None:
    document = {"auths": {"r.test": ANN, "r.test/team": BOB, "r.test/tea": {"auth": "x"}}}
    assert find(document, "r.test") == Credential("bob", "word")
    assert find(document, "r.test", "other/app") == Credential("ann", "se:cret")


def test_an_identity_token_comes_before_name_and_password() -> None:
    entry = {**ANN, "identitytoken": "t"}
    assert find({"auths": {"r.test": entry}}, "r.test") == Credential("", "", "t")


def test_secrets_are_not_shown_by_accident() -> None:
    assert "word" not in repr(Credential("bob", "word", "word"))


@pytest.mark.parametrize("auth", ["%%", "YW5u", "/////w=="])
def test_a_damaged_entry_says_where(auth: str) -> None:
    with pytest.raises(DocumentError, match=r"config.json: auths\['r.test'\].auth; expected name:password"):
        find({"auths": {"r.test": {"auth": auth}}}, "r.test")


def test_files_that_are_none_say_so(tmp_path: Path) -> None:
    assert asyncio.run(read_docker_config(tmp_path / "none.json").find(Repository("a.test", "b"))) is None
    path = tmp_path / "config.json"
    path.write_text("[]")
    with pytest.raises(DocumentError, match="Docker's config.json"):
        read_docker_config(path)
    path.write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(DocumentError, match="too large"):
        read_docker_config(path)
    with pytest.raises(SourceError, match="read credentials"):
        read_docker_config(tmp_path)


@pytest.fixture
def helpers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def helper(folder: Path, name: str, script: str) -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_a_helper_is_told_the_registry(helpers: Path) -> None:
    helper(helpers, "kept", """read -r host; echo "{\\"Username\\": \\"$1\\", \\"Secret\\": \\"$host\\"}" """)
    document = {"credHelpers": {"r.test": "kept"}, "auths": {"r.test": BOB}}
    assert find(document, "r.test") == Credential("get", "r.test")
    assert find({"credsStore": "kept"}, "docker.io") == Credential("get", "https://index.docker.io/v1/")


def test_an_entry_comes_before_the_store(helpers: Path) -> None:
    helper(helpers, "kept", "exit 1")
    assert find({"credsStore": "kept", "auths": {"r.test": BOB}}, "r.test") == Credential("bob", "word")


def test_a_helper_may_give_an_identity_token(helpers: Path) -> None:
    helper(helpers, "kept", """echo '{"Username": "<token>", "Secret": "t"}'""")
    assert find({"credsStore": "kept", "auths": {"r.test": {}}}, "r.test") == Credential("", "", "t")


def test_a_helper_that_knows_nothing_is_no_error(helpers: Path) -> None:
    helper(helpers, "kept", "echo credentials not found in native keychain; exit 1")
    assert find({"credsStore": "kept"}, "r.test") is None


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo locked; exit 3", "it ended with 3: locked"),
        ("echo no json", "no JSON with Username and Secret"),
        (
            "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
            "more than 65,536 bytes",
        ),
        ("exec cat /dev/zero", "more than 65,536 bytes"),
    ],
)
def test_a_helper_that_fails_says_how(helpers: Path, script: str, text: str) -> None:
    helper(helpers, "bad", script)
    with pytest.raises(SourceError, match=text):
        find({"credsStore": "bad"}, "r.test")


def test_a_helper_that_hangs_is_ended_with_what_it_started(helpers: Path) -> None:
    helper(helpers, "slow", "sleep 600 & wait")
    with pytest.raises(SourceError, match="no answer within 0.2 s"):
        asyncio.run(run_credential_helper("slow", "r.test", 0.2))


@pytest.mark.parametrize("name", ["../sh", "a/b", "; sh", "", "-x", "a\n"])
def test_a_helper_is_a_name_and_no_path(name: str) -> None:
    with pytest.raises(SourceError, match="there is no such program"):
        asyncio.run(run_credential_helper(name, "r.test"))
