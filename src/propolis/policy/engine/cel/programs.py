"""Expressions of a policy as programs, compiled once; what is wrong with one is told with its place.

Variables see those above them; their types are known to the expressions after them.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelError
from propolis.lang.cel.libraries.kubernetes.literal_checks import check_literals
from propolis.lang.cel.library import Library
from propolis.lang.cel.program import Program, compile_expression
from propolis.lang.cel.types import Type
from propolis.policy.engine.cel.budget import Bound, MeteredProgram
from propolis.policy.engine.cel.environments import literals_for, policy_environment
from propolis.policy.engine.cel.types import PolicyTypes
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.match import AuditAnnotation, NamedExpression, Validation

Path = tuple[str | int, ...]


class PolicyError(Exception):
    """A policy that cannot be evaluated: which of its expressions is wrong, and how.

    Attributes:
        path: Of the expression, below ``spec``.
        error: Its place is within the expression.
    """

    def __init__(self, path: Path, error: CelError) -> None:
        self.path = path
        self.error = error
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """One line and what the compiler shows of the expression."""
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return f"spec{where}: {self.error.message}"

    @property
    def result(self) -> RuleResult:
        """What the policy says of every resource that it is for."""
        return RuleResult(Outcome.ERROR, self.text)


class Check(msgspec.Struct, frozen=True):
    """A validation as programs."""

    program: Program
    message: str
    message_program: Program | None


class Definition(msgspec.Struct, frozen=True):
    """A variable that expressions after it may use."""

    name: str
    text: str
    type: Type


Definitions = tuple[Definition, ...]


@lru_cache(maxsize=256)
def _base(kind: str, namespace: str, extra: tuple[tuple[str, Type], ...]) -> Environment:
    return policy_environment(kind, namespace, PolicyTypes({}), dict(extra))


@lru_cache(maxsize=4096)
def _defining(
    kind: str, namespace: str, extra: tuple[tuple[str, Type], ...], defined: Definitions
) -> Environment:
    """The environment after some variables: the same for policies that define the same, so they share."""
    types = PolicyTypes({one.name: one.type for one in defined})
    return _base(kind, namespace, extra).with_provider(types)


class Expressions:
    """Compiles the expressions of one policy in one environment.

    Attributes:
        environment: It grows by the variables that are compiled.
        variables: Their programs by name.
        compiled: Every program by its path.
        base: Where the paths of the expressions begin, below ``spec``.
    """

    def __init__(
        self,
        kind: str,
        namespace: str = "",
        extra: Mapping[str, Type] | None = None,
        base: Path = (),
        *,
        is_metered: bool = False,
    ) -> None:
        self._of = (kind, namespace, tuple((extra or {}).items()))
        self._defined: Definitions = ()
        self._libraries: tuple[Library, ...] = ()
        self._literals = literals_for(kind)
        self._is_metered = is_metered
        self.environment = _defining(*self._of, ())
        self.variables: dict[str, Program] = {}
        self.compiled: dict[Path, Program] = {}
        self.base = base

    def add_library(self, library: Library) -> None:
        """Lets the expressions that are compiled from now on use more functions."""
        self._libraries = (*self._libraries, library)
        self.environment = self.environment.extended(library)

    def _define(self, name: str, text: str, of: Type) -> None:
        known = tuple(one for one in self._defined if one.name != name)
        self._defined = (*known, Definition(name, text, of))
        self.environment = _defining(*self._of, self._defined)
        if self._libraries:
            self.environment = self.environment.extended(*self._libraries)

    def program(self, text: str, *path: str | int) -> Program:
        """A program.

        Raises:
            PolicyError: The expression cannot be used.
        """
        try:
            program = compile_expression(text, self.environment)
            check_literals(program.tree, self._literals)
        except CelError as error:
            raise PolicyError((*self.base, *path), error) from error
        if self._is_metered:
            program = MeteredProgram(program)
        self.compiled[*self.base, *path] = program
        return program

    def add_variables(self, entries: Iterable[NamedExpression] | None, field: str = "variables") -> None:
        """Compiles variables in order. Raises `PolicyError`."""
        for index, entry in enumerate(entries or ()):
            program = self.program(entry.expression, field, index, "expression")
            self._define(entry.name, entry.expression, program.type)
            self.variables[entry.name] = program

    def conditions(self, entries: Iterable[NamedExpression] | None, field: str) -> tuple[Program, ...]:
        """Compiles conditions. Raises `PolicyError`."""
        return tuple(
            self.program(entry.expression, field, index, "expression")
            for index, entry in enumerate(entries or ())
        )

    def checks(
        self, validations: Iterable[Validation] | None, field: str = "validations"
    ) -> tuple[Check, ...]:
        """Compiles validations. Raises `PolicyError`."""
        return tuple(
            Check(
                self.program(one.expression, field, index, "expression"),
                one.message or "",
                self.program(one.message_expression, field, index, "messageExpression")
                if one.message_expression
                else None,
            )
            for index, one in enumerate(validations or ())
        )

    def annotations(self, entries: Iterable[AuditAnnotation] | None) -> dict[str, Program]:
        """Compiles audit annotations, by key. Raises `PolicyError`."""
        return {
            one.key: self.program(one.value_expression, "auditAnnotations", index, "valueExpression")
            for index, one in enumerate(entries or ())
        }


def bound_of(expressions: Expressions, conditions: Sequence[Program]) -> Bound:
    """Tells the requests for which what was compiled can meet no limit of cost."""
    apart = {id(program) for program in (*conditions, *expressions.variables.values())}
    others = [program for program in expressions.compiled.values() if id(program) not in apart]
    return Bound(expressions.variables, conditions, others)
