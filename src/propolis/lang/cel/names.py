"""What the names of an expression mean, and what is known of its nodes so far.

Follows cel-go checker/env.go @ v0.30.0.
"""

from typing import Any

from propolis.lang.cel.ast import (
    Call,
    Expr,
    Ident,
    Select,
    Tree,
)
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.library import Function
from propolis.lang.cel.substitution import Substitution
from propolis.lang.cel.types import (
    DYN,
    Type,
    object_type,
    type_of_type,
)


class Names:
    """The names in sight and the types of the nodes that were checked.

    Attributes:
        types: Of nodes, by id; with parameters that may still become something.
        overloads: That calls may mean, by id.
        constants: What names of constants stand for, by id.
        used: Variables of the environment.
        errors: Places and what is wrong there.
        locals: Types of the variables of macros, the innermost last.
    """

    def __init__(self, tree: Tree, environment: Environment) -> None:
        self.types: dict[int, Type] = {}
        self.overloads: dict[int, tuple[str, ...]] = {}
        self.constants: dict[int, Any] = {}
        self.used: set[str] = set()
        self.errors: list[tuple[int, str]] = []
        self.substitution = Substitution()
        self.offsets = tree.offsets
        self.environment = environment
        self.locals: dict[str, list[Type]] = {}

    def told(self, node_id: int, message: str) -> None:
        """Notes an error at the place of a node."""
        self.errors.append((self.offsets.get(node_id, 0), message))

    def type_of(self, node: Expr) -> Type:
        """The type of a node, as far as it is known."""
        return self.substitution.applied(self.types[node.id])

    def is_assignable(self, one: Type, other: Type) -> bool:
        """Whether two types may stand for each other; learns what parameters must be."""
        return one == other or self.substitution.assignable((one,), (other,))

    def resolved(self, node_id: int, name: str) -> Ident | None:
        """A name of the environment; None when there is none."""
        environment = self.environment
        for candidate in environment.candidates(name):
            if candidate in environment.variables:
                self.types[node_id] = environment.variables[candidate]
                self.used.add(candidate)
                return Ident(node_id, f".{candidate}" if candidate in self.locals else candidate)
            constant = environment.constants.get(candidate) or self._object_name(candidate)
            if constant is not None:
                self.types[node_id], self.constants[node_id] = constant
                return Ident(node_id, candidate)
        return None

    def _object_name(self, name: str) -> tuple[Type, Type] | None:
        provider = self.environment.provider
        if provider is None or provider.fields(name) is None:
            return None
        found = object_type(name)
        return type_of_type(found), found

    def qualified(self, node: Select) -> Ident | None:
        """The variable or constant that a chain of names spells as a whole."""
        name = qualified_name(node)
        if not name or name.split(".", 1)[0] in self.locals:
            return None
        return self.resolved(node.id, name)

    def function(self, name: str) -> Function | None:
        """The function that a name means; None when there is none."""
        functions = self.environment.functions
        for candidate in self.environment.candidates(name):
            if candidate in functions:
                return functions[candidate]
        return None

    def unknown(self, call: Call) -> Expr:
        """A call of what there is not."""
        where = f" (in container '{self.environment.container}')"
        self.told(call.id, f"undeclared reference to '{call.function}'{where}")
        self.types[call.id] = DYN
        return call

    def enter(self, name: str, found: Type) -> None:
        """Makes a variable of a macro visible."""
        self.locals.setdefault(name, []).append(found)

    def leave(self, name: str) -> None:
        """Hides it again."""
        self.locals[name].pop()
        if not self.locals[name]:
            del self.locals[name]


def qualified_name(node: Expr) -> str:
    """The dotted name that a chain of fields spells; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, Select) and not node.tests_only:
        parts.append(node.field)
        node = node.operand
    return ".".join([node.name, *reversed(parts)]) if isinstance(node, Ident) else ""
