import pytest

from propolis.registry.repository import parse_reference, repository_of


@pytest.mark.parametrize(
    ("reference", "origin", "path"),
    [
        ("debian:12", "https://registry-1.docker.io", "library/debian"),
        ("docker.io/debian", "https://registry-1.docker.io", "library/debian"),
        ("index.docker.io/shop/web", "https://registry-1.docker.io", "shop/web"),
        ("r.test/web", "https://r.test", "web"),
        ("r.test:5000/a/b/c:1", "https://r.test:5000", "a/b/c"),
        ("localhost:5000/web", "http://localhost:5000", "web"),
        ("127.9.9.9/web", "http://127.9.9.9", "web"),
        ("[::1]:5000/web", "http://[::1]:5000", "web"),
        ("127.evil.test/web", "https://127.evil.test", "web"),
        ("localhost.evil.test/web", "https://localhost.evil.test", "web"),
    ],
)
def test_a_reference_leads_to_an_address(reference: str, origin: str, path: str) -> None:
    found = repository_of(parse_reference(reference))
    assert (str(found.origin), found.path) == (origin, path)


def test_who_brings_a_trust_wants_tls_and_who_says_insecure_does_not() -> None:
    assert (
        str(repository_of(parse_reference("localhost:5000/web"), has_tls=True).origin)
        == "https://localhost:5000"
    )
    assert str(repository_of(parse_reference("r.test/web"), is_insecure=True).origin) == "http://r.test"
