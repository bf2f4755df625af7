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
from propolis.lang.cel.libraries.kubernetes.authorizer import (
    AUTHORIZER_LIBRARY,
    AUTHORIZER_SELECTORS_LIBRARY,
    AUTHORIZER_TYPE,
)
from propolis.lang.cel.libraries.kubernetes.formats import FORMAT_LIBRARY
from propolis.lang.cel.libraries.kubernetes.jsonpatch import JSON_PATCH_LIBRARY
from propolis.lang.cel.libraries.kubernetes.lists import LISTS_V1
from propolis.lang.cel.libraries.kubernetes.network import CIDR_LIBRARY, IP_LIBRARY
from propolis.lang.cel.libraries.kubernetes.quantity import QUANTITY_LIBRARY
from propolis.lang.cel.libraries.kubernetes.regex import REGEX_LIBRARY
from propolis.lang.cel.libraries.kubernetes.semver import SEMVER_V1
from propolis.lang.cel.libraries.kubernetes.url_library import URL_LIBRARY
from propolis.lang.cel.libraries.kyverno.certificates import X509_LIBRARY
from propolis.lang.cel.libraries.kyverno.contexts import (
    GLOBAL_CONTEXT_LIBRARY,
    IMAGE_DATA_LIBRARY,
    RANDOM_LIBRARY,
)
from propolis.lang.cel.libraries.kyverno.documents import JSON_LIBRARY, YAML_LIBRARY
from propolis.lang.cel.libraries.kyverno.generator import generator_library
from propolis.lang.cel.libraries.kyverno.gzip import GZIP_LIBRARY
from propolis.lang.cel.libraries.kyverno.hashes import HASH_LIBRARY
from propolis.lang.cel.libraries.kyverno.http import HTTP_LIBRARY
from propolis.lang.cel.libraries.kyverno.image import IMAGE_LIBRARY
from propolis.lang.cel.libraries.kyverno.numbers import MATH_LIBRARY, TIME_LIBRARY, TRANSFORM_LIBRARY
from propolis.lang.cel.libraries.kyverno.resource import resource_library
from propolis.lang.cel.libraries.kyverno.users import USER_LIBRARY
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
_OF_KUBERNETES: Mapping[str, Type] = {PARAMS: DYN, AUTHORIZER: AUTHORIZER_TYPE}
_OF_KYVERNO: Mapping[str, Type] = {EXCEPTIONS: EXCEPTIONS_TYPE}


GENERATOR = "generator"


@cache
def libraries(group: str, namespace: str) -> tuple[Library, ...]:
    """The libraries of the policies of an API group; those of a namespaced policy stay in its namespace."""
    kubernetes = (
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
        LISTS_V1,
        REGEX_LIBRARY,
        URL_LIBRARY,
        IP_LIBRARY,
        CIDR_LIBRARY,
        QUANTITY_LIBRARY,
        FORMAT_LIBRARY,
        SEMVER_V1,
        JSON_PATCH_LIBRARY,
    )
    if group == KUBERNETES:
        return (*kubernetes, AUTHORIZER_LIBRARY, AUTHORIZER_SELECTORS_LIBRARY)
    return (*kubernetes, *_kyverno(namespace))


def _kyverno(namespace: str) -> tuple[Library, ...]:
    return (
        resource_library(namespace or None),
        generator_library(namespace or None),
        GLOBAL_CONTEXT_LIBRARY,
        IMAGE_DATA_LIBRARY,
        IMAGE_LIBRARY,
        USER_LIBRARY,
        HASH_LIBRARY,
        MATH_LIBRARY,
        JSON_LIBRARY,
        YAML_LIBRARY,
        RANDOM_LIBRARY,
        X509_LIBRARY,
        TIME_LIBRARY,
        TRANSFORM_LIBRARY,
        GZIP_LIBRARY,
        HTTP_LIBRARY,
    )


def policy_environment(group: str, namespace: str, types: Provider, extra: Mapping[str, Type]) -> Environment:
    """The environment of one policy.

    Args:
        group: API group of its kind.
        namespace: Of a namespaced policy, whose look-ups stay there; empty for others.
        types: Object types, the policy's variables among them.
        extra: More variables of its kind.
    """
    own = _OF_KUBERNETES if group == KUBERNETES else _OF_KYVERNO
    return Environment(
        libraries(group, namespace),
        {**VARIABLES_OF_REQUESTS, **own, **extra},
        provider=types,
        uses_cross_type_numerics=True,
    )
