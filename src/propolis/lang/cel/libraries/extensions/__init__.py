"""The extension libraries of cel-go, each a function of its version.

Follows cel-go ext/ @ v0.30.0; `everything` is all of them in the newest version.
"""

from propolis.lang.cel.libraries.extensions.bindings import bindings, blocks, two_variable_comprehensions
from propolis.lang.cel.libraries.extensions.encoders import encoders
from propolis.lang.cel.libraries.extensions.lists import lists
from propolis.lang.cel.libraries.extensions.math import math
from propolis.lang.cel.libraries.extensions.optionals import optionals
from propolis.lang.cel.libraries.extensions.regex import regex
from propolis.lang.cel.libraries.extensions.sets import sets
from propolis.lang.cel.libraries.extensions.strings import strings
from propolis.lang.cel.library import Library

__all__ = [
    "bindings",
    "blocks",
    "encoders",
    "everything",
    "lists",
    "math",
    "optionals",
    "regex",
    "sets",
    "strings",
    "two_variable_comprehensions",
]


def everything() -> tuple[Library, ...]:
    """All extension libraries."""
    return (
        optionals(),
        strings(),
        math(),
        lists(),
        sets(),
        encoders(),
        regex(),
        bindings(),
        two_variable_comprehensions(),
        blocks(),
    )
