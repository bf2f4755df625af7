"""Patterns to Python source.

A pattern becomes one function of the value, the anchors seen and the values of its holes, which gives the
first departure or None. A resource that meets the pattern costs one call; one that does not costs the way to
its first departure. Loops whose departures do not leave the function become functions of their own.
"""

from collections.abc import Callable, Iterator
from typing import Any

from propolis.lang.generated import Emitter, Generated
from propolis.policy.engine import anchors, mismatch
from propolis.policy.engine.anchors import parse_anchor, plain_key
from propolis.policy.engine.mismatch import FAIL, NEGATION, SKIP, Above, Describe, Site
from propolis.policy.engine.pattern_labels import Check
from propolis.policy.engine.pattern_places import NEXT, RETURN, Metadata, Opaque, Place
from propolis.policy.engine.pattern_scalars import doubt_text, leaf_of
from propolis.policy.engine.pattern_tree import (
    Hole,
    forgiven_keys,
    is_first,
    is_wild,
    may_skip,
    ordered_keys,
    tracked_keys,
)

MOST_BLOCKS = 12
"""Levels of nested lines before a new function begins; Python has at most 20."""
MOST_LINES = 500
"""Lines of a function before a new one begins: Python takes long over long ones."""
MOST_KEYS = 100
"""Keys of a map, and elements of an existence anchor, that one function checks."""
PARAMETERS = "v0, s, h=()"
"""The value, the anchors seen, the leaves that fill the holes."""
_CONDITION = "conditional anchor mismatch"
_GLOBAL = "global anchor mismatch"


