"""Which libraries each kind of Kyverno's policies has.

Follows kyverno pkg/cel/compiler/env.go and pkg/cel/policies/*/compiler @ v1.19.1, with the names of version
1.18 and later: in small letters and with a prefix, beside the older ones.
"""

from functools import cache

from propolis.core.errors import DocumentError
from propolis.lang.cel.libraries.extensions import (
    bindings,
    encoders,
    lists,
    math,
    optionals,
    regex,
    sets,
    strings,
)
from propolis.lang.cel.libraries.kubernetes.environments import environment_at, literals_at
from propolis.lang.cel.libraries.kubernetes.formats import FORMAT_LIBRARY
from propolis.lang.cel.libraries.kubernetes.jsonpatch import JSON_PATCH_LIBRARY
from propolis.lang.cel.libraries.kubernetes.lists import LISTS_V0
from propolis.lang.cel.libraries.kubernetes.literal_checks import Literals
from propolis.lang.cel.libraries.kubernetes.network import CIDR_LIBRARY, IP_LIBRARY
from propolis.lang.cel.libraries.kubernetes.quantity import QUANTITY_LIBRARY
from propolis.lang.cel.libraries.kubernetes.regex import REGEX_LIBRARY
from propolis.lang.cel.libraries.kubernetes.semver import SEMVER_V1
from propolis.lang.cel.libraries.kubernetes.url_library import URL_LIBRARY
from propolis.lang.cel.libraries.kyverno.authorization_envoy import ENVOY_AUTHORIZATION_LIBRARY
from propolis.lang.cel.libraries.kyverno.authorization_http import HTTP_AUTHORIZATION_LIBRARY
from propolis.lang.cel.libraries.kyverno.certificates import X509_LIBRARY
from propolis.lang.cel.libraries.kyverno.contexts import (
    IMAGE_DATA_LIBRARY,
    RANDOM_LIBRARY,
    global_context_library,
)
from propolis.lang.cel.libraries.kyverno.documents import JSON_LIBRARY, YAML_LIBRARY
from propolis.lang.cel.libraries.kyverno.generator import generator_library
from propolis.lang.cel.libraries.kyverno.gzip import GZIP_LIBRARY
from propolis.lang.cel.libraries.kyverno.hashes import HASH_LIBRARY
from propolis.lang.cel.libraries.kyverno.http import http_library
from propolis.lang.cel.libraries.kyverno.image import IMAGE_LIBRARY
from propolis.lang.cel.libraries.kyverno.numbers import MATH_LIBRARY, TIME_LIBRARY, TRANSFORM_LIBRARY
from propolis.lang.cel.libraries.kyverno.or_value import OR_VALUE_LIBRARY
from propolis.lang.cel.libraries.kyverno.resource import resource_library
from propolis.lang.cel.libraries.kyverno.tokens import JWT_LIBRARY
from propolis.lang.cel.libraries.kyverno.users import USER_LIBRARY
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.library import Library

_VALIDATING, _MUTATING, _GENERATING = "ValidatingPolicy", "MutatingPolicy", "GeneratingPolicy"
_DELETING, _IMAGES = "DeletingPolicy", "ImageValidatingPolicy"
_KUBERNETES = "1.36"
"""Whose environment mutating policies have."""

KINDS = (_VALIDATING, _MUTATING, _GENERATING, _DELETING, _IMAGES)
"""Kinds of the cluster; each has one of a namespace with "Namespaced" before its name."""


def kyverno_libraries(kind: str, namespace: str = "") -> tuple[Library, ...]:
    """The libraries of a policy; the same tuple for the same arguments.

    What belongs to one policy alone is not in it: verifying images (`image_verify.image_verify_library`).

    Args:
        kind: One of `KINDS`, with "Namespaced" before it or not; any other has what a ValidatingPolicy has.
        namespace: Of a namespaced policy, which sees that namespace only; empty for others.
    """
    name = kind.removeprefix("Namespaced")
    return _libraries(name if name in KINDS else _VALIDATING, namespace)


def literals_of(kind: str) -> Literals:
    """What a kind of policy asks of literals; of mutating ones as much as an API server does."""
    name = kind.removeprefix("Namespaced")
    if name == _MUTATING:
        return literals_at(_KUBERNETES)
    return Literals.MIXED if name == _GENERATING else Literals.AGREEING


@cache
def _libraries(name: str, namespace: str) -> tuple[Library, ...]:
    kubernetes = environment_at(_KUBERNETES) if name == _MUTATING else ()
    return _once((*_base(), *kubernetes, *_own(name), *_shared(namespace), *_of_kind(name, namespace)))


@cache
def authorization_libraries(mode: str) -> tuple[Library, ...]:
    """The libraries of a policy that answers a server: "Envoy" or "HTTP" as its mode of evaluation.

    Raises:
        DocumentError: It is another mode.
    """
    answers = {"Envoy": ENVOY_AUTHORIZATION_LIBRARY, "HTTP": HTTP_AUTHORIZATION_LIBRARY}
    if mode not in answers:
        raise DocumentError(f"{mode[:40]!r} is no mode of authorization", expected="Envoy or HTTP")
    return (
        *_base(),
        answers[mode],
        http_library(),
        JWT_LIBRARY,
        JSON_LIBRARY,
        resource_library(),
        IMAGE_LIBRARY,
    )


def _base() -> tuple[Library, ...]:
    """What every kind has of CEL, of its extensions and of Kubernetes."""
    return (
        STANDARD,
        optionals(),
        bindings(),
        encoders(),
        lists(3),
        math(),
        sets(),
        strings(2),
        regex(),
        CIDR_LIBRARY,
        FORMAT_LIBRARY,
        IP_LIBRARY,
        LISTS_V0,
        REGEX_LIBRARY,
        URL_LIBRARY,
        QUANTITY_LIBRARY,
        SEMVER_V1,
    )


def _own(name: str) -> tuple[Library, ...]:
    return () if name == _IMAGES else (OR_VALUE_LIBRARY,)


def _shared(namespace: str) -> tuple[Library, ...]:
    """What every kind has of Kyverno."""
    return (
        global_context_library(is_allowed=not namespace),
        resource_library(namespace or None),
        http_library(is_allowed=not namespace),
        IMAGE_LIBRARY,
        IMAGE_DATA_LIBRARY,
        HASH_LIBRARY,
        MATH_LIBRARY,
        JSON_LIBRARY,
        YAML_LIBRARY,
        RANDOM_LIBRARY,
        TIME_LIBRARY,
        TRANSFORM_LIBRARY,
        GZIP_LIBRARY,
    )


def _of_kind(name: str, namespace: str) -> tuple[Library, ...]:
    found: list[Library] = []
    if name != _IMAGES:
        found.append(X509_LIBRARY)
    if name not in (_GENERATING, _DELETING):
        found.append(USER_LIBRARY)
    if name == _MUTATING:
        found.append(JSON_PATCH_LIBRARY)
    if name == _GENERATING:
        found.append(generator_library(namespace or None))
    return tuple(found)


def _once(libraries: tuple[Library, ...]) -> tuple[Library, ...]:
    """Without those that came before under the same name."""
    return tuple({library.name: library for library in reversed(libraries)}.values())[::-1]
