"""What expressions of each kind of policy may use: libraries, variables and their types.

Follows kubernetes/apiserver pkg/cel/environment @ 24a394e and Kyverno pkg/cel/compiler/env.go @ v1.19.1.
"""

from collections.abc import Mapping
from functools import cache

from propolis.lang.cel.environment import Environment, Provider
from propolis.lang.cel.libraries.extensions import (
    bindings,
    encoders,
    lists,
    math,
    optionals,
    regex,
    sets,
    strings,
    two_variable_comprehensions,
)
from propolis.lang.cel.libraries.standard import STANDARD
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
from propolis.policy.engine.cel.types import EXCEPTIONS as EXCEPTIONS_TYPE
from propolis.policy.engine.cel.types import NAMESPACE
from propolis.policy.engine.cel.types import REQUEST as REQUEST_TYPE
from propolis.policy.engine.cel.types import VARIABLES as VARIABLES_TYPE
from propolis.policy.model.cel.policy import KUBERNETES

VARIABLES_OF_REQUESTS: Mapping[str, Type] = {
    OBJECT: DYN,
    OLD_OBJECT: DYN,
    REQUEST: REQUEST_TYPE,
    NAMESPACE_OBJECT: NAMESPACE,
    VARIABLES: VARIABLES_TYPE,
}
_OF_KUBERNETES: Mapping[str, Type] = {PARAMS: DYN, AUTHORIZER: DYN}
_OF_KYVERNO: Mapping[str, Type] = {EXCEPTIONS: EXCEPTIONS_TYPE}


@cache
def libraries(group: str) -> tuple[Library, ...]:
    """The libraries of the policies of an API group."""
    del group
    return (
        STANDARD,
        optionals(),
        strings(2),
        math(),
        lists(),
        sets(),
        encoders(),
        regex(),
        bindings(),
        two_variable_comprehensions(),
    )


def policy_environment(group: str, namespace: str, types: Provider, extra: Mapping[str, Type]) -> Environment:
    """The environment of one policy.

    Args:
        group: API group of its kind.
        namespace: Of a namespaced policy, whose look-ups stay there; empty for others.
        types: Object types, the policy's variables among them.
        extra: More variables of its kind.
    """
    del namespace
    own = _OF_KUBERNETES if group == KUBERNETES else _OF_KYVERNO
    return Environment(
        libraries(group),
        {**VARIABLES_OF_REQUESTS, **own, **extra},
        provider=types,
        uses_cross_type_numerics=True,
    )
