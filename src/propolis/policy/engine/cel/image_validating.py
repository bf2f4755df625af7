"""ImageValidatingPolicy: who signed the images of a request, as verdicts that are looked up.

Follows Kyverno pkg/image/verification/evaluator @ v1.19.1. What a policy requires is what its own expressions
verified: a verification by another policy of the same request does not count for it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from propolis.core.evaluation import Answer, LookupKey
from propolis.core.finding import Outcome
from propolis.core.workload import CONTAINER_LISTS, POD_PATHS
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kyverno.image_verify import image_verify_library
from propolis.lang.cel.library import Library, Runtime
from propolis.lang.cel.program import Program
from propolis.lang.cel.types import DYN, STRING, Type, list_of, map_of
from propolis.lang.image_reference import parse_image_reference
from propolis.lang.wildcard import compile_wildcard
from propolis.policy.engine.cel.activation import OBJECT, OLD_OBJECT, Activation
from propolis.policy.engine.cel.programs import Check, Expressions
from propolis.policy.engine.cel.run import Judge
from propolis.policy.engine.cel.validating import compile_checks
from propolis.policy.engine.result import RuleResult
from propolis.policy.lookups import IMAGE_VERDICT
from propolis.policy.model.cel.policy import ImageValidatingSpec

IMAGES, ATTESTORS, ATTESTATIONS, REFERENCE = "images", "attestors", "attestations", "ref"
VARIABLES: Mapping[str, Type] = {
    IMAGES: map_of(STRING, list_of(STRING)),
    ATTESTORS: map_of(STRING, DYN),
    ATTESTATIONS: map_of(STRING, STRING),
}


class ImageCheck(msgspec.Struct, frozen=True):
    """What a policy says about images, compiled.

    Attributes:
        extractors: Programs that give lists of images, by name.
        is_matched: Whether the policy is for an image.
        attestors: Definitions by name.
        attestations: Names by name, as expressions see them.
    """

    extractors: Mapping[str, Program]
    is_matched: Callable[[str], bool]
    attestors: Mapping[str, Any]
    attestations: Mapping[str, str]
    needs_digest: bool
    is_required: bool


def verification_library(spec: ImageValidatingSpec, is_matched: Callable[[str], bool]) -> Library:
    """The functions that verify, for one policy."""
    attestations = {one.name: msgspec.to_builtins(one) for one in spec.attestations or ()}
    return image_verify_library(attestations, is_matched)


def compile_references(spec: ImageValidatingSpec, expressions: Expressions) -> Callable[[str], bool]:
    """Whether a policy is for an image: one of its patterns fits, or one of its expressions is true.

    Raises:
        PolicyError: An expression cannot be used.
    """
    globs = [compile_wildcard(one.glob) for one in spec.match_image_references or () if one.glob]
    programs = [
        expressions.program(one.expression, "matchImageReferences", index, "expression")
        for index, one in enumerate(spec.match_image_references or ())
        if one.expression
    ]

    def is_matched(image: str) -> bool:
        if any(fits(image) for fits in globs):
            return True
        runtime = Runtime(datetime.min.replace(tzinfo=UTC), _refuse)
        return any(program.evaluate({REFERENCE: image}, runtime) is True for program in programs)

    return is_matched


def compile_image_check(
    spec: ImageValidatingSpec, expressions: Expressions, is_matched: Callable[[str], bool]
) -> ImageCheck:
    """What a policy says about images. Raises `PolicyError`."""
    settings = spec.validation_configurations
    return ImageCheck(
        {
            one.name: expressions.program(one.expression, IMAGES, index, "expression")
            for index, one in enumerate(spec.images or ())
        },
        is_matched,
        {one.name: msgspec.to_builtins(one) for one in spec.attestors},
        {one.name: one.name for one in spec.attestations or ()},
        needs_digest=settings is None or settings.verify_digest is not False,
        is_required=settings is None or settings.required is not False,
    )


def compile_image_validation(
    check: ImageCheck, checks: Sequence[Check], annotations: Mapping[str, Program]
) -> Judge:
    """Validations over the images of a request as a function."""
    validate = compile_checks(checks, annotations)

    def judge(activation: Activation, runtime: Runtime) -> RuleResult | None:
        try:
            images = _images(check, activation, runtime)
        except EvaluationError as error:
            return RuleResult(Outcome.ERROR, f"failed to evaluate policy: {error.message}")
        chosen = [image for found in images.values() for image in found]
        if check.needs_digest:
            for image in chosen:
                parsed = parse_image_reference(image)
                if parsed is None or not parsed.digest:
                    return RuleResult(Outcome.FAIL, f"image {image} does not have a digest")
        activation[IMAGES] = images
        activation[ATTESTORS], activation[ATTESTATIONS] = check.attestors, check.attestations
        seen = _Verdicts(runtime)
        result = validate(activation, msgspec.structs.replace(runtime, ask=seen.ask))
        if result is None or result.outcome is not Outcome.PASS or not check.is_required:
            return result
        return next((one for one in map(seen.missing, chosen) if one is not None), result)

    return judge


def _refuse(key: LookupKey) -> Answer:
    return Answer(error=f"{key.kind} cannot be asked to choose images")


class _Verdicts:
    """Asks, and remembers which images were verified."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._found: dict[str, bool] = {}

    def ask(self, key: LookupKey) -> Answer:
        answer = self._runtime.ask(key)
        if key.kind == IMAGE_VERDICT:
            image = key.arguments[0]
            is_verified = isinstance(answer.value, dict) and answer.value.get("verified") is True
            self._found[image] = self._found.get(image, False) or is_verified
        return answer

    def missing(self, image: str) -> RuleResult | None:
        """The failure for an image that nothing verified."""
        if self._found.get(image):
            return None
        if image in self._found:
            text = f"image {image} failed signature or attestation verification"
        else:
            text = (
                f"image {image} is not verified: no policy performed a signature or attestation check on it"
            )
        return RuleResult(Outcome.FAIL, text)


def _images(check: ImageCheck, activation: Activation, runtime: Runtime) -> dict[str, list[str]]:
    """The images that the policy is for, by the list that they stand in."""
    found: dict[str, list[str]] = _of_workload(activation[OBJECT] or activation[OLD_OBJECT])
    for name, program in check.extractors.items():
        listed = program.evaluate(activation, runtime)
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            raise EvaluationError(f"images.{name} gives no list of strings")
        found[name] = listed
    return {name: [image for image in images if check.is_matched(image)] for name, images in found.items()}


def _of_workload(document: Any) -> dict[str, list[str]]:
    """Images of a pod or of the template of its controller, by the list that they stand in."""
    here: Any = document if isinstance(document, dict) else {}
    path = POD_PATHS.get(str(here.get("kind")))
    if path is None:
        return {}
    for key in path:
        here = here.get(key) if isinstance(here, dict) else None
        if not isinstance(here, dict):
            raise EvaluationError(f"no such key: {key}")
    return {name: [_image(item) for item in _listed(here, name)] for name in CONTAINER_LISTS}


def _listed(spec: dict[str, Any], name: str) -> list[Any]:
    found = spec.get(name)
    if found is not None and not isinstance(found, list):
        raise EvaluationError(f"{name} is no list")
    return found or []


def _image(container: Any) -> str:
    found = container.get("image") if isinstance(container, dict) else None
    if not isinstance(found, str):
        raise EvaluationError("no such key: image")
    return found
