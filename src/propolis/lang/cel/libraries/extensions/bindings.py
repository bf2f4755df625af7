"""Libraries that have nothing but macros: bindings, two-variable comprehensions, blocks."""

from propolis.lang.cel.library import Library
from propolis.lang.cel.macros.bindings import BINDING_MACROS
from propolis.lang.cel.macros.blocks import BLOCK_MACROS
from propolis.lang.cel.macros.two_variable import TWO_VARIABLE_MACROS


def bindings() -> Library:
    """``cel.bind``."""
    return Library("bindings", macros=BINDING_MACROS)


def two_variable_comprehensions() -> Library:
    """``all``, ``exists``, ``existsOne``, ``transformList``, ``transformMap``, ``transformMapEntry``."""
    return Library("two-variable comprehensions", macros=TWO_VARIABLE_MACROS)


def blocks() -> Library:
    """``cel.block``, ``cel.index``, ``cel.iterVar``, which optimizers write."""
    return Library("blocks", macros=BLOCK_MACROS)
