"""``globalContext``, ``image`` and ``random``: values that are kept or made elsewhere.

Follows libs/globalcontext, libs/imagedata and libs/random.
"""

from typing import Any, ClassVar

import msgspec

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function, member
from propolis.lang.cel.libraries.kyverno.world import GLOBAL_CONTEXT, IMAGE_DATA, RANDOM, asked
from propolis.lang.cel.library import Function, Library, Overload, Runtime
from propolis.lang.cel.types import DYN, STRING, Type, opaque
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.random_text import generate

GLOBAL_CONTEXT_TYPE = opaque("globalcontext.Context")
IMAGE_DATA_TYPE = opaque("imagedata.Context")
_DEFAULT_PATTERN = "[0-9a-z]{8}"


class GlobalContext(msgspec.Struct, frozen=True):
    """The value of the variable ``globalContext``; policies of a namespace may not read it."""

    is_allowed: bool = True
    cel_type: ClassVar[Type] = GLOBAL_CONTEXT_TYPE


class ImageContext(msgspec.Struct, frozen=True):
    """The value of the variable ``image``."""

    cel_type: ClassVar[Type] = IMAGE_DATA_TYPE


def _global(runtime: Runtime, context: GlobalContext, name: str, projection: str = "") -> Any:
    if not context.is_allowed:
        raise EvaluationError(
            "failed to get global reference: globalContext.* is not allowed in namespaced policies"
        )
    return asked(runtime, "get global reference", GLOBAL_CONTEXT, name, projection)


def _metadata(runtime: Runtime, _: ImageContext, reference: str) -> Any:
    return image_data(runtime, reference)


def image_data(runtime: Runtime, reference: str) -> Any:
    """What a registry says of an image; its configuration is also there as ``config``.

    Raises:
        EvaluationError: There is no such image.
    """
    found = asked(runtime, "get image data", IMAGE_DATA, reference)
    if found is None:
        raise EvaluationError(f"failed to get image data: {reference} is not found")
    if isinstance(found, dict) and "configData" in found and "config" not in found:
        return {**found, "config": found["configData"]}
    return found


def _random(runtime: Runtime, pattern: str = _DEFAULT_PATTERN) -> str:
    seed = asked(runtime, "make a random text", RANDOM, pattern)
    try:
        return generate(pattern, str(seed))
    except ExpressionError as error:
        raise EvaluationError(error.message) from error


def _global_overloads(suffix: str) -> tuple[Overload, ...]:
    of = f"globalcontext_get_string_{suffix}"
    projected = f"globalcontext_get_string_string_{suffix}"
    return (
        member(of, (GLOBAL_CONTEXT_TYPE, STRING), DYN, _global, asks=True),
        member(projected, (GLOBAL_CONTEXT_TYPE, STRING, STRING), DYN, _global, asks=True),
    )


def _random_function(name: str, suffix: str) -> Function:
    return function(
        name,
        call(f"random_string_{suffix}", (STRING,), STRING, _random, asks=True),
        call(f"random_string_default_expr_{suffix}", (), STRING, _random, asks=True),
    )


def _metadata_function(name: str, suffix: str) -> Function:
    overload_id = f"imagedata_get_string_{suffix}"
    return function(name, member(overload_id, (IMAGE_DATA_TYPE, STRING), DYN, _metadata, asks=True))


def global_context_library(*, is_allowed: bool = True) -> Library:
    """The library for a policy of the cluster, or for one that may not read what is kept for all."""
    return Library(
        "kyverno.globalcontext",
        (Function("get", _global_overloads("camel")), Function("Get", _global_overloads("pascal"))),
        types={"globalcontext.Context": GLOBAL_CONTEXT_TYPE},
        constants={"globalContext": (GLOBAL_CONTEXT_TYPE, GlobalContext(is_allowed))},
    )


IMAGE_DATA_LIBRARY = Library(
    "kyverno.imagedata",
    (_metadata_function("getMetadata", "camel"), _metadata_function("GetMetadata", "pascal")),
    types={"imagedata.Context": IMAGE_DATA_TYPE},
    constants={"image": (IMAGE_DATA_TYPE, ImageContext())},
)
RANDOM_LIBRARY = Library(
    "kyverno.random",
    (_random_function("random", "non_prefixed"), _random_function("random.random", "prefixed")),
)
