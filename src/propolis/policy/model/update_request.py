"""UpdateRequest: what is to be made or changed because of a request that was let in.

Admission leaves one for each policy that acts after a request, the operator carries it out and deletes it.
Fields follow Kyverno api/kyverno/v2/update_request_types.go @ v1.19.1: ``kubectl get ur`` shows the same.
"""

from typing import Any, Literal

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.resource import Document
from propolis.policy.model.admission_review import AdmissionRequest, ReviewUser

API_VERSION = "kyverno.io/v2"
KIND = "UpdateRequest"
PLURAL = "updaterequests"
MANAGED_BY = "app.kubernetes.io/managed-by"
STATES = ("Pending", "Failed", "Completed", "Skip")

RequestType = Literal["generate", "mutate", "cel-generate", "cel-mutate"]


class Camel(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Named as the API names its fields."""


class Trigger(Camel, frozen=True):
    """The object of the request."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class RuleContext(Camel, frozen=True):
    """One rule and what it is for."""

    rule: str
    trigger: Trigger
    delete_downstream: bool
    synchronize: bool = False
    cache_restore: bool = False


class RequestUser(Camel, frozen=True):
    """Who asked, and what is bound to them."""

    roles: tuple[str, ...] | None = None
    cluster_roles: tuple[str, ...] | None = None
    user_info: ReviewUser = ReviewUser()
    synchronize: bool = False


class AdmissionInfo(Camel, frozen=True):
    """The request."""

    admission_request: AdmissionRequest | None = None
    operation: str = ""


class RequestContext(Camel, frozen=True):
    """Where it comes from."""

    user_info: RequestUser = RequestUser()
    admission_request_info: AdmissionInfo = AdmissionInfo()


class UpdateSpec(Camel, frozen=True):
    """What is asked for.

    Attributes:
        policy: ``namespace/name`` or ``name``.
        resource: The first trigger, for people.
    """

    policy: str
    request_type: RequestType = "generate"
    rule: str = ""
    rule_context: tuple[RuleContext, ...] | None = None
    context: RequestContext = RequestContext()
    resource: Trigger = Trigger()
    delete_downstream: bool = False
    synchronize: bool = False


class UpdateStatus(Camel, frozen=True):
    """How far it is."""

    state: str = ""
    message: str = ""
    retry_count: int = 0
    generated_resources: tuple[Trigger, ...] | None = None


class _Metadata(Camel, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class UpdateRequest(Camel, frozen=True):
    """One object."""

    spec: UpdateSpec
    metadata: _Metadata = _Metadata()
    status: UpdateStatus = UpdateStatus()


def update_request_document(spec: UpdateSpec, namespace: str) -> Document:
    """A new object, to be named by the server."""
    policy = spec.policy.replace("/", ".")
    labels = {MANAGED_BY: "propolis", "ur.kyverno.io/policy": policy[:63].rstrip("-._")}
    metadata: dict[str, Any] = {"generateName": "ur-", "namespace": namespace, "labels": labels}
    first = spec.rule_context[0].trigger if spec.rule_context else Trigger()
    required = {"rule": "", "resource": msgspec.to_builtins(first), "deleteDownstream": False, "context": {}}
    body: Document = {"requestType": spec.request_type, **required, **msgspec.to_builtins(spec)}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": body}


def parse_update_request(data: bytes) -> UpdateRequest:
    """An object as the API server has it.

    Raises:
        DocumentError: It is none.
    """
    try:
        return msgspec.json.decode(data, type=UpdateRequest)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise DocumentError(
            f"the UpdateRequest cannot be read: {error}", expected="a spec with a policy"
        ) from None
