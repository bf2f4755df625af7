"""The standard library: operators, conversions, texts, times.

Follows cel-go common/stdlib/standard.go @ v0.30.0: names, overloads and their ids.
"""

from propolis.lang.cel.libraries.standard.conversions import CONVERSIONS
from propolis.lang.cel.libraries.standard.operator_functions import OPERATORS
from propolis.lang.cel.libraries.standard.texts import TEXTS
from propolis.lang.cel.libraries.standard.times import TIMES
from propolis.lang.cel.library import Library
from propolis.lang.cel.macros.standard import STANDARD_MACROS
from propolis.lang.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    list_of,
    map_of,
    param,
)

STANDARD = Library(
    "standard",
    functions=(*OPERATORS, *CONVERSIONS, *TEXTS, *TIMES),
    macros=STANDARD_MACROS,
    types={
        "bool": BOOL,
        "bytes": BYTES,
        "double": DOUBLE,
        "google.protobuf.Duration": DURATION,
        "google.protobuf.Timestamp": TIMESTAMP,
        "int": INT,
        "list": list_of(param("A")),
        "map": map_of(param("A"), param("B")),
        "null_type": NULL,
        "string": STRING,
        "type": TYPE,
        "uint": UINT,
    },
)
