"""What is kept of a decision of admission, so that it can be looked at and made again later.

Three parts, each JSON and each stored once however often it comes: the request without secrets, the answers
to look-ups, and which policies there were. The outcomes that did not let it pass are kept with the decision.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from propolis.core.evaluation import Answer, LookupKey
from propolis.core.finding import Finding, Outcome
from propolis.core.redaction import redacted
from propolis.policy.engine.told_secrets import without
from propolis.policy.lookups import HTTP_CALL, SERVICE_CALL
from propolis.policy.model.admission_review import AdmissionRequest

MOST_MESSAGE = 1024
"""Characters of a message that are kept."""
_HEADERS = 3
"""Which argument of a call holds its headers; they may hold a token."""
_CALLS = frozenset({SERVICE_CALL, HTTP_CALL})
_KEPT = frozenset({Outcome.FAIL, Outcome.ERROR, Outcome.WARN})


class RecordedRequest(msgspec.Struct, frozen=True, rename="camel"):
    """A request as it is kept: without uid, secrets and managed fields.

    Attributes:
        request: As the API server sent it.
        parent: The kind that has the subresource which is asked for; empty for a whole object.
        roles: Of the user, as ``namespace:name``; empty, as ``cluster_roles``, where no policy asked.
    """

    request: dict[str, Any]
    parent: str = ""
    roles: tuple[str, ...] = ()
    cluster_roles: tuple[str, ...] = ()

    def parsed(self) -> AdmissionRequest:
        """The request as admission reads it."""
        return msgspec.convert({**self.request, "uid": ""}, AdmissionRequest)


class RecordedOutcome(msgspec.Struct, frozen=True, array_like=True):
    """What a rule said that did not let a request pass.

    Attributes:
        refuses: Whether the request was refused for it.
    """

    policy: str
    rule: str
    outcome: str
    refuses: bool
    message: str


class RecordedPolicy(msgspec.Struct, frozen=True, array_like=True):
    """A policy that was in force.

    Attributes:
        key: As findings name it.
        digest: Of what it says; differs when its text did.
    """

    key: str
    kind: str
    digest: str


class _Answered(msgspec.Struct, frozen=True, array_like=True):
    kind: str
    arguments: tuple[str, ...]
    value: Any
    version: str
    error: str


_ENCODER = msgspec.json.Encoder(order="deterministic")
_REQUEST = msgspec.json.Decoder(RecordedRequest)
_ANSWERS = msgspec.json.Decoder(list[_Answered])
_POLICIES = msgspec.json.Decoder(list[RecordedPolicy])


def encode_request(
    request: Mapping[str, Any],
    parent: str = "",
    roles: tuple[str, ...] = (),
    cluster_roles: tuple[str, ...] = (),
) -> bytes:
    """What is kept of a request."""
    kept = {name: _kept_object(value) for name, value in request.items() if name != "uid"}
    return _ENCODER.encode(RecordedRequest(redacted(kept), parent, roles, cluster_roles))


def _kept_object(value: Any) -> Any:
    """An object without the fields that tell who manages which: half of its size, and no policy asks."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return value
    rest = {name: item for name, item in metadata.items() if name != "managedFields"}
    return {**value, "metadata": rest}


def decode_request(data: bytes) -> RecordedRequest:
    """The reverse. Raises `msgspec.DecodeError`."""
    return _REQUEST.decode(data)


def encode_answers(answers: Mapping[LookupKey, Answer]) -> bytes:
    """What is kept of answers to look-ups."""
    found = [
        _Answered(key.kind, key.arguments, _kept_object(redacted(answer.value)), answer.version, answer.error)
        for key, answer in ((recorded_key(key), answer) for key, answer in answers.items())
    ]
    return _ENCODER.encode(sorted(found, key=lambda one: (one.kind, one.arguments)))


def decode_answers(data: bytes) -> dict[LookupKey, Answer]:
    """The answers by `recorded_key`. Raises `msgspec.DecodeError`."""
    return {
        LookupKey(one.kind, one.arguments): Answer(one.value, one.version, one.error)
        for one in _ANSWERS.decode(data)
    }


def recorded_key(key: LookupKey) -> LookupKey:
    """The key under which an answer is kept: of calls without headers, which may hold a token."""
    if key.kind not in _CALLS or len(key.arguments) <= _HEADERS:
        return key
    arguments = (*key.arguments[:_HEADERS], "", *key.arguments[_HEADERS + 1 :])
    return LookupKey(key.kind, arguments)


def outcomes_of(
    findings: Iterable[Finding], refusing: Iterable[Finding], secrets: Callable[[], Sequence[str]] = tuple
) -> list[RecordedOutcome]:
    """What is kept of findings: those that did not let the request pass.

    Args:
        findings: All.
        refusing: Those for which it was refused.
        secrets: Texts that messages must not quote; asked for where there are messages.
    """
    refused = {id(finding) for finding in refusing}
    kept = [one for one in findings if one.outcome in _KEPT]
    hidden = secrets() if kept else ()
    return [
        RecordedOutcome(
            one.rule.policy,
            one.rule.name,
            one.outcome.value,
            id(one) in refused,
            without(one.message, hidden)[:MOST_MESSAGE],
        )
        for one in kept
    ]


def encode_policies(policies: Iterable[RecordedPolicy]) -> bytes:
    """Which policies there were."""
    return _ENCODER.encode(sorted(policies, key=lambda one: (one.key, one.kind)))


def decode_policies(data: bytes) -> list[RecordedPolicy]:
    """The reverse. Raises `msgspec.DecodeError`."""
    return _POLICIES.decode(data)
