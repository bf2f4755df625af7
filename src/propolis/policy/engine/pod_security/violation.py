"""What a check finds: the reason and detail of the API server, and every field that is to blame."""

from typing import Any

import msgspec


class FieldProblem(msgspec.Struct, frozen=True):
    """A field with a value that is not allowed, or a field that is missing.

    Attributes:
        path: ``spec.containers[0].securityContext.privileged``.
        value: What is there; None when the field is missing.
        is_missing: Whether the field must be set.
    """

    path: str
    value: Any = None
    is_missing: bool = False

    def text(self) -> str:
        """As Kyverno writes it in a list of field errors."""
        if self.is_missing:
            return f"{self.path}: Required value"
        if self.value in (None, ""):
            return f"{self.path}: Forbidden"
        return f"{self.path} is forbidden, forbidden values found: {_shown(self.value)}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


class Violation(msgspec.Struct, frozen=True):
    """A check that does not hold."""

    check: str
    reason: str
    detail: str
    problems: tuple[FieldProblem, ...] = ()


def quoted(names: list[str]) -> str:
    """``"a", "b"``."""
    return ", ".join(f'"{name}"' for name in names)


def plural(singular: str, count: int, several: str = "") -> str:
    """The word for a count."""
    return singular if count == 1 else several or f"{singular}s"


def containers_named(names: list[str]) -> str:
    """``container "a"`` or ``containers "a", "b"``."""
    return f"{plural('container', len(names))} {quoted(names)}"


def setters(pod: bool, names: list[str]) -> str:  # noqa: FBT001  # whether the pod itself is one
    """``pod and container "a"``."""
    return " and ".join([*(["pod"] if pod else []), *([containers_named(names)] if names else [])])
