import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propolis.core.evaluation import Answer
from propolis.lang.jmespath import Environment, ExpressionError, compile_expression
from propolis.lang.jmespath.expression import ALL_FUNCTIONS

pytestmark = pytest.mark.engine

PARTS = [
    *"a10-+.:TZ*?[](){}\\$|=<\x00\u00e9",
    "1Gi",
    "1h",
    "2021-01-02T15:04:05Z",
    "x:1@sha256:",
    "http://[",
    ">=1.x",
]
texts = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)
scalars = (
    texts
    | st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
ENVIRONMENT = Environment(ask=lambda key: Answer(["10.0.0.1"]) if key.kind == "dns" else Answer("00" * 16))


def call(name: str, arguments: list[Any]) -> Any:
    """Calls a function on values; expression references stand where the function wants them."""
    parameters = ALL_FUNCTIONS[name].parameters
    parts = [
        "&@" if index < len(parameters) and parameters[index] == ("expref",) else f"[{index}]"
        for index in range(len(arguments))
    ]
    return compile_expression(f"{name}({', '.join(parts)})").search(arguments, ENVIRONMENT)


@given(st.sampled_from(sorted(ALL_FUNCTIONS)), st.lists(values, min_size=4, max_size=4))
def test_no_argument_makes_a_function_raise_anything_but_its_own_error(
    name: str, arguments: list[Any]
) -> None:
    count = len(ALL_FUNCTIONS[name].parameters)
    try:
        call(name, arguments[:count])
    except ExpressionError as error:
        assert error.message  # noqa: PT017  # either a result or an error with a text


@given(st.sampled_from(sorted(ALL_FUNCTIONS)), st.lists(texts, min_size=4, max_size=4))
def test_no_text_makes_a_function_raise_anything_but_its_own_error(name: str, arguments: list[str]) -> None:
    count = len(ALL_FUNCTIONS[name].parameters)
    try:
        call(name, list(arguments[:count]))
    except ExpressionError as error:
        assert error.message  # noqa: PT017  # either a result or an error with a text


@given(st.binary(max_size=80))
def test_no_bytes_make_the_certificate_reader_raise_anything_but_its_own_error(data: bytes) -> None:
    body = base64.b64encode(b"\x30\x82" + len(data).to_bytes(2) + data).decode()
    for kind in ("CERTIFICATE", "CERTIFICATE REQUEST"):
        with pytest.raises(ExpressionError):
            call("x509_decode", [f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----"])
