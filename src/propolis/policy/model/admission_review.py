"""AdmissionReview v1: what an API server asks of a webhook, and what it is told.

Facts from the Kubernetes API reference (admission.k8s.io v1).
"""

from typing import Any, Literal

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.resource import Document
from propolis.policy.model.match import Operation

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"


class _Read(msgspec.Struct, frozen=True, rename="camel"):
    """A part of a request; newer servers may say more than is read."""


class ReviewUser(_Read, frozen=True):
    """Who asks."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] | None = None
    extra: dict[str, tuple[str, ...]] | None = None


class AdmissionRequest(_Read, frozen=True):
    """One request to the API server.

    Attributes:
        kind: ``group``, ``version`` and ``kind`` of the object; of a subresource its own kind.
        resource: ``group``, ``version`` and ``resource``, the name in paths.
        request_kind: The same as the client asked, where the server has converted the object.
        object: The new object; None for a deletion.
        old_object: The object before an update or a deletion.
    """

    uid: str
    kind: dict[str, str]
    resource: dict[str, str]
    operation: Operation
    sub_resource: str = ""
    request_kind: dict[str, str] | None = None
    request_resource: dict[str, str] | None = None
    request_sub_resource: str = ""
    name: str = ""
    namespace: str = ""
    user_info: ReviewUser = ReviewUser()
    object: Document | None = None
    old_object: Document | None = None
    dry_run: bool | None = None
    options: dict[str, Any] | None = None


class _Review(_Read, frozen=True):
    api_version: str = ""
    kind: str = ""
    request: AdmissionRequest | None = None


class _Envelope(msgspec.Struct, frozen=True):
    """A review whose request may have any shape."""

    request: Any = None


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request is refused."""

    message: str = ""
    reason: str = ""
    code: int = 0
    status: str = "Failure"


class AdmissionResponse(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The answer to one request.

    Attributes:
        patch: A JSON patch; it is written as base64.
    """

    uid: str
    allowed: bool
    status: Status | None = None
    patch: bytes | None = None
    patch_type: Literal["JSONPatch"] | None = None
    warnings: tuple[str, ...] = ()
    audit_annotations: dict[str, str] = {}


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    response: AdmissionResponse
    api_version: str = API_VERSION
    kind: str = KIND


_DECODER = msgspec.json.Decoder(_Review)
_ENCODER = msgspec.json.Encoder()


class ReviewError(DocumentError):
    """A review that cannot be judged.

    Attributes:
        uid: Of its request; empty where it has none that could be answered.
    """

    def __init__(self, message: str, uid: str = "") -> None:
        super().__init__(message, expected=f"an {KIND} of {API_VERSION} with a request")
        self.uid = uid


def parse_review(body: bytes) -> AdmissionRequest:
    """The request of a review.

    Raises:
        ReviewError: It is no such review.
    """
    try:
        review = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ReviewError(f"the review cannot be read: {error}", _uid_of(body)) from None
    request = review.request
    if request is None or not request.uid:
        raise ReviewError("the review has no request with a uid")
    if (review.api_version, review.kind) != (API_VERSION, KIND):
        told = f"the review is a {review.kind!r} of {review.api_version!r}"
        raise ReviewError(told, request.uid)
    return request


def _uid_of(body: bytes) -> str:
    """The uid of a request of wrong shape, so that it can be answered; empty where there is none."""
    try:
        request = msgspec.json.decode(body, type=_Envelope).request
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    uid = request.get("uid") if isinstance(request, dict) else None
    return uid if isinstance(uid, str) else ""


def write_response(response: AdmissionResponse) -> bytes:
    """The answer as a review."""
    return _ENCODER.encode(_Answer(response))
