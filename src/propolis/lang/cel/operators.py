"""Names of the functions that operators call.

Follows cel-go common/operators @ v0.30.0.
"""

AND, OR, NOT, NEGATE, CONDITIONAL = "_&&_", "_||_", "!_", "-_", "_?_:_"
ADD, SUBTRACT, MULTIPLY, DIVIDE, MODULO = "_+_", "_-_", "_*_", "_/_", "_%_"
EQUAL, NOT_EQUAL = "_==_", "_!=_"
LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL = "_<_", "_<=_", "_>_", "_>=_"
IN, INDEX, OPTIONAL_INDEX, OPTIONAL_SELECT = "@in", "_[_]", "_[?_]", "_?._"
NOT_STRICTLY_FALSE = "@not_strictly_false"
MAP_INSERT = "cel.@mapInsert"
BLOCK = "cel.@block"

RELATIONS = {
    "==": EQUAL,
    "!=": NOT_EQUAL,
    "<": LESS,
    "<=": LESS_OR_EQUAL,
    ">": GREATER,
    ">=": GREATER_OR_EQUAL,
    "in": IN,
}
SUMS = {"+": ADD, "-": SUBTRACT}
PRODUCTS = {"*": MULTIPLY, "/": DIVIDE, "%": MODULO}

SIGNS = {name: sign for signs in (RELATIONS, SUMS, PRODUCTS) for sign, name in signs.items()} | {
    AND: "&&",
    OR: "||",
}
"""The sign of every binary operator, by its function."""

RESULT = "@result"
"""The accumulator of macros; no expression can name it."""
UNUSED = "#unused"
