"""Patterns of rules: variables are filled in first.

A variable that stands for a scalar fills a hole, so the code of the pattern stays; one that stands for a list
or object, or in a key, makes another pattern.
"""

from typing import Any

from propolis.policy.engine.context import Context
from propolis.policy.engine.pattern import Check, compile_pattern, pattern_check
from propolis.policy.engine.pattern_scalars import Leaf, leaf_of
from propolis.policy.engine.pattern_tree import Hole, check_levels
from propolis.policy.engine.variables import Constant, Resolve, compile_document, compile_text, path_below

Holes = tuple[Leaf, ...]
_SCALARS = frozenset({str, int, float, bool, type(None)})


class _UnsuitedError(Exception):
    """A key holds variables."""


class RulePattern:
    """A pattern as a rule writes it; its code is made when it is first needed.

    Attributes:
        is_constant: Whether it has no variables.
    """

    __slots__ = ("_check", "_holes", "_resolve", "is_constant", "tree")

    def __init__(self, pattern: Any) -> None:
        """Reads a pattern.

        Raises:
            PatternTooDeepError: It has no variables and is nested too deep.
        """
        self._resolve = compile_document(pattern)
        self._check: Check | None = None
        self._holes: list[Resolve] | None = []
        self.is_constant = isinstance(self._resolve, Constant)
        if isinstance(self._resolve, Constant):
            self.tree = self._resolve.value
            check_levels(self.tree)
        else:
            self._punch(pattern)

    def _punch(self, pattern: Any) -> None:
        holes: list[Resolve] = []
        try:
            self.tree, self._holes = _punched(pattern, "", holes), holes
        except _UnsuitedError:
            self.tree, self._holes = None, None

    @property
    def check(self) -> Check:
        """The check of the pattern with its holes.

        Raises:
            PatternTooDeepError: As it says.
        """
        if self._check is None:
            self._check = compile_pattern(self.tree)
        return self._check

    def ready(self, context: Context) -> tuple[Check, Holes]:
        """The check in a context and what fills its holes.

        Raises:
            ExpressionError: A variable cannot be resolved.
            PatternTooDeepError: As it says.
        """
        if self._holes is None:
            return pattern_check(self._resolve(context)), ()
        values = [resolve(context) for resolve in self._holes]
        if all(type(value) in _SCALARS and value != "*" for value in values):
            return self.check, tuple(map(leaf_of, values))
        return pattern_check(self._resolve(context)), ()


def filled(tree: Any, holes: Holes) -> Any:
    """A part of a pattern with what fills its holes, for people."""
    if not holes:
        return tree
    if isinstance(tree, Hole):
        return holes[tree.index].pattern
    if isinstance(tree, dict):
        return {key: filled(value, holes) for key, value in tree.items()}
    return [filled(item, holes) for item in tree] if isinstance(tree, list) else tree


def _punched(document: Any, path: str, holes: list[Resolve]) -> Any:
    """The pattern with a hole for every text that has variables; paths as `compile_document` tells them.

    Raises:
        _UnsuitedError: A key holds variables.
    """
    if isinstance(document, dict):
        return {_key(key): _punched(value, path_below(path, key), holes) for key, value in document.items()}
    if isinstance(document, list):
        return [_punched(item, f"{path}/{index}", holes) for index, item in enumerate(document)]
    resolve = compile_text(document, path) if isinstance(document, str) else Constant(document)
    if isinstance(resolve, Constant):
        return resolve.value
    holes.append(resolve)
    return Hole(len(holes) - 1)


def _key(key: str) -> str:
    resolve = compile_text(key)
    if not isinstance(resolve, Constant):
        raise _UnsuitedError
    return str(resolve.value)
