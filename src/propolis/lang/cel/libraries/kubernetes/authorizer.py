"""``authorizer``: whether a user may do something (library/authz.go).

Checks are built as values; ``check`` asks by a look-up of the kind `AUTHORIZATION`, whose arguments are

| asked of | arguments |
|---|---|
| a path | user as JSON, "path", path, verb |
| a resource | user as JSON, "resource", group, resource, subresource, namespace, name, verb, field selector,
label selector |

The user has ``username``, ``uid``, ``groups`` and ``extra`` as in an AdmissionReview. The answer is a map
with ``allowed`` and ``reason``; an answer with an error is a decision that "errored", not an error of the
expression.
"""  # a table row

from typing import Any, ClassVar

import msgspec

from propolis.core.evaluation import Answer, LookupKey
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import function, getter, member
from propolis.lang.cel.libraries.kubernetes.formats import check_label, check_subdomain
from propolis.lang.cel.library import Function, Library, Runtime
from propolis.lang.cel.types import BOOL, STRING, Type, object_type

AUTHORIZATION = "authorization"

_PREFIX = "kubernetes.authorization."
AUTHORIZER_TYPE = object_type(f"{_PREFIX}Authorizer")
PATH_TYPE = object_type(f"{_PREFIX}PathCheck")
GROUP_TYPE = object_type(f"{_PREFIX}GroupCheck")
RESOURCE_TYPE = object_type(f"{_PREFIX}ResourceCheck")
DECISION_TYPE = object_type(f"{_PREFIX}Decision")

_encode = msgspec.json.Encoder(order="deterministic").encode


class Authorizer(msgspec.Struct, frozen=True):
    """Asks for one user, written as JSON."""

    user: str
    cel_type: ClassVar[Type] = AUTHORIZER_TYPE


class PathCheck(msgspec.Struct, frozen=True):
    """What is asked about a path of the API server."""

    user: str
    path: str
    cel_type: ClassVar[Type] = PATH_TYPE


class GroupCheck(msgspec.Struct, frozen=True):
    """What is asked about an API group."""

    user: str
    group: str
    cel_type: ClassVar[Type] = GROUP_TYPE


class ResourceCheck(msgspec.Struct, frozen=True):
    """What is asked about a resource."""

    user: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""
    cel_type: ClassVar[Type] = RESOURCE_TYPE


class Decision(msgspec.Struct, frozen=True):
    """What the authorizer said; ``error`` is empty where it could say something."""

    is_allowed: bool
    reason: str = ""
    error: str = ""
    cel_type: ClassVar[Type] = DECISION_TYPE


def authorizer_for(user: dict[str, Any]) -> Authorizer:
    """The value of the variable ``authorizer``: for the ``userInfo`` of a request."""
    kept = {name: user[name] for name in ("username", "uid", "groups", "extra") if user.get(name)}
    return Authorizer(_encode(kept).decode())


def resource_authorizer_for(
    user: dict[str, Any], group: str, resource: str, subresource: str, namespace: str, name: str
) -> ResourceCheck:
    """The value of ``authorizer.requestResource``: the check of the resource of the request itself."""
    return ResourceCheck(authorizer_for(user).user, group, resource, subresource, namespace, name)


def _service_account(_: Authorizer, namespace: str, name: str) -> Authorizer:
    if check_subdomain(name):
        raise EvaluationError("Invalid service account name")
    if check_label(namespace):
        raise EvaluationError("Invalid service account namespace")
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
    return authorizer_for({"username": f"system:serviceaccount:{namespace}:{name}", "groups": groups})


def _path(authorizer: Authorizer, path: str) -> PathCheck:
    if not path.strip():
        raise EvaluationError("path must not be empty")
    return PathCheck(authorizer.user, path)


def _resource(group: GroupCheck, resource: str) -> ResourceCheck:
    if not resource.strip():
        raise EvaluationError("resource must not be empty")
    return ResourceCheck(group.user, group.group, resource)


def _check_path(runtime: Runtime, check: PathCheck, verb: str) -> Decision:
    return _decision(runtime, (check.user, "path", check.path, verb))


def _check_resource(runtime: Runtime, check: ResourceCheck, verb: str) -> Decision:
    what = (check.group, check.resource, check.subresource, check.namespace, check.name)
    selectors = (check.field_selector, check.label_selector)
    return _decision(runtime, (check.user, "resource", *what, verb, *selectors))


def _decision(runtime: Runtime, arguments: tuple[str, ...]) -> Decision:
    answer: Answer = runtime.ask(LookupKey(AUTHORIZATION, arguments))
    if answer.error:
        return Decision(is_allowed=False, error=answer.error)
    value = answer.value if isinstance(answer.value, dict) else {}
    return Decision(is_allowed=value.get("allowed") is True, reason=str(value.get("reason") or ""))


def _builder(name: str, overload_id: str, field: str) -> Function:
    """A member that gives the same check with one more detail."""
    return function(
        name,
        member(
            overload_id,
            (RESOURCE_TYPE, STRING),
            RESOURCE_TYPE,
            lambda check, value: msgspec.structs.replace(check, **{field: value}),
        ),
    )


AUTHORIZER_LIBRARY = Library(
    "kubernetes.authz",
    functions=(
        function("path", member("authorizer_path", (AUTHORIZER_TYPE, STRING), PATH_TYPE, _path)),
        function(
            "group",
            member(
                "authorizer_group",
                (AUTHORIZER_TYPE, STRING),
                GROUP_TYPE,
                lambda authorizer, group: GroupCheck(authorizer.user, group),
            ),
        ),
        function(
            "serviceAccount",
            member(
                "authorizer_serviceaccount",
                (AUTHORIZER_TYPE, STRING, STRING),
                AUTHORIZER_TYPE,
                _service_account,
            ),
        ),
        function("resource", member("groupcheck_resource", (GROUP_TYPE, STRING), RESOURCE_TYPE, _resource)),
        _builder("subresource", "resourcecheck_subresource", "subresource"),
        _builder("namespace", "resourcecheck_namespace", "namespace"),
        _builder("name", "resourcecheck_name", "name"),
        function(
            "check",
            member("pathcheck_check", (PATH_TYPE, STRING), DECISION_TYPE, _check_path, asks=True),
            member("resourcecheck_check", (RESOURCE_TYPE, STRING), DECISION_TYPE, _check_resource, asks=True),
        ),
        getter("errored", "decision_errored", DECISION_TYPE, BOOL, lambda decision: bool(decision.error)),
        getter("error", "decision_error", DECISION_TYPE, STRING, lambda decision: decision.error),
        getter("allowed", "decision_allowed", DECISION_TYPE, BOOL, lambda decision: decision.is_allowed),
        getter("reason", "decision_reason", DECISION_TYPE, STRING, lambda decision: decision.reason),
    ),
    types={one.name: one for one in (AUTHORIZER_TYPE, PATH_TYPE, GROUP_TYPE, RESOURCE_TYPE, DECISION_TYPE)},
)

AUTHORIZER_SELECTORS_LIBRARY = Library(
    "kubernetes.authzSelectors",
    functions=(
        _builder("fieldSelector", "authorizer_fieldselector", "field_selector"),
        _builder("labelSelector", "authorizer_labelselector", "label_selector"),
    ),
)
