import pytest

from propolis.compliance.engine.checks.secret_text import assigned_secret, is_secret

AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "correct-horse"),
        ("db-passwd", "correct-horse"),
        ("PW", "correct-horse"),
        ("API_KEY", "correct-horse"),
        ("AWS_SECRET_ACCESS_KEY", "xxxxx"),
        ("AZURE_BATCH_KEY", "xxxxx"),
        ("github_token", "correct-horse"),
        ("DB_URL", AWS_KEY),
        ("HEADER", "bearer abc123def"),
        ("COOKIE", JWT),
        ("id_rsa", "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_these_are_secrets(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "info"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "{{ .Values.password }}"),
        ("DB_PASSWORD_FILE", "/run/secrets/db"),
        ("DB_PASSWORD", "/run/secrets/db"),
        ("TOKEN_TTL", "3600s"),
        ("TOKEN_ENABLED", "true"),
        ("TLS_SECRET_NAME", "shop-tls"),
        ("COMPASS_BEARING", "north-by-north-west"),
        ("KEYBOARD", "qwerty-layout"),
        ("PUBLIC", "-----BEGIN PUBLIC KEY-----"),
    ],
)
def test_these_are_none(name: str, value: str) -> None:
    assert not is_secret(name, value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("user=app\npassword=correct-horse\n", "password"),
        ("  db.password: correct-horse", "db.password"),
        ('{"port": 80, "clientSecret": "correct-horse"}', "clientSecret"),
        ('"clientSecret": "correct-horse"', "clientSecret"),
        ("password = ${PASSWORD}", ""),
        ("# password=\nport=80", ""),
        ("passwordPolicy: strict-one", ""),
    ],
)
def test_settings_are_searched_line_by_line(text: str, name: str) -> None:
    assert assigned_secret(text) == name
