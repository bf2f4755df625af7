"""Verifies a resource by the attestors of a rule."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.core.resource import Document
from propolis.policy.engine.context import Context
from propolis.policy.engine.manifests.comparison import Difference, differences
from propolis.policy.engine.manifests.errors import MessageError
from propolis.policy.engine.manifests.ignored import ignored_fields
from propolis.policy.engine.manifests.message import (
    DOMAIN,
    SignedMessage,
    annotations_of,
    manifests_in,
    message_of,
)
from propolis.policy.engine.manifests.signature import PEM, is_signed
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.validation import Manifests

MOST_LEVELS = 8
MOST_TOLD = 20
_NO_MESSAGE = "YAML manifest not found for this resource: no message found"
_FAILED = "error occurred during manifest verification"

Attestors = Mapping[str, Any]


class _Verdict(msgspec.Struct, frozen=True):
    is_verified: bool
    reason: str


def compile_manifests(rule: Manifests) -> Callable[[Context, Any], RuleResult | None]:
    """A rule that wants signed manifests, as a function."""

    def validate(context: Context, value: Any) -> RuleResult | None:
        if context.is_delete:
            return None
        request = context.root.get("request")
        if isinstance(request, dict) and request.get("dryRun") is True:
            return RuleResult(Outcome.PASS, "allowed because of DryRun request")
        try:
            verdict = _Resource(value, rule).verdict()
        except MessageError as error:
            return RuleResult(Outcome.ERROR, f"{_FAILED}: {error.message}")
        return RuleResult(Outcome.PASS if verdict.is_verified else Outcome.FAIL, verdict.reason)

    return validate


class _Resource:
    """One resource, unpacked once for all attestors."""

    def __init__(self, document: Document, rule: Manifests) -> None:
        self._document = document
        self._rule = rule
        domain = rule.annotation_domain or DOMAIN
        self._annotations = annotations_of(document)
        self._bundle = self._annotations.get(f"{domain}/resourceBundleRef") or rule.repository
        self._message = message_of(document, domain)
        self._ignored = ignored_fields(document, rule.ignore_fields or (), domain)
        self._departures = self._compared() if self._message is not None else None

    def verdict(self) -> _Verdict:
        """Whether every set of attestors is satisfied. Raises `MessageError`."""
        told = []
        for index, attestors in enumerate(self._rule.attestors or ()):
            found = self._set(attestors, f".attestors[{index}]", 0)
            if not found.is_verified:
                return found
            told.append(found.reason)
        return _Verdict(is_verified=True, reason=f"verified manifest signatures; {','.join(told)}")

    def _set(self, attestors: Attestors, path: str, level: int) -> _Verdict:
        """The verdict of one set: enough of its entries must hold. Raises `MessageError`."""
        if level > MOST_LEVELS:
            raise MessageError(f"{path}: attestors are nested deeper than {MOST_LEVELS} levels")
        entries = _expanded(attestors.get("entries") or ())
        required = attestors.get("count") or len(entries)
        verified: list[str] = []
        failed: list[str] = []
        errors: list[str] = []
        for index, entry in enumerate(entries):
            try:
                found = self._entry(entry, f"{path}.entries[{index}]", level)
            except MessageError as error:
                errors.append(error.message)
                continue
            (verified if found.is_verified else failed).append(found.reason)
            if len(verified) >= required:
                return _counted("succeeded", verified, required, verified, is_verified=True)
        if errors:
            raise MessageError("; ".join(errors))
        return _counted("failed", verified, required, failed, is_verified=False)

    def _entry(self, entry: Attestors, path: str, level: int) -> _Verdict:
        if isinstance(entry.get("attestor"), dict):
            return self._set(entry["attestor"], f"{path}.attestor", level + 1)
        for name, wanted in (entry.get("annotations") or {}).items():
            if self._annotations.get(name) != wanted:
                raise MessageError(f"annotations mismatch: {name} is not {wanted}")
        return self._signed(*_key(entry, path))

    def _signed(self, key: str, path: str) -> _Verdict:
        """The verdict of one key. Raises `MessageError`."""
        if self._bundle:
            raise MessageError(f"{path}: the manifest is in the image {self._bundle}, which is not read")
        message = self._message
        if message is None or self._departures is None:
            return _Verdict(is_verified=False, reason=f"{path}: {_NO_MESSAGE}")
        if not message.signatures:
            return _Verdict(
                is_verified=False, reason=f"{path}: failed to verify signature: signature not found"
            )
        self._check_signature(message, key, path)
        if self._departures:
            return _Verdict(is_verified=False, reason=_departing(self._departures, path))
        return _Verdict(is_verified=True, reason="signed by a valid signer: ")

    def _check_signature(self, message: SignedMessage, key: str, path: str) -> None:
        """Raises `MessageError` where no signature is by the key."""
        if not any(is_signed(message.content, one, key) for one in message.signatures):
            count = len(message.signatures)
            raise MessageError(
                f"{path}: failed to verify signature: verification failed for {count} signature"
            )

    def _compared(self) -> Sequence[Difference] | None:
        """The differences from the manifest; None where the message has none for this kind."""
        message = self._message
        manifests = manifests_in(message.content) if message is not None else ()
        found = [one for one in manifests if one.get("kind") == self._document.get("kind")]
        named = [one for one in found if _name(one) == _name(self._document)]
        ways = [differences(one, self._document, self._ignored) for one in named or found]
        return min(ways, key=len) if ways else None


def _expanded(entries: Sequence[Any]) -> list[Attestors]:
    """Entries with one key each: several keys in one text are as many entries."""
    found: list[Attestors] = []
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        keys: Any = entry.get("keys")
        texts = PEM.findall(str(keys.get("publicKeys") or "")) if isinstance(keys, dict) else []
        if len(texts) > 1:
            found += ({**entry, "keys": {**keys, "publicKeys": text}} for text in texts)
        else:
            found.append(entry)
    return found


def _key(entry: Attestors, path: str) -> tuple[str, str]:
    """The public key of an entry and its path. Raises `MessageError` where it wants something else."""
    for kind in ("certificates", "keyless"):
        if entry.get(kind):
            raise MessageError(f"{path}.{kind}: certificates and transparency logs are not verified here")
    keys = entry.get("keys")
    text = keys.get("publicKeys") if isinstance(keys, dict) else None
    if not isinstance(text, str) or not PEM.search(text):
        raise MessageError(f"{path}.keys: only public keys in PEM are verified here")
    return text.strip(), f"{path}.keys"


def _counted(
    word: str, verified: Sequence[str], required: int, told: Sequence[str], *, is_verified: bool
) -> _Verdict:
    reason = (
        f"manifest verification {word}; verifiedCount {len(verified)}; requiredCount {required}; "
        f"message {','.join(told)}"
    )
    return _Verdict(is_verified, reason)


def _departing(found: Sequence[Difference], path: str) -> str:
    items = [
        {"key": one.key, "values": {"after": one.after, "before": one.before}} for one in found[:MOST_TOLD]
    ]
    told = msgspec.json.encode({"items": items}).decode()
    return f"{path}: failed to verify signature. diff found; {told}"


def _name(document: Document) -> Any:
    metadata = document.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None