class PatternEmitter(Emitter):
    """Emits one pattern."""

    def __init__(self, labels: Callable[[Any], Check], pairs: Callable[[list[Any]], Check]) -> None:
        super().__init__()
        self._labels = labels
        self._pairs = pairs
        _, self._block = self.function(PARAMETERS)

    def emit(self, pattern: Any) -> Generated:
        """The function of a pattern."""
        self._value(pattern, Place("v0"))
        self._block.line("return None")
        return self.generated()

    def _value(self, pattern: Any, place: Place) -> None:
        if isinstance(pattern, Opaque):
            self._call(self.constant(pattern.check, "check of labels whose keys have wildcards"), place)
        elif isinstance(pattern, Metadata):
            self._map(pattern.plain, place)
            for key, wild in pattern.wild.items():
                self._key(key, wild, place)
        elif isinstance(pattern, Hole):
            self._hole(pattern, place)
        elif isinstance(pattern, dict | list) and self._is_full():
            self._apart(pattern, place)
        elif isinstance(pattern, dict):
            self._map(pattern, place)
        elif isinstance(pattern, list):
            self._list(pattern, place)
        else:
            doubt = doubt_text(pattern, place.var, self.constant)
            meets = self.constant(leaf_of(pattern).meets, f"whether a value meets {pattern!r}")
            self._unless(f"{doubt} and not {meets}({place.var})", place, mismatch.differs, pattern)

    def _is_full(self) -> bool:
        """Whether the function is deep or long enough: what comes gets one of its own."""
        return self._block.level > MOST_BLOCKS or len(self._block.lines) > MOST_LINES

    def _unless(self, doubt: str, place: Place, describe: Describe, expected: Any) -> None:
        """A line that tells a failure where a text is true."""
        self._line(f"if {doubt}: ", place, FAIL, describe, expected)

    def _line(
        self, head: str, place: Place, kind: str, describe: Describe, expected: Any = None, value: str = ""
    ) -> None:
        """A line that tells a departure; ``value`` is what departs where it is not the place's variable."""
        frame = place.frame
        kind = SKIP if frame.skips else kind
        statements = frame.skip if kind is SKIP else frame.fail
        made = ""
        if "{}" in statements:
            site = Site(kind, describe, place.steps, expected, frame.reasons, is_direct=frame.is_direct)
            made = f"{self.constant(site)}({', '.join((value or place.var, *place.indices))})"
        self._block.line(f"{head}{statements.format(made)}")

    def _hole(self, pattern: Hole, place: Place) -> None:
        leaf = self._block.variable()
        self._block.line(f"{leaf} = h[{self.constant(pattern.index)}]")
        frame = place.frame
        kind = SKIP if frame.skips else FAIL
        site = Site(kind, mismatch.differs, place.steps, None, frame.reasons, is_direct=frame.is_direct)
        made = self.constant(site.expecting, f"departure: {site}")
        arguments = ", ".join((f"{leaf}.pattern", place.var, *place.indices))
        self._block.line(f"if not {leaf}.meets({place.var}): {frame.fail.format(f'{made}({arguments})')}")

    def _apart(self, pattern: Any, place: Place) -> None:
        """A function of its own for a part of the pattern."""
        self._call(self.constant(PatternEmitter(self._labels, self._pairs).emit(pattern)), place)

    def _call(self, check: str, place: Place) -> None:
        found = self._block.variable()
        self._block.line(f"{found} = {check}({place.var}, s, h)")
        with self._block.inside(f"if {found} is not None:"):
            self._depart(found, place)

    def _seen_from(self, place: Place, found: str) -> str:
        """The departure that a function gave, as one of this function."""
        frame = place.frame
        above = Above(place.steps, skips=frame.skips, reasons=frame.reasons, is_direct=frame.is_direct)
        return f"{self.constant(above)}({', '.join((found, *place.indices))})"

    def _map(self, pattern: dict[str, Any], place: Place) -> None:
        var = place.var
        self._unless(f"type({var}) is not dict", place, mismatch.has_other_structure, pattern)
        for key, plain in tracked_keys(pattern):
            text, name = self.constant(key), self.constant(plain)
            self._block.line(f"if {name} in {var}: s[{text}] = True")
            self._block.line(f"elif {text} not in s: s[{text}] = False")
        keys = ordered_keys(pattern)
        first = [key for key in keys if is_first(key)]
        self._first(first, pattern, place)
        rest = keys[len(first) :]
        if len(rest) > MOST_KEYS:
            for few in _batches(rest):
                self._apart({key: pattern[key] for key in few}, place)
            return
        for key in rest:
            self._key(key, self._inner(key, pattern), place)

    def _first(self, keys: list[str], pattern: dict[str, Any], place: Place) -> None:
        """The anchors of a map: one that a deeper condition leaves out counts only if all are."""
        forgiven = forgiven_keys({key: pattern[key] for key in keys})
        skipped = self._block.variable() if forgiven else ""
        if skipped:
            self._block.line(f"{skipped} = []")
        for key in keys:
            if key in forgiven:
                self._forgiven(key, self._inner(key, pattern), place, skipped)
            else:
                self._key(key, self._inner(key, pattern), place)
        if skipped and len(forgiven) == len(keys):
            self._unless_some(f"len({skipped}) == {self.constant(len(forgiven))}", skipped, place)

    def _forgiven(self, key: str, pattern: Any, place: Place, skipped: str) -> None:
        """An equality anchor whose value may be left out."""
        anchor = parse_anchor(key)
        name, found, block = self.constant(anchor.key if anchor else key), self._block.variable(), self._block
        inner = place.below(anchor.key if anchor else key, found)
        check = self.constant(PatternEmitter(self._labels, self._pairs).emit(pattern))
        with block.inside(f"if {name} in {place.var}:"):
            block.line(f"{found} = {check}({place.var}[{name}], s, h)")
            with block.inside(f"if {found} is not None:"):
                below = self.constant(Above(inner.steps, skips=False, reasons="", is_direct=False))
                seen = f"{below}({', '.join((found, *inner.indices))})"
                block.line(f"if {found}.kind is SKIP and not {found}.is_direct: {skipped}.append({seen})")
                with block.inside("else:"):
                    block.line(f"{found} = {self.constant(mismatch.summed_up)}({found})")
                    self._depart(found, inner)

    def _depart(self, found: str, place: Place) -> None:
        """Tells a departure that a function gave."""
        frame = place.frame
        if "{}" in frame.fail:
            self._block.line(f"{found} = {self._seen_from(place, found)}")
        if frame.skip != frame.fail:
            self._block.line(f"if {found}.kind is SKIP: {frame.skip.format(found)}")
        self._block.line(frame.fail.format(found))

    def _unless_some(self, doubt: str, skipped: str, place: Place) -> None:
        """A line that tells that all is left out."""
        site = Site(SKIP, mismatch.says(""), place.steps, None, place.frame.reasons)
        made = self.constant(site.of_all, f"departure of all elements: {site}")
        told = place.frame.skip.format(f"{made}({', '.join((skipped, *place.indices))})")
        self._block.line(f"if {doubt}: {told}")

    def _inner(self, key: str, pattern: dict[str, Any]) -> Any:
        """What a key asks for; wildcards in labels are looked at with the resource."""
        inner = pattern[key]
        if plain_key(key) == "metadata" and isinstance(inner, dict):
            return self._with_labels(inner)
        return inner

    def _with_labels(self, metadata: dict[str, Any]) -> dict[str, Any] | Metadata:
        """Metadata whose labels and annotations may have wildcards in their keys."""
        wild = {key: value for key, value in metadata.items() if is_wild(key, value)}
        if not wild:
            return metadata
        plain = {key: value for key, value in metadata.items() if key not in wild}
        return Metadata(plain, {key: Opaque(self._labels(value)) for key, value in wild.items()})

    def _key(self, key: str, pattern: Any, place: Place) -> None:
        anchor = parse_anchor(key)
        if anchor is None or anchor.modifier == anchors.ADD:
            self._plain(key, pattern, place)
            return
        name, found = self.constant(anchor.key), self._block.variable()
        inner, block, there = place.below(anchor.key, found), self._block, f"{place.var}[{name}]"
        if anchor.modifier == anchors.NEGATION:
            self._line(f"if {name} in {place.var}: ", inner, NEGATION, mismatch.is_forbidden, value=there)
            return
        if anchor.modifier == anchors.CONDITION:
            lacking = mismatch.says(f"{_CONDITION}: conditional anchor key doesn't exist in the resource")
            self._line(f"if {name} not in {place.var}: ", inner, SKIP, lacking, value="None")
            block.line(f"{found} = {there}")
            self._value(pattern, inner.framed(place.frame.within(_CONDITION, is_global=False)))
            return
        with block.inside(f"if {name} in {place.var}:"):
            block.line(f"{found} = {there}")
            if (
                anchor.modifier == anchors.EXISTENCE
                and isinstance(pattern, list)
                and len(pattern) > MOST_KEYS
            ):
                for few in _batches(pattern):
                    self._apart({key: few}, place)
            elif anchor.modifier == anchors.EXISTENCE:
                self._existence(pattern, inner)
            elif anchor.modifier == anchors.GLOBAL:
                self._value(pattern, inner.framed(place.frame.within(_GLOBAL, is_global=True)))
            else:
                self._value(pattern, inner)

    def _plain(self, key: str, pattern: Any, place: Place) -> None:
        name = self.constant(key)
        if pattern == "*":
            doubt = f"{place.var}.get({name}) is None"
            self._line(f"if {doubt}: ", place, FAIL, mismatch.lacks(key), "*", value="None")
            return
        found = self._block.variable()
        self._block.line(f"{found} = {place.var}[{name}] if {name} in {place.var} else None")
        self._value(pattern, place.below(key, found))

    def _existence(self, pattern: Any, place: Place) -> None:
        """Every map of the pattern's list must be met by at least one element."""
        var = place.var
        wrong = mismatch.says("the existence anchor ^() compares a list with a list of maps")
        if not isinstance(pattern, list) or not all(isinstance(item, dict) for item in pattern):
            self._line("", place, FAIL, wrong)
            return
        self._line(f"if type({var}) is not list: ", place, FAIL, wrong)
        for wanted in pattern:
            item = self._block.variable()
            with self._block.inside(f"for {item} in {var}:"):
                self._value(wanted, Place(item, frame=NEXT))
                self._block.line("break")
            self._line("else: ", place, FAIL, mismatch.has_none_like, pattern)

    def _list(self, pattern: list[Any], place: Place) -> None:
        first = pattern[0] if pattern else None
        if isinstance(first, dict) and (place.frame.fail != RETURN or place.frame.skips):
            self._apart(pattern, place)
            return
        self._unless(f"type({place.var}) is not list", place, mismatch.is_no_list, pattern)
        if not pattern:
            self._line("", place, FAIL, mismatch.says("pattern Array empty"), pattern)
        elif isinstance(first, dict):
            self._each(first, place)
        elif isinstance(first, list):
            self._call(self.constant(self._pairs(pattern), "check of lists in a list, one by one"), place)
        else:
            self._value(first, place)

    def _each(self, pattern: dict[str, Any], place: Place) -> None:
        """Every element; those that a condition leaves out do not count, unless it leaves out all."""
        block = self._block
        item, index = block.variable(), block.variable()
        skipped = block.variable() if may_skip(pattern) else ""
        if skipped:
            block.line(f"{skipped} = []")
        with block.inside(f"for {index}, {item} in enumerate({place.var}):"):
            self._value(pattern, place.element(item, index, place.frame.in_loop(skipped)))
        if skipped:
            self._unless_some(f"{skipped} and len({skipped}) == len({place.var})", skipped, place)


def _batches(items: list[Any]) -> Iterator[list[Any]]:
    return (items[begin : begin + MOST_KEYS] for begin in range(0, len(items), MOST_KEYS))
