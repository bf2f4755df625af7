"""The types of what expressions see: ``request``, ``namespaceObject``, ``variables``, what they make.

Fields of requests and namespaces follow kubernetes/apiserver plugin/cel @ 24a394e (BuildRequestType,
BuildNamespaceType); ``Object`` and ``JSONPatch`` follow pkg/cel/mutation there.
"""

from collections.abc import Mapping
from typing import Any

from propolis.lang.cel.libraries.kyverno.tokens import TOKEN_TYPE
from propolis.lang.cel.types import BOOL, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of, object_type
from propolis.policy.engine.cel.made import JsonPatchOperation, MadeObject
from propolis.policy.engine.cel.messages import MESSAGES

KIND = object_type("kubernetes.GroupVersionKind")
RESOURCE = object_type("kubernetes.GroupVersionResource")
USER = object_type("kubernetes.UserInfo")
REQUEST = object_type("kubernetes.AdmissionRequest")
METADATA = object_type("kubernetes.NamespaceMetadata")
NAMESPACE_SPEC = object_type("kubernetes.NamespaceSpec")
NAMESPACE_STATUS = object_type("kubernetes.NamespaceStatus")
NAMESPACE = object_type("kubernetes.Namespace")
VARIABLES = object_type("kyverno.variables")
EXCEPTIONS = object_type("libs.Exception")

_FIELDS: dict[str, dict[str, Type]] = {
    KIND.name: {"group": STRING, "version": STRING, "kind": STRING},
    RESOURCE.name: {"group": STRING, "version": STRING, "resource": STRING},
    USER.name: {
        "username": STRING,
        "uid": STRING,
        "groups": list_of(STRING),
        "extra": map_of(STRING, list_of(STRING)),
    },
    REQUEST.name: {
        "kind": KIND,
        "resource": RESOURCE,
        "subResource": STRING,
        "requestKind": KIND,
        "requestResource": RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": USER,
        "dryRun": BOOL,
        "options": DYN,
        "object": DYN,
        "oldObject": DYN,
    },
    METADATA.name: {
        "name": STRING,
        "generateName": STRING,
        "namespace": STRING,
        "labels": map_of(STRING, STRING),
        "annotations": map_of(STRING, STRING),
        "UID": STRING,
        "creationTimestamp": TIMESTAMP,
        "deletionGracePeriodSeconds": INT,
        "deletionTimestamp": TIMESTAMP,
        "generation": INT,
        "resourceVersion": STRING,
        "finalizers": list_of(STRING),
    },
    NAMESPACE_SPEC.name: {"finalizers": list_of(STRING)},
    NAMESPACE_STATUS.name: {"phase": STRING},
    NAMESPACE.name: {"metadata": METADATA, "spec": NAMESPACE_SPEC, "status": NAMESPACE_STATUS},
    EXCEPTIONS.name: {"allowedImages": list_of(STRING), "allowedValues": list_of(STRING)},
    TOKEN_TYPE.name: {"Claims": map_of(STRING, DYN), "Valid": BOOL},
    **MESSAGES,
    "JSONPatch": {"op": STRING, "path": STRING, "from": STRING, "value": DYN},
}
OBJECT = "Object"


class _AnyField(Mapping[str, Type]):
    """A type whose fields are not known: every name is one."""

    def __getitem__(self, name: str) -> Type:
        return DYN

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


ANY_FIELD = _AnyField()


class PolicyTypes:
    """The provider of one policy: what is above, its variables, and objects that it makes.

    Args:
        variables: Types of its variables; the caller adds one when it has compiled it.
    """

    def __init__(self, variables: dict[str, Type]) -> None:
        self._variables = variables

    def fields(self, type_name: str) -> Mapping[str, Type] | None:
        """Types of the fields of a type; None for an unknown type."""
        if type_name == VARIABLES.name:
            return self._variables
        if type_name == OBJECT or type_name.startswith(f"{OBJECT}."):
            return ANY_FIELD
        return _FIELDS.get(type_name)

    def key(self, type_name: str, field_name: str) -> str:
        """The key of a field in values."""
        return "uid" if (type_name, field_name) == (METADATA.name, "UID") else field_name

    def construct(self, type_name: str, values: dict[str, Any]) -> Any:
        """The value of ``Name{field: value}``."""
        if type_name == "JSONPatch":
            return JsonPatchOperation(values)
        return MadeObject(type_name, values)
