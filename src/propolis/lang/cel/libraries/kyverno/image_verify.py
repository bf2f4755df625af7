"""``verifyImageSignatures``, ``verifyAttestationSignatures``, ``getImageData``, ``extractPayload``.

Follows kyverno pkg/cel/libs/imageverify @ v1.19.1. Who signed what is looked up, one question an attestor; an
attestor whose question has an error counts as one that did not sign.
"""

from collections.abc import Callable, Mapping
from typing import Any

from propolis.core.evaluation import LookupKey
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function
from propolis.lang.cel.libraries.kyverno.contexts import image_data
from propolis.lang.cel.libraries.kyverno.go_json import write
from propolis.lang.cel.libraries.kyverno.world import IMAGE_PAYLOAD, IMAGE_VERDICT, asked
from propolis.lang.cel.library import Library, Runtime
from propolis.lang.cel.types import DYN, INT, STRING, list_of


class _Verifier:
    """What the policy says: its attestations by name, and which images it is for."""

    def __init__(self, attestations: Mapping[str, Any], is_matched: Callable[[str], bool]) -> None:
        self._attestations = attestations
        self._is_matched = is_matched

    def signatures(self, runtime: Runtime, image: str, attestors: list[Any]) -> int:
        """How many attestors signed the image; none for an image that the policy is not for."""
        if not self._is_matched(image):
            return 0
        return sum(_verdict(runtime, image, {"attestors": [attestor]}) for attestor in attestors)

    def attestation_signatures(
        self, runtime: Runtime, image: str, attestation: str, attestors: list[Any]
    ) -> int:
        """How many attestors signed the attestation."""
        if not self._is_matched(image):
            return 0
        wanted = self._attestation(attestation)
        return sum(
            _verdict(runtime, image, {"attestation": wanted, "attestors": [attestor]})
            for attestor in attestors
        )

    def payload(self, runtime: Runtime, image: str, attestation: str) -> Any:
        """What the attestation says."""
        wanted = self._attestation(attestation)
        found = asked(runtime, "get payload", IMAGE_PAYLOAD, image, write(wanted))
        if found is None:
            raise EvaluationError(f"failed to get payload: could not find attestation {attestation}")
        return found

    def _attestation(self, name: str) -> Any:
        if name not in self._attestations:
            raise EvaluationError(f"attestation not found in policy: {name}")
        return self._attestations[name]


def _verdict(runtime: Runtime, image: str, question: dict[str, Any]) -> bool:
    answer = runtime.ask(LookupKey(IMAGE_VERDICT, (image, write(question))))
    return not answer.error and isinstance(answer.value, dict) and answer.value.get("verified") is True


def image_verify_library(attestations: Mapping[str, Any], is_matched: Callable[[str], bool]) -> Library:
    """The library for one policy.

    Args:
        attestations: Definitions of the policy's attestations, by name.
        is_matched: Whether the policy is for an image (its ``matchImageReferences``).
    """
    verifier = _Verifier(attestations, is_matched)
    return Library(
        "kyverno.imageverify",
        (
            function(
                "verifyImageSignatures",
                call(
                    "verify_image_signature_string_stringarray",
                    (STRING, list_of(DYN)),
                    INT,
                    verifier.signatures,
                    asks=True,
                ),
            ),
            function(
                "verifyAttestationSignatures",
                call(
                    "verify_image_attestations_string_string_stringarray",
                    (STRING, STRING, list_of(DYN)),
                    INT,
                    verifier.attestation_signatures,
                    asks=True,
                ),
            ),
            function("getImageData", call("get_image_data_string", (STRING,), DYN, image_data, asks=True)),
            function(
                "extractPayload",
                call("payload_string_string", (STRING, STRING), DYN, verifier.payload, asks=True),
            ),
        ),
    )
