"""What expressions of each kind of policy may use: libraries, variables and their types.

Follows kubernetes/apiserver pkg/cel/environment @ 24a394e and Kyverno pkg/cel/compiler/env.go @ v1.19.1.
"""

from collections.abc import Mapping
from functools import cache

from propolis.lang.cel.environment import Environment, Provider
from propolis.lang.cel.libraries.kubernetes.authorizer import AUTHORIZER_TYPE
from propolis.lang.cel.libraries.kubernetes.environments import environment_at, literals_at
from propolis.lang.cel.libraries.kubernetes.literal_checks import Literals
from propolis.lang.cel.libraries.kyverno.environments import (
    authorization_libraries,
    kyverno_libraries,
    literals_of,
)
from propolis.lang.cel.libraries.kyverno.or_value import OR_VALUE_LIBRARY
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import DYN, Type
from propolis.policy.engine.cel.activation import (
    AUTHORIZER,
    EXCEPTIONS,
    NAMESPACE_OBJECT,
    OBJECT,
    OLD_OBJECT,
    PARAMS,
    REQUEST,
    VARIABLES,
)
from propolis.policy.engine.cel.messages import ENVOY_REQUEST, HTTP_REQUEST
from propolis.policy.engine.cel.types import EXCEPTIONS as EXCEPTIONS_TYPE
from propolis.policy.engine.cel.types import NAMESPACE
from propolis.policy.engine.cel.types import REQUEST as REQUEST_TYPE
from propolis.policy.engine.cel.types import VARIABLES as VARIABLES_TYPE

VARIABLES_OF_REQUESTS: Mapping[str, Type] = {
    OBJECT: DYN,
    OLD_OBJECT: DYN,
    REQUEST: REQUEST_TYPE,
    NAMESPACE_OBJECT: NAMESPACE,
    VARIABLES: VARIABLES_TYPE,
}
_OF_KUBERNETES: Mapping[str, Type] = {PARAMS: DYN, AUTHORIZER: AUTHORIZER_TYPE}
_OF_KYVERNO: Mapping[str, Type] = {EXCEPTIONS: EXCEPTIONS_TYPE}


GENERATOR = "generator"
REQUESTS: Mapping[str, Type] = {"Envoy": ENVOY_REQUEST, "HTTP": HTTP_REQUEST}
"""What ``object`` is for policies that answer servers, by their mode of evaluation."""
_KUBERNETES_KINDS = ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy", "ClusterPolicy", "Policy")


@cache
def _of_kubernetes() -> tuple[Library, ...]:
    """The newest environment; ``orValue`` takes what is no optional too, as in the API server."""
    return (*environment_at(), OR_VALUE_LIBRARY)


def policy_environment(kind: str, namespace: str, types: Provider, extra: Mapping[str, Type]) -> Environment:
    """The environment of one policy.

    Args:
        kind: Of the policy; a ClusterPolicy has what the API server's own kinds have. For policies that
            answer servers their mode of evaluation.
        namespace: Of a namespaced policy, whose look-ups stay there; empty for others.
        types: Object types, the policy's variables among them.
        extra: More variables of its kind.
    """
    if kind in REQUESTS:
        variables = {OBJECT: REQUESTS[kind], VARIABLES: VARIABLES_TYPE, **extra}
        libraries = authorization_libraries(kind)
        return Environment(libraries, variables, provider=types, uses_cross_type_numerics=True)
    is_kubernetes = kind in _KUBERNETES_KINDS
    own = _OF_KUBERNETES if is_kubernetes else _OF_KYVERNO
    return Environment(
        _of_kubernetes() if is_kubernetes else kyverno_libraries(kind, namespace),
        {**VARIABLES_OF_REQUESTS, **own, **extra},
        provider=types,
        uses_cross_type_numerics=True,
    )


def literals_for(kind: str) -> Literals:
    """What the literals in expressions of a kind of policy have to be."""
    return literals_at() if kind in _KUBERNETES_KINDS else literals_of(kind)
