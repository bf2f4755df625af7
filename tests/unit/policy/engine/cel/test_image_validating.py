"""ImageValidatingPolicy: digests, verdicts that are looked up, images that the policy is for."""

from typing import Any

import pytest

from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.policy.lookups import IMAGE_VERDICT
from tests.unit.policy.engine.cel_examples import cel_policy, decided, said
from tests.unit.policy.engine.examples import pod

DIGEST = "sha256:" + "a" * 64
IMAGE = f"registry.example/app@{DIGEST}"
SPEC = """
    attestors: [{name: us, cosign: {key: {data: k}}}]
    validations:
      - expression: "images.containers.all(i, verifyImageSignatures(i, [attestors.us]) > 0)"
        message: not signed
"""


class Verdicts(dict[LookupKey, Answer]):
    """Answers every question about an image with one verdict."""

    def __init__(self, *, is_verified: bool) -> None:
        super().__init__()
        self._is_verified = is_verified

    def __contains__(self, key: object) -> bool:
        return isinstance(key, LookupKey) and key.kind == IMAGE_VERDICT

    def __missing__(self, key: LookupKey) -> Answer:
        return Answer({"verified": self._is_verified})


def of(*images: str) -> dict[str, Any]:
    return pod(containers=[{"name": f"c{number}", "image": image} for number, image in enumerate(images)])


ALL = "\n    matchImageReferences: [{glob: '*'}]"


def policy(more: str = "", references: str = ALL) -> Any:
    return cel_policy(SPEC + references + more, "ImageValidatingPolicy")


@pytest.mark.parametrize(
    ("is_verified", "expected"), [(True, ("pass", "success")), (False, ("fail", "not signed"))]
)
def test_verdicts_decide(is_verified: bool, expected: tuple[str, str]) -> None:  # noqa: FBT001  # a parameter
    assert said(policy(), of(IMAGE), Verdicts(is_verified=is_verified)) == expected


def test_the_world_is_asked_who_signed() -> None:
    with pytest.raises(MissingLookups) as asked:
        decided(policy(), of(IMAGE))
    assert {key.kind for key in asked.value.keys} == {IMAGE_VERDICT}


def test_an_image_needs_a_digest_unless_the_policy_says_otherwise() -> None:
    image = "registry.example/app:1"
    found = said(policy(), of(image), Verdicts(is_verified=True))
    assert found == ("fail", f"image {image} does not have a digest")
    more = "\n    validationConfigurations: {verifyDigest: false}"
    assert said(policy(more), of(image), Verdicts(is_verified=True))[0] == "pass"


def test_an_image_that_nothing_verified_fails_where_that_is_required() -> None:
    spec = (
        "matchImageReferences: [{glob: '*'}]\nattestors: [{name: us, cosign: {key: {data: k}}}]\n"
        "validations: [{expression: 'true'}]"
    )
    found = said(cel_policy(spec, "ImageValidatingPolicy"), of(IMAGE))
    assert found[0] == "fail"
    assert "no policy performed a signature or attestation check" in found[1]
    relaxed = cel_policy(f"{spec}\nvalidationConfigurations: {{required: false}}", "ImageValidatingPolicy")
    assert said(relaxed, of(IMAGE))[0] == "pass"


@pytest.mark.parametrize(
    "references",
    ["[{glob: 'registry.example/*'}]", "[{expression: \"ref.startsWith('registry.example/')\"}]"],
)
def test_references_choose_the_images(references: str) -> None:
    chosen = policy(references=f"\n    matchImageReferences: {references}")
    assert said(chosen, of("other.example/app:1"), Verdicts(is_verified=False))[0] == "pass"
    assert said(chosen, of(IMAGE), Verdicts(is_verified=False))[0] == "fail"


def test_a_policy_that_names_no_images_is_for_none() -> None:
    assert said(policy(references=""), of(IMAGE), Verdicts(is_verified=False))[0] == "pass"


def test_more_images_may_be_extracted() -> None:
    spec = """
        matchImageReferences: [{glob: '*'}]
        attestors: [{name: us, cosign: {key: {data: k}}}]
        images: [{name: extra, expression: "[object.metadata.annotations.image]"}]
        validations: [{expression: "images.extra.all(i, verifyImageSignatures(i, [attestors.us]) > 0)"}]
    """
    document = of()
    document["metadata"]["annotations"] = {"image": IMAGE}
    for is_verified, outcome in ((True, "pass"), (False, "fail")):
        found = said(cel_policy(spec, "ImageValidatingPolicy"), document, Verdicts(is_verified=is_verified))
        assert found[0] == outcome


def test_images_of_templates_are_found() -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [{"name": "a", "image": IMAGE}]}}},
    }
    assert said(policy(), deployment, Verdicts(is_verified=False))[0] == "fail"


def test_a_list_of_something_else_is_an_error() -> None:
    more = '\n    images: [{name: extra, expression: "[1]"}]'
    found = said(policy(more), of(IMAGE), Verdicts(is_verified=True))
    assert found == ("error", "failed to evaluate policy: images.extra gives no list of strings")


@pytest.mark.parametrize("containers", [True, "text", {"image": "a"}, 7])
def test_containers_that_are_no_list_are_an_error(containers: object) -> None:
    document = {**pod(), "spec": {"containers": containers}}
    assert said(policy(), document)[0] == "error"
