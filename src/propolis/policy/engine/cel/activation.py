"""What expressions see of a request: the object, the request, the namespace, and variables on demand.

Follows kubernetes/apiserver plugin/cel @ 24a394e and Kyverno pkg/cel/policies @ v1.19.1.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.authorizer import Authorizer
from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.lang.plural import plural_of
from propolis.policy.engine.request import Request
from propolis.policy.lookups import namespace_key

OBJECT, OLD_OBJECT, REQUEST, NAMESPACE_OBJECT = "object", "oldObject", "request", "namespaceObject"
VARIABLES, EXCEPTIONS, PARAMS, AUTHORIZER = "variables", "exceptions", "params", "authorizer"


class Activation(dict[str, Any]):
    """Variables of one evaluation by name; what is costly is made when an expression names it."""

    __slots__ = ("_makers",)

    def __init__(self, values: Mapping[str, Any], makers: Mapping[str, Callable[[], Any]]) -> None:
        super().__init__(values)
        self._makers = makers

    def __missing__(self, name: str) -> Any:
        maker = self._makers.get(name)
        if maker is None:
            raise KeyError(name)
        found = self[name] = maker()
        return found

    def copied(self) -> "Activation":
        """The same for one evaluation that changes it; what is made on demand is made for each."""
        return Activation(self, self._makers)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name, or a default where nothing has it."""
        return self[name] if name in self or name in self._makers else default


class Variables(dict[str, Any]):
    """A policy's variables: each is evaluated when it is first named, and not again.

    ``is_composited``: whether an error names the variable, as the API server has it.
    """

    __slots__ = ("_activation", "_is_composited", "_programs", "_runtime")

    def __init__(
        self,
        programs: Mapping[str, Program],
        activation: Mapping[str, Any],
        runtime: Runtime,
        *,
        is_composited: bool = False,
    ) -> None:
        super().__init__()
        self._programs = programs
        self._activation = activation
        self._runtime = runtime
        self._is_composited = is_composited

    def __missing__(self, name: str) -> Any:
        try:
            found = self[name] = self._programs[name].evaluate(self._activation, self._runtime)
        except EvaluationError as error:
            if not self._is_composited:
                raise
            text = f'composited variable "{name}" fails to evaluate: {error.message}'
            raise type(error)(text) from error
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a variable, or a default where there is none of that name."""
        return self[name] if name in self._programs else default


_encode = msgspec.json.Encoder(order="deterministic").encode


def request_activation(request: Request, document: Document | None = None) -> Activation:
    """What expressions see of a request.

    Args:
        request: What is judged.
        document: The object where it is another than the request's, as changes before have left it.
    """
    found = document if document is not None else request.document
    is_delete = request.operation == "DELETE"
    values = {
        OBJECT: None if is_delete else found,
        OLD_OBJECT: found if is_delete else request.subject.old,
    }
    return Activation(
        values,
        {
            REQUEST: lambda: admission_request(request, values),
            NAMESPACE_OBJECT: lambda: _namespace_object(request),
            AUTHORIZER: lambda: Authorizer(_encode(admission_user(request)).decode()),
            PARAMS: lambda: None,
        },
    )


def document_activation(document: Any) -> Activation:
    """What expressions see of a document that is no resource: it, and nothing else."""
    values = {OBJECT: document, OLD_OBJECT: None, REQUEST: None, NAMESPACE_OBJECT: None}
    return Activation(values, {PARAMS: lambda: None})


def admission_request(request: Request, objects: Mapping[str, Any]) -> dict[str, Any]:
    """``request`` as an AdmissionRequest has it."""
    kind = {"group": request.group, "version": request.version, "kind": request.kind}
    resource = {"group": request.group, "version": request.version, "resource": plural_of(request.kind)}
    return {
        "kind": kind,
        "resource": resource,
        "subResource": request.subresource,
        "requestKind": kind,
        "requestResource": resource,
        "requestSubResource": request.subresource,
        "name": request.name,
        "namespace": request.namespace,
        "operation": request.operation,
        "userInfo": admission_user(request),
        "dryRun": False,
        OBJECT: objects[OBJECT],
        OLD_OBJECT: objects[OLD_OBJECT],
        **request.subject.request,
        **_stated(request),
    }


def admission_user(request: Request) -> dict[str, Any]:
    """``request.userInfo``; in a scan nobody asks, so there is no name and no uid."""
    user = request.user
    named = {} if request.subject.is_background else {"username": user.username, "uid": user.uid}
    return {
        **named,
        "groups": list(user.groups),
        "extra": {key: list(items) for key, items in user.extra.items() if isinstance(items, list | tuple)},
    }


def _stated(request: Request) -> dict[str, Any]:
    """Fields of ``request`` that a values file states; the objects are those that are judged."""
    stated = request.subject.values.get("request")
    fields = stated if isinstance(stated, dict) else {}
    return {key: item for key, item in fields.items() if key not in (OBJECT, OLD_OBJECT)}


def _namespace_object(request: Request) -> Document | None:
    """The namespace of the request; None where it is in none."""
    if not request.namespace:
        return None
    answer = request.ask(namespace_key(request.namespace))
    if isinstance(answer.value, dict):
        return answer.value
    name = request.namespace
    return {"metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}}}
