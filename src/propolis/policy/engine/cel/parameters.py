"""Objects that parametrize a policy: found by name or by labels, in a namespace or in the cluster.

Follows kubernetes/apiserver plugin/policy/generic/policy_dispatcher.go (CollectParams) @ 24a394e.
"""

from typing import Any

import msgspec

from propolis.core.evaluation import LookupKey
from propolis.core.resource import Document
from propolis.lang.cel.errors import EvaluationError
from propolis.policy.engine.request import Request
from propolis.policy.lookups import resources_key
from propolis.policy.model.cel.binding import ParamRef
from propolis.policy.model.cel.settings import ParamKind

_encode = msgspec.json.Encoder(order="deterministic").encode


def parameters(kind: ParamKind, ref: ParamRef, request: Request) -> list[Document]:
    """The objects; empty where there are none and that is allowed.

    Raises:
        EvaluationError: There are none, and that refuses; or nobody can tell.
        MissingLookups: The world has to be asked first.
    """
    found = _found(request, resources_key(*_wanted(kind, ref, ref.namespace or request.namespace)))
    if not found and not ref.namespace:  # the kind may belong to the cluster
        found = _found(request, resources_key(*_wanted(kind, ref, "")))
        found = [one for one in found if not (one.get("metadata") or {}).get("namespace")]
    if not found and ref.parameter_not_found_action != "Allow":
        raise EvaluationError("no params found for policy binding with `Deny` parameterNotFoundAction")
    return found


def _wanted(kind: ParamKind, ref: ParamRef, namespace: str) -> tuple[str, str, str, str, str]:
    selector = "" if ref.selector is None else _encode(ref.selector).decode()
    return kind.api_version or "", kind.kind or "", namespace, ref.name or "", selector


def _found(request: Request, key: LookupKey) -> list[Any]:
    answer = request.ask(key)
    if answer.error:
        raise EvaluationError(f"failed to find params: {answer.error}")
    return [item for item in answer.value or () if isinstance(item, dict)]
