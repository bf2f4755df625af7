from collections.abc import Iterator
from pathlib import Path

import pytest

from propolis.core.errors import Place, SourceError
from propolis.registry.docker_config import DockerConfig, parse_docker_config
from tests.unit.registry.fake_registry import (
    TOKEN,
    FakeRegistry,
    client,
    config_of,
    refusing,
    saying,
    serving,
)

ANN = "Basic YW5uOnNlY3JldA=="


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    registry = FakeRegistry()
    with serving(registry):
        registry.put_image()
        registry.asks_for_token()
        yield registry


def resolve(registry: FakeRegistry, config: DockerConfig | None = None) -> None:
    with client(config) as asked:
        asked.resolve(f"{registry.host}/shop/web:1")


def test_anyone_gets_a_token(registry: FakeRegistry) -> None:
    resolve(registry)
    assert registry.shown() == ["", "", f"Bearer {TOKEN}"]
    assert dict(registry.asked("/token")[0].query) == {"scope": "repository:shop/web:pull", "service": "fake"}


def test_a_token_is_used_for_all_of_a_repository(registry: FakeRegistry) -> None:
    with client() as asked:
        for _ in range(3):
            asked.resolve(f"{registry.host}/shop/web:1")
    assert len(registry.asked("/token")) == 1


def test_a_token_that_is_no_longer_taken_is_renewed(registry: FakeRegistry) -> None:
    with client() as asked:
        asked.resolve(f"{registry.host}/shop/web:1")
        registry.wanted, registry.token = "Bearer next", {"access_token": "next", "expires_in": 300}
        asked.resolve(f"{registry.host}/shop/web:1")
    assert registry.shown()[-1] == "Bearer next"


def test_a_token_goes_to_no_other_repository(registry: FakeRegistry) -> None:
    registry.put_manifest(
        {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}, "1", "shop/cart"
    )
    with client() as asked:
        asked.resolve(f"{registry.host}/shop/web:1")
        asked.resolve(f"{registry.host}/shop/cart:1")
    scopes = [request.query["scope"] for request in registry.asked("/token")]
    assert scopes == ["repository:shop/web:pull", "repository:shop/cart:pull"]


def test_more_rights_than_to_pull_are_not_asked_for(registry: FakeRegistry) -> None:
    registry.challenge = registry.challenge.replace("web:pull", "web:pull,push registry:catalog:* aws")
    resolve(registry)
    assert registry.asked("/token")[0].query["scope"] == "repository:shop/web:pull aws"


def test_credentials_go_to_the_token_service(registry: FakeRegistry) -> None:
    registry.login = ANN
    resolve(registry, config_of(registry.host))
    assert registry.shown() == ["", ANN, f"Bearer {TOKEN}"]


def test_credentials_of_others_stay_where_they_are(registry: FakeRegistry) -> None:
    resolve(registry, config_of("127.0.0.1"))
    assert registry.shown() == ["", "", f"Bearer {TOKEN}"]


def test_an_identity_token_is_exchanged(registry: FakeRegistry) -> None:
    content = f'{{"auths": {{"{registry.host}": {{"identitytoken": "mine"}}}}}}'
    resolve(registry, parse_docker_config(content.encode(), Place("config.json")))
    (form,) = registry.forms
    told = [form[name] for name in ("grant_type", "refresh_token", "scope")]
    assert told == ["refresh_token", "mine", "repository:shop/web:pull"]


def test_name_and_password_go_to_a_registry_that_wants_them(registry: FakeRegistry) -> None:
    registry.challenge, registry.wanted = 'Basic realm="fake"', ANN
    resolve(registry, config_of(registry.host))
    assert registry.shown() == ["", ANN]


def test_refused_credentials_say_what_to_do(registry: FakeRegistry) -> None:
    registry.login = "Basic another"
    with pytest.raises(
        SourceError, match=f"the credentials are refused: log in with docker login {registry.host}"
    ):
        resolve(registry, config_of(registry.host))
    with pytest.raises(SourceError, match="it wants credentials: log in"):
        resolve(registry)


def test_a_token_that_does_not_help_is_not_renewed_for_ever(registry: FakeRegistry) -> None:
    registry.wanted = "Bearer another"
    with pytest.raises(
        SourceError, match="401 authentication required; not there, or not for these credentials"
    ):
        resolve(registry)
    assert len(registry.requests) == 3


def test_a_helper_that_fails_is_told_only_when_the_registry_refuses(registry: FakeRegistry) -> None:
    config = parse_docker_config(b'{"credsStore": "there-is-none"}', Place("config.json"))
    resolve(registry, config)
    registry.login = ANN
    with pytest.raises(SourceError, match="docker-credential-there-is-none.*there is no such program"):
        resolve(registry, config)


@pytest.mark.parametrize(
    ("challenge", "text"),
    [
        ("", "401 authentication required; it wants credentials"),
        ("Negotiate", "it wants credentials"),
        ("Bearer", "a token service that cannot be asked"),
        ('Bearer realm="/token"', "a token service that cannot be asked"),
        ('Bearer realm="http://name:word@127.0.0.1/"', "a token service that cannot be asked"),
        ('Bearer realm="http://tokens.test/"', "not as safe as itself; nothing was sent"),
    ],
)
def test_a_challenge_that_nobody_should_answer_is_an_error(
    registry: FakeRegistry, challenge: str, text: str
) -> None:
    registry.challenge = challenge or " "
    with pytest.raises(SourceError, match=text):
        resolve(registry, config_of(registry.host))
    assert all(not shown for shown in registry.shown())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"token": "a\\r\\nb"}',
        b'{"token": ""}',
        b'{"token": "' + b"a" * 40_000 + b'"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_token_is_not_sent_on(registry: FakeRegistry, content: bytes) -> None:
    registry.faults["/token"] = [saying(content, "application/json")]
    with pytest.raises(SourceError, match="the token service's answer"):
        resolve(registry)
    assert len(registry.requests) == 2


def test_a_redirect_of_the_token_service_is_not_followed(registry: FakeRegistry) -> None:
    registry.faults["/token"] = [refusing(302, Location=f"{registry.address}/elsewhere")]
    with pytest.raises(SourceError, match="the token service answers 302"):
        resolve(registry, config_of(registry.host))
    assert not registry.asked("/elsewhere")


def test_a_busy_token_service_is_asked_again(registry: FakeRegistry) -> None:
    registry.faults["/token"] = [refusing(503)]
    resolve(registry)
    assert len(registry.asked("/token")) == 2


def test_a_helper_is_asked_from_the_background(
    registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "docker-credential-kept"
    program.write_text("""#!/bin/sh\necho '{"Username": "ann", "Secret": "secret"}'\n""")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    registry.login = ANN
    resolve(registry, parse_docker_config(b'{"credsStore": "kept"}', Place("config.json")))
    assert registry.shown() == ["", ANN, f"Bearer {TOKEN}"]
