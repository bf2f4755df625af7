"""Where and how a resource departs from a pattern."""

from collections.abc import Callable
from typing import Any

from propolis.policy.engine.formatting import go_text, go_type

FAIL = "fail"
SKIP = "skip"
"""A condition or global anchor did not hold: the rule does not apply."""
NEGATION = "negation"

Describe = Callable[[str, Any, Any], str]
"""The message, given the path, the value there and what the pattern says."""
Steps = tuple[str | None, ...]
"""A path; None stands for the index of an element."""


class Mismatch:
    """One departure. Its path and message are put together when somebody asks for them.

    Attributes:
        kind: `FAIL`, `SKIP` or `NEGATION`.
        value: What is there.
        expected: What the pattern says.
        inner: Departures that this one sums up.
        is_direct: Whether it is a `SKIP` of a global anchor that nothing sums up.
        is_placeless: Whether Kyverno tells no place for it, and so takes it for an error.
    """

    __slots__ = (
        "_above",
        "_indices",
        "_reasons",
        "_site",
        "expected",
        "inner",
        "is_direct",
        "is_placeless",
        "kind",
        "value",
    )

    def __init__(
        self,
        site: "Site",
        value: Any,
        expected: Any,
        indices: tuple[int, ...],
        inner: "tuple[Mismatch, ...]" = (),
    ) -> None:
        self.kind = site.kind
        self.value = value
        self.expected = expected
        self.inner = inner
        self.is_direct = site.is_direct and not inner
        self.is_placeless = False
        self._site = site
        self._indices = indices
        self._reasons = site.reasons
        self._above = ""

    def path(self, prefix: str = "/") -> str:
        """``/spec/containers/0/image/``."""
        return f"{prefix}{self._above}{self._site.template % self._indices}"

    def message(self, prefix: str = "/") -> str:
        """What is wrong, in Kyverno's words."""
        if self.inner:
            above = f"{prefix}{self._above}"
            text = "; ".join(item.message(above) for item in self.inner)
        else:
            text = self._site.describe(self.path(prefix), self.value, self.expected)
        return f"{self._reasons}{text}"

    def put_below(self, above: "Above", indices: tuple[int, ...]) -> "Mismatch":
        """The same departure, seen from where a function called that which found it."""
        self._above = f"{above.template % indices}{self._above}"
        if above.skips:
            self.kind = SKIP
            self.is_direct = above.is_direct
            self._reasons = f"{above.reasons}{self._reasons}"
        return self


def summed_up(found: Mismatch) -> Mismatch:
    """A departure that a map tells as its own."""
    found.is_direct = False
    return found


def _template(steps: Steps) -> str:
    """The path as text, with ``%d`` for every index."""
    return "".join("%d/" if step is None else f"{step.replace('%', '%%')}/" for step in steps)


class Site:
    """A place of a pattern where a resource may depart from it. Called, it gives the departure.

    Attributes:
        kind: As of `Mismatch`.
        describe: As it says.
        steps: The place, from where its function begins.
        template: The same as text, with ``%d`` for every index.
        expected: What the pattern says there.
        reasons: What anchors around it add before the message.
        is_direct: Whether the outermost of those is a global anchor.
    """

    __slots__ = ("describe", "expected", "is_direct", "kind", "reasons", "steps", "template")

    def __init__(
        self,
        kind: str,
        describe: Describe,
        steps: Steps,
        expected: Any = None,
        reasons: str = "",
        *,
        is_direct: bool = False,
    ) -> None:
        self.kind = kind
        self.describe = describe
        self.steps = steps
        self.template = _template(steps)
        self.expected = expected
        self.reasons = reasons
        self.is_direct = is_direct

    def __call__(self, value: Any, *indices: int) -> Mismatch:
        """The departure of a value; indices of the elements on the way to it."""
        return Mismatch(self, value, self.expected, indices)

    def __str__(self) -> str:
        return f"{self.kind} at /{self.template}"

    def expecting(self, expected: Any, value: Any, *indices: int) -> Mismatch:
        """The departure of a value from a part of the pattern that is known only now."""
        return Mismatch(self, value, expected, indices)

    def of_all(self, inner: list[Mismatch], *indices: int) -> Mismatch:
        """The departure of a list whose elements all depart."""
        return Mismatch(self, None, None, indices, tuple(inner))


class Above:
    """A place where one function calls another. Called, it puts what that found below the place.

    Attributes:
        template: The place, from where the calling function begins.
        skips: Whether an anchor around it makes every departure a `SKIP`.
        reasons: What anchors around it add before the message.
        is_direct: Whether the outermost of those is a global anchor.
    """

    __slots__ = ("is_direct", "reasons", "skips", "template")

    def __init__(self, steps: Steps, *, skips: bool, reasons: str, is_direct: bool) -> None:
        self.template = _template(steps)
        self.skips = skips
        self.is_direct = is_direct
        self.reasons = reasons

    def __str__(self) -> str:
        return f"below /{self.template}"

    def __call__(self, found: Mismatch, *indices: int) -> Mismatch:
        """The departure, seen from here."""
        return found.put_below(self, indices)


def differs(path: str, value: Any, expected: Any) -> str:
    """A scalar that is another."""
    return f"resource value '{go_text(value)}' does not match '{go_text(expected)}' at path {path}"


def has_other_structure(path: str, value: Any, expected: Any) -> str:
    """Something that is no object."""
    return (
        f"pattern and resource have different structures. Path: {path}. "
        f"Expected {go_type(expected)}, found {go_type(value)}"
    )


def is_no_list(path: str, value: Any, expected: Any) -> str:
    """Something that is no list."""
    del value, expected
    return f"validation rule failed at path {path}, resource does not satisfy the expected overlay pattern"


def is_forbidden(path: str, value: Any, expected: Any) -> str:
    """A key that a negation anchor names."""
    del value, expected
    return f"negation anchor matched in resource: {path} is not allowed"


def has_none_like(path: str, value: Any, expected: Any) -> str:
    """A list without the element that an existence anchor wants."""
    del value, expected
    return f"existence anchor validation failed at path {path}"


def says(text: str) -> Describe:
    """A message that is always the same."""
    return lambda path, value, expected: text  # noqa: ARG005  # the shape of `Describe`


def lacks(key: str) -> Describe:
    """A key that is not there."""
    return lambda path, value, expected: f"{path}/{key} not found"  # noqa: ARG005  # the shape of `Describe`
