"""What all CEL policies share of one request: what expressions see, values of equal variables, its extent."""

from typing import TYPE_CHECKING, Any

import msgspec

from propolis.lang.cel.library import Runtime
from propolis.policy.engine.cel.activation import EXCEPTIONS, Activation, Variables, request_activation
from propolis.policy.engine.cel.budget import Spending
from propolis.policy.engine.cel.extents import Extent
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.request import Request

if TYPE_CHECKING:
    from propolis.lang.cel.environment import Environment

NOTHING_EXEMPT: dict[str, Any] = {"allowedImages": [], "allowedValues": []}
_KEY = "cel"
_encode = msgspec.json.Encoder().encode


class Seen:
    """A request as CEL policies see it, made once for all that only read it.

    Attributes:
        activation: Shared: a policy that changes or adds what others must not see takes a copy.
        runtime: Without limits, for expressions that cannot meet them.
        variables: Variables with their values, by the environment that knows their definitions.
    """

    __slots__ = ("_coarse", "_fine", "_text", "activation", "request", "runtime", "variables")

    def __init__(self, request: Request, runtime: Runtime) -> None:
        self.request = request
        self.runtime = runtime
        self.activation = request_activation(request)
        self.activation[EXCEPTIONS] = NOTHING_EXEMPT
        self.variables: dict[Environment, Variables] = {}
        self._text: bytes | None = None
        self._coarse: Extent | None = None
        self._fine: Extent | None = None

    def copied(self) -> Activation:
        """An activation of one policy."""
        return self.activation.copied()

    def spending(self) -> Spending:
        """A runtime that counts, for one policy."""
        return Spending(self.runtime.now, self.runtime.ask)

    @property
    def coarse(self) -> Extent:
        """The extent as its length and its commas tell it, quickly; powers of two."""
        if self._coarse is None:
            text = self._text = _text(self.request)
            elements = text.count(b",") + text.count(b"{") + text.count(b"[")
            self._coarse = Extent(_power(elements), _power(len(text)))
        return self._coarse

    @property
    def fine(self) -> Extent:
        """The same with the longest of its texts."""
        if self._fine is None:
            items = self.coarse.items
            longest = max(map(len, (self._text or b"").split(b'"')))
            has_escapes = b"\\" in (self._text or b"")
            self._fine = Extent(items, self.coarse.text if has_escapes else _power(longest))
        return self._fine


def seen_of(request: Request, context_of: ContextOf) -> Seen:
    """What CEL policies share of a request."""
    found: Seen | None = request.memory.get(_KEY)
    if found is None:
        found = Seen(request, Runtime(context_of().environment.now, request.ask))
        request.memory[_KEY] = found
    return found


def _text(request: Request) -> bytes:
    """Everything that a request brings, as JSON; no value in it is longer than its text."""
    subject = request.subject
    parts: list[Any] = [request.document, subject.old, subject.request, subject.values]
    if not request.user.is_empty:
        parts.append(request.user)
    try:
        return _encode(parts)
    except (TypeError, ValueError, RecursionError, OverflowError):
        return b"," * _UNKNOWN


_UNKNOWN = 1 << 24
"""Stands for the length of what cannot be written as JSON."""


def _power(number: int) -> int:
    return 1 << number.bit_length()
