"""Which type may stand for which, and what type parameters are found to be.

Follows cel-go checker/types.go @ v0.30.0.
"""

from collections.abc import Sequence

from propolis.lang.cel.types import DYN, Type

_NULLABLE = frozenset({"opaque", "optional", "object", "timestamp", "duration", "any", "null_type"})
_COMPOUND = frozenset({"opaque", "optional", "list", "map"})


class Substitution:
    """What is known of type parameters. A question that is answered no leaves nothing behind."""

    def __init__(self) -> None:
        self._known: dict[str, Type] = {}
        self._before: list[tuple[str, Type | None]] = []
        self._made = 0

    def fresh(self) -> Type:
        """A parameter of its own."""
        self._made += 1
        return Type("param", f"_var{self._made}")

    def instance(self, types: Sequence[Type]) -> list[Type]:
        """Types of a declaration with parameters of their own, the same within the list."""
        names: dict[str, Type] = {}
        return [self._renamed(declared, names) for declared in types]

    def _renamed(self, declared: Type, names: dict[str, Type]) -> Type:
        if declared.kind == "param":
            if declared.name not in names:
                names[declared.name] = self.fresh()
            return names[declared.name]
        if not declared.parameters:
            return declared
        parameters = tuple(self._renamed(inner, names) for inner in declared.parameters)
        return Type(declared.kind, declared.name, parameters)

    def assignable(self, ones: Sequence[Type], others: Sequence[Type]) -> bool:
        """Whether types may stand for each other, place by place; learns what parameters must be."""
        mark = len(self._before)
        if len(ones) == len(others) and all(map(self._is_assignable, ones, others)):
            return True
        while len(self._before) > mark:
            name, old = self._before.pop()
            if old is None:
                del self._known[name]
            else:
                self._known[name] = old
        return False

    def applied(self, of: Type, *, is_final: bool = False) -> Type:
        """A type with what is known in the place of parameters; ``dyn`` for the others at the end."""
        if of.kind == "param":
            known = self._known.get(of.name)
            if known is not None:
                return self.applied(known, is_final=is_final)
            return DYN if is_final else of
        if not of.parameters:
            return of
        return Type(
            of.kind, of.name, tuple(self.applied(inner, is_final=is_final) for inner in of.parameters)
        )

    def _set(self, name: str, known: Type) -> None:
        self._before.append((name, self._known.get(name)))
        self._known[name] = known

    def _is_assignable(self, one: Type, other: Type) -> bool:
        if other.kind == "param":
            is_valid, has_known = self._may_stand(one, other)
            if is_valid or has_known:
                return is_valid
        if one.kind == "param":
            return self._may_stand(other, one)[0]
        if one is other or one.kind == "dyn" or other.kind == "dyn":
            return True
        if one.kind == "null_type":
            return other.kind in _NULLABLE or other.kind == "wrapper"
        if other.kind == "null_type":
            return one.kind in _NULLABLE or one.kind == "wrapper"
        return self._agree(one, other)

    def _agree(self, one: Type, other: Type) -> bool:
        if one.kind == "type":
            return other.kind == "type"
        if one.kind == "wrapper" or other.kind == "wrapper":
            return (one.parameters[0] if one.kind == "wrapper" else one) == (
                other.parameters[0] if other.kind == "wrapper" else other
            )
        if one.kind in _COMPOUND:
            same = one.kind == other.kind and one.name == other.name
            return (
                same
                and len(one.parameters) == len(other.parameters)
                and all(map(self._is_assignable, one.parameters, other.parameters))
            )
        return one.kind == other.kind and one.name == other.name

    def _may_stand(self, one: Type, parameter: Type) -> tuple[bool, bool]:
        """Whether ``one`` may be the parameter, and whether that was known to be something."""
        if one == parameter:
            return True, True
        known = self._known.get(parameter.name)
        if known is not None:
            if one == known:
                return True, True
            if not self._is_assignable(one, known):
                return False, True
            general = most_general(one, known)
            if self._is_free_of(parameter, general):
                self._set(parameter.name, general)
            return True, True
        if self._is_free_of(parameter, one):
            self._set(parameter.name, one)
            return True, False
        return False, False

    def _is_free_of(self, parameter: Type, within: Type) -> bool:
        if parameter == within:
            return False
        if within.kind == "param":
            known = self._known.get(within.name)
            return known is None or self._is_free_of(parameter, known)
        return all(self._is_free_of(parameter, inner) for inner in within.parameters)


def most_general(one: Type, other: Type) -> Type:
    """The less specific of two types that agree."""
    return one if _is_less_specific(one, other) else other


def _is_less_specific(one: Type, other: Type) -> bool:
    """Whether the first is equal or less specific."""
    if one.kind in ("dyn", "param"):
        return True
    if other.kind in ("dyn", "param") or one.kind != other.kind:
        return False
    if one.kind in _COMPOUND:
        same = one.name == other.name and len(one.parameters) == len(other.parameters)
        return same and all(map(_is_less_specific, one.parameters, other.parameters))
    return one.kind == "type" or one == other
