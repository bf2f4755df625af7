from typing import Any

import pytest

from propolis.core.evaluation import Answer, LookupKey, complete
from propolis.core.finding import Outcome
from propolis.policy.engine import compile_policies, evaluate
from propolis.policy.engine.evaluate import Decision
from propolis.policy.lookups import IMAGE_DATA, IMAGE_VERDICT
from propolis.policy.model import parse_policy
from propolis.policy.model.action import Patch
from tests.unit.policy.engine.examples import NOW, pod, subject

DIGEST = f"sha256:{'a' * 64}"
KEYS = {"attestors": [{"entries": [{"keys": {"publicKeys": "K"}}]}]}
SIGNED = Answer({"verified": True, "digest": DIGEST})


def decided(
    entry: dict[str, Any], answer: Answer, document: dict[str, Any] | None = None, **rule: Any
) -> Decision:
    """The decision of one rule; ``answer`` is given to every question about an image."""
    kinds = [rule.pop("kind", "Pod")]
    spec = {
        "name": "r",
        "match": {"any": [{"resources": {"kinds": kinds}}]},
        "verifyImages": [{"imageReferences": ["*"], **entry}],
        **rule,
    }
    metadata = {"name": "p"}
    policy = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": metadata,
        "spec": {"rules": [spec]},
    }
    rules = compile_policies([parse_policy(policy)])

    def fetch(keys: frozenset[LookupKey]) -> dict[LookupKey, Answer]:
        assert {key.kind for key in keys} <= {IMAGE_VERDICT, IMAGE_DATA}
        return dict.fromkeys(keys, answer)

    judged = subject(document or pod())
    decision = complete(lambda answers: evaluate(rules, judged, answers, NOW), {}, fetch)
    assert isinstance(decision, Decision)
    return decision


def outcome(entry: dict[str, Any], answer: Answer = SIGNED) -> tuple[str, str]:
    (finding,) = decided(entry, answer).findings
    return str(finding.outcome), finding.message


def test_a_signed_image_passes_and_gets_its_digest() -> None:
    decision = decided(KEYS, SIGNED)
    assert [finding.outcome for finding in decision.findings] == [Outcome.PASS]
    (action,) = decision.actions
    assert isinstance(action, Patch)
    path = "/spec/containers/0/image"
    assert action.operations == ({"op": "replace", "path": path, "value": f"nginx:1.27@{DIGEST}"},)


@pytest.mark.parametrize(
    ("entry", "answer", "wanted"),
    [
        (KEYS, Answer({"verified": False, "message": "no key fits"}), ("fail", "no key fits")),
        (KEYS, Answer(), ("fail", "no signatures found")),
        (KEYS, Answer(error="registry is away"), ("error", "registry is away")),
        (
            {"mutateDigest": False, "verifyDigest": False},
            Answer(),
            ("fail", "unverified image docker.io/nginx:1.27"),
        ),
        ({**KEYS, "mutateDigest": False}, SIGNED, ("fail", "missing digest")),
        (
            {**KEYS, "mutateDigest": False, "verifyDigest": False},
            SIGNED,
            ("pass", "verified image signatures"),
        ),
        ({**KEYS, "imageReferences": ["ghcr.io/*"]}, SIGNED, ("skip", "not found in imageRefs")),
        ({**KEYS, "skipImageReferences": ["docker.io/nginx*"]}, SIGNED, ("skip", "not found in imageRefs")),
    ],
)
def test_each_image_is_judged_by_its_entry(
    entry: dict[str, Any], answer: Answer, wanted: tuple[str, str]
) -> None:
    found, message = outcome(entry, answer)
    assert found == wanted[0]
    assert wanted[1] in message


def test_the_digest_of_an_unsigned_image_comes_from_its_registry() -> None:
    answer = Answer({"resolvedImage": f"docker.io/nginx@{DIGEST}"})
    (action,) = decided({"required": False}, answer).actions
    assert isinstance(action, Patch)
    assert action.operations[0]["value"] == f"nginx:1.27@{DIGEST}"


@pytest.mark.parametrize(("branch", "wanted"), [("main", "pass"), ("other", "fail")])
def test_signed_statements_must_say_what_the_conditions_ask(branch: str, wanted: str) -> None:
    conditions = [{"all": [{"key": "{{ branch }}", "operator": "Equals", "value": "main"}]}]
    entry = {"attestations": [{"type": "https://build", "conditions": conditions}]}
    statements = {"https://build": [{"branch": branch}]}
    verdict = Answer({"verified": True, "digest": DIGEST, "attestations": statements})
    assert outcome(entry, verdict)[0] == wanted
    assert outcome(entry, SIGNED) == ("fail", "image docker.io/nginx:1.27 has no attestation https://build")


def test_extractors_find_images_of_other_kinds() -> None:
    task = {
        "apiVersion": "tekton.dev/v1",
        "kind": "Task",
        "metadata": {"name": "t", "namespace": "shop"},
        "spec": {"steps": [{"image": "a:1"}, {"image": "b:2"}]},
    }
    extractors = {"Task": [{"path": "/spec/steps/*/image"}]}
    decision = decided(KEYS, SIGNED, task, kind="Task", imageExtractors=extractors)
    (action,) = decision.actions
    assert isinstance(action, Patch)
    assert [item["path"] for item in action.operations] == ["/spec/steps/0/image", "/spec/steps/1/image"]


def test_an_image_that_cannot_be_read_is_an_error() -> None:
    document = pod(containers=[{"name": "a", "image": "::"}])
    (finding,) = decided(KEYS, SIGNED, document).findings
    assert finding.outcome is Outcome.ERROR
