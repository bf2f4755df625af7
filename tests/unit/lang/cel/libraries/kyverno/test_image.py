import pytest

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kyverno.image import IMAGE_LIBRARY
from tests.harness.cel import run

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest", "identifier", "separated"),
    [
        ("nginx", "index.docker.io", "library/nginx", "latest", "", "latest", ":latest"),
        ("docker.io/nginx:1.25", "index.docker.io", "library/nginx", "1.25", "", "1.25", ":1.25"),
        ("ghcr.io/a/b", "ghcr.io", "a/b", "latest", "", "latest", ":latest"),
        ("localhost/ab", "localhost", "ab", "latest", "", "latest", ":latest"),
        ("localhost:5000/a/b:v1", "localhost:5000", "a/b", "v1", "", "v1", ":v1"),
        (f"nginx@{DIGEST}", "index.docker.io", "library/nginx", "", DIGEST, DIGEST, f"@{DIGEST}"),
        (
            f"r.io:5000/a/b:v1@{DIGEST}",
            "r.io:5000",
            "a/b",
            "v1",
            DIGEST,
            f"v1@{DIGEST}",
            f"@{DIGEST}",
        ),
        ("team/app:A_b.c-D", "index.docker.io", "team/app", "A_b.c-D", "", "A_b.c-D", ":A_b.c-D"),
    ],
)
def test_a_reference_has_parts(
    text: str, registry: str, repository: str, tag: str, digest: str, identifier: str, separated: str
) -> None:
    image = run(IMAGE_LIBRARY, "string_to_image", text)
    names = ("registry", "repository", "tag", "digest", "identifier", "identifier_with_separator")
    found = [run(IMAGE_LIBRARY, f"image_{name}", image) for name in names]
    assert found == [registry, repository, tag, digest, identifier, separated]
    assert run(IMAGE_LIBRARY, "image_contains_digest", image) is bool(digest)
    assert run(IMAGE_LIBRARY, "is_image_string", text) is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "NGINX",
        "nginx:",
        "nginx:a b",
        "nginx:" + "a" * 129,
        "r.io/" + "a" * 256,
        "nginx@sha256:abc",
        f"nginx@sha512:{'ab' * 64}",
        f"nginx@{DIGEST}@{DIGEST}",
        "r io:5000/ab",
        "r.io:x/ab",
        "a" * 100_000,
    ],
)
def test_what_is_no_reference_is_told(text: str) -> None:
    assert run(IMAGE_LIBRARY, "is_image_string", text) is False
    for overload_id in ("string_to_image", "string_to_image_deprecated"):
        with pytest.raises(EvaluationError, match="could not parse reference"):
            run(IMAGE_LIBRARY, overload_id, text)


def test_references_are_equal_as_they_were_written() -> None:
    one, same, other = (
        run(IMAGE_LIBRARY, "string_to_image", text) for text in ("nginx", "nginx", "nginx:latest")
    )
    assert one == same
    assert one != other
