"""VerifyImages rules: who must have signed which images. Signatures are judged elsewhere, by look-ups.

Follows Kyverno pkg/engine/internal/imageverifier.go and handlers/validation/validate_image.go @ 111e07b.
An image without attestors counts as unverified: nobody vouched for it.
"""

from typing import Any

import msgspec

from propolis.core.evaluation import LookupKey
from propolis.core.finding import Outcome
from propolis.core.resource import Document
from propolis.lang.jmespath import ExpressionError
from propolis.lang.jmespath.values import to_json
from propolis.lang.json_patch import PatchError, apply_patch
from propolis.lang.wildcard import matches
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.context import Context, ContextError
from propolis.policy.engine.extracted_images import FoundImage, compile_extractors
from propolis.policy.engine.questions import Questions
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.validate import Message, Validate, compile_deny
from propolis.policy.engine.variables import compile_document
from propolis.policy.lookups import image_data_key, image_verdict_key
from propolis.policy.model.images import Attestation, ImageVerification
from propolis.policy.model.rule import PolicyRule


def compile_verification(rule: PolicyRule) -> Validate:
    """A verifyImages rule as a function; a result may carry the document with digests in it."""
    images_of = compile_extractors(rule.image_extractors)
    checks = [_Check(rule.name, item) for item in rule.verify_images or ()]

    def verify(context: Context, document: Document) -> RuleResult:
        try:
            images = images_of(document)
        except ExpressionError as error:
            return RuleResult(Outcome.ERROR, f"failed to extract images: {error.message}")
        tally = _Tally(document)
        questions = Questions()
        for check in checks:
            for image in images:
                with questions:
                    check.judge(context, image, tally)
        questions.ask()
        return tally.result()

    return verify


class _Tally:
    """What came of the images of one resource."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._verified: list[str] = []
        self.failures: list[str] = []
        self.errors: list[str] = []
        self.operations: list[dict[str, Any]] = []

    def passed(self, image: FoundImage) -> None:
        """An image is as the rule wants it."""
        self._verified.append(image.text)

    def result(self) -> RuleResult:
        """An error before a failure before a pass; digests are written only when all is well."""
        if self.errors:
            return RuleResult(Outcome.ERROR, "; ".join(self.errors))
        if self.failures:
            return RuleResult(Outcome.FAIL, "; ".join(self.failures))
        if not self._verified:
            return RuleResult(
                Outcome.SKIP, "skip run verification as image in resource not found in imageRefs"
            )
        message = f"verified image signatures for {', '.join(self._verified)}"
        try:
            patched = apply_patch(self._document, self.operations) if self.operations else None
        except PatchError as error:
            return RuleResult(Outcome.ERROR, f"failed to write a digest: {error.message}")
        return RuleResult(Outcome.PASS, message, patched=patched)


class _Check:
    """One entry of verifyImages."""

    def __init__(self, rule: str, item: ImageVerification) -> None:
        self._item = item
        self._wanted = item.image_references or ((item.image,) if item.image else ())
        self._skipped = item.skip_image_references or ()
        self._has_attestors = bool(item.attestors or item.attestations or item.key or item.issuer)
        self._question = compile_document(_question(item))
        self._conditions = [
            (one, compile_conditions(part))
            for one in item.attestations or ()
            for part in one.conditions or ()
        ]
        deny = item.validation.deny if item.validation else None
        message = item.validation.message if item.validation else None
        self._deny = compile_deny(deny, Message(rule, message)) if deny else None

    def judge(self, context: Context, image: FoundImage, tally: _Tally) -> None:
        """Adds what is to be said of one image; nothing when the entry is not for it."""
        if not self._is_for(image):
            return
        try:
            problem = self._problem(context, image, tally)
        except ExpressionError as error:
            tally.errors.append(f"{image.text}: {error.message}")
            return
        if problem:
            tally.failures.append(problem)
        else:
            tally.passed(image)

    def _is_for(self, image: FoundImage) -> bool:
        is_wanted = any(matches(pattern, image.text) for pattern in self._wanted)
        return is_wanted and not any(matches(pattern, image.text) for pattern in self._skipped)

    def _problem(self, context: Context, image: FoundImage, tally: _Tally) -> str:
        """What is wrong with an image, or empty."""
        verdict = self._verdict(context, image) if self._has_attestors else {}
        if self._has_attestors and not verdict.get("verified"):
            return f"failed to verify image {image.text}: {verdict.get('message') or 'no signatures found'}"
        if not self._has_attestors and self._item.required:
            return f"unverified image {image.text}"
        digest = image.digest or self._new_digest(context, image, verdict)
        if self._item.mutate_digest and digest and not image.digest:
            tally.operations.append(
                {"op": "replace", "path": image.pointer, "value": f"{image.written}@{digest}"}
            )
        elif self._item.verify_digest and not image.digest:
            return f"missing digest for {image.text}"
        return self._statements(context, image, verdict)

    def _verdict(self, context: Context, image: FoundImage) -> dict[str, Any]:
        return _asked(context, image_verdict_key(image.text, to_json(self._question(context))))

    def _new_digest(self, context: Context, image: FoundImage, verdict: dict[str, Any]) -> str:
        if not self._item.mutate_digest:
            return ""
        found = verdict.get("digest") or _asked(context, image_data_key(image.text)).get("resolvedImage", "")
        return str(found).rpartition("@")[2]

    def _statements(self, context: Context, image: FoundImage, verdict: dict[str, Any]) -> str:
        """What the signed statements about an image lack, or why the image is denied; empty for nothing."""
        statements = verdict.get("attestations") or {}
        for attestation, judge in self._conditions:
            kind = statement_type(attestation)
            found = [item for item in statements.get(kind) or () if isinstance(item, dict)]
            if not found:
                return f"image {image.text} has no attestation {kind}"
            if not all(judge(context.child(item)).holds for item in found):
                return f"attestation checks failed for {image.text} and predicate {kind}"
        if self._deny is None:
            return ""
        result = self._deny(context, None)
        return result.message if result and result.outcome is not Outcome.PASS else ""


def _asked(context: Context, key: LookupKey) -> dict[str, Any]:
    """An answer that is an object; empty for what is not there.

    Raises:
        ContextError: The world does not answer.
    """
    answer = context.environment.ask(key)
    if answer.error:
        raise ContextError(answer.error)
    return answer.value if isinstance(answer.value, dict) else {}


def statement_type(attestation: Attestation) -> str:
    """The type of a statement, in either notation."""
    return attestation.type or attestation.predicate_type or ""


_ASKED = (
    "type", "key", "roots", "subject", "issuer", "additionalExtensions", "attestors", "attestations",
    "annotations", "repository", "cosignOCI11",
)  # fmt: skip


def _question(item: ImageVerification) -> dict[str, Any]:
    """What must be verified, without what this rule does with the answer."""
    document: dict[str, Any] = msgspec.to_builtins(item)
    question = {name: document[name] for name in _ASKED if name in document}
    for attestation in question.get("attestations") or ():
        attestation.pop("conditions", None)
    return question
