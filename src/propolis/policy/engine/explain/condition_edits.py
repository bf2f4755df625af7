"""Ways to change a resource so that conditions no longer hold: guesses around the values that are compared.

Operators are not inverted one by one: the places that a condition reads get values from both sides of what
they are compared with, and the engine says which of them help.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.explain.edits import Candidate, cheapest, removing, setting, together
from propolis.policy.engine.explain.near_values import EXAMPLES, PLACEHOLDER, around
from propolis.policy.engine.explain.places import Place, places_of
from propolis.policy.engine.explain.recording import RecordingContext
from propolis.policy.engine.explain.trace import Node, Path
from propolis.policy.engine.operators import OPERATORS
from propolis.policy.engine.variables import compile_document
from propolis.policy.model.conditions import AnyAllConditions, Condition, Conditions

MOST_VALUES = 12
MOST_PLACES = 32
MOST_WAYS = 60

MAPS_OF_TEXTS = frozenset({"labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData"})

_IS_PLAIN = re.compile(r"[A-Za-z0-9./_-]+", re.ASCII)
"""What may be put before a text; regular expressions may not."""

Find = Callable[[Any], Path | None]


def condition_edits(conditions: Conditions | None, context: RecordingContext, find: Find) -> list[Candidate]:
    """Ways to break conditions that hold, cheapest first, not verified."""
    if conditions is None:
        return []
    if not isinstance(conditions, AnyAllConditions):
        return _one_of(conditions, context, find)
    ways: list[Candidate] = []
    held = [one for one in conditions.any or () if _holds(one, context)]
    if held:
        each = [_breaking(one, context, find) for one in held]
        ways += each[0] if len(each) == 1 else [*together([cheapest(one) for one in each]), *_flat(each)]
    ways += _one_of(conditions.all or (), context, find)
    return _sorted(ways)


def _flat(parts: list[list[Candidate]]) -> Iterator[Candidate]:
    for part in parts:
        yield from part


def _sorted(ways: list[Candidate]) -> list[Candidate]:
    found = sorted(ways, key=lambda candidate: candidate.cost)
    return [one for index, one in enumerate(found) if one not in found[:index]][:MOST_WAYS]


def _one_of(group: tuple[Condition, ...], context: RecordingContext, find: Find) -> list[Candidate]:
    """All of a group must hold, so that breaking one of them is enough."""
    return _sorted([way for one in group for way in _breaking(one, context, find)])


def _holds(condition: Condition, context: RecordingContext) -> bool:
    try:
        return compile_conditions((condition,))(context.child({})).holds
    except ExpressionError:
        return False


def _breaking(condition: Condition, context: RecordingContext, find: Find) -> list[Candidate]:
    """Ways to change the places that a condition reads."""
    ways: list[Candidate] = []
    for side, other, is_key in (
        (condition.key, condition.value, True),
        (condition.value, condition.key, False),
    ):
        texts, _ = _asked(side, context)
        compared = _resolved(other, context)
        places, literals = _read(texts, context, find)
        wanted = [*_scalars(compared), *literals]
        guilty = _guilty(places, condition.operator, compared) if is_key else []
        if len(guilty) < 2 or not condition.operator.lower().startswith("any"):  # noqa: PLR2004  # several
            for one in (guilty or places)[:MOST_PLACES]:
                ways += place_ways(one, wanted)
        ways += _all_at_once(guilty or places, wanted)
    return _sorted(ways)


def _guilty(places: list[Place], operator: str, compared: Any) -> list[Place]:
    """The scalars with which the condition would hold if they were its whole key."""
    test = OPERATORS.get(operator.lower())
    scalars = [one for one in places if one.path and one.is_there and not isinstance(one.value, list | dict)]
    return [one for one in scalars if test is not None and test(one.value, compared)]


def _asked(document: Any, context: RecordingContext) -> tuple[list[str], Any]:
    """The expressions that a side asks for, those of entries that they load too, and what it became."""
    inner = context.child({})
    context.record.taken()
    value = _resolved(document, inner)
    nodes = list(context.record.taken())
    texts: list[str] = []
    while nodes:
        node = nodes.pop()
        if node.what == "variable":
            texts.append(node.text)
        nodes += node.children
    texts += _entry_texts(texts, context)
    return texts, value


def _entry_texts(texts: list[str], context: RecordingContext) -> list[str]:
    """What entries of the rule asked for when they were loaded, for entries that some texts name."""
    found: list[str] = []
    for node in context.record.entry_nodes():
        if any(node.text in text for text in texts):
            todo: list[Node] = list(node.children)
            while todo:
                child = todo.pop()
                found += [child.text] if child.what == "variable" else []
                todo += child.children
    return found


def _resolved(document: Any, context: RecordingContext) -> Any:
    try:
        return compile_document(document)(context)
    except ExpressionError:
        return None


def _read(texts: list[str], context: RecordingContext, find: Find) -> tuple[list[Place], list[Any]]:
    places: list[Place] = []
    literals: list[Any] = []
    for text in texts:
        found, constants = places_of(text, context.root, find)
        places += [one for one in found if one not in places]
        literals += constants
        if text.strip().startswith("images"):
            places += _images(context, find)
    return places, literals


def _images(context: RecordingContext, find: Find) -> list[Place]:
    """The images of the containers: what ``images`` gives is made of them."""
    request = context.root.get("request")
    document = request.get("object") if isinstance(request, dict) else None
    found: list[Place] = []
    todo = [document]
    while todo and len(found) < MOST_PLACES:
        item = todo.pop()
        path = find(item) if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(item.get("image"), str) and path is not None:
            found.append(Place(item["image"], (*path, "image")))
        todo += list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []
    return found


def _scalars(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [item for item in value[:MOST_VALUES] if not isinstance(item, list | dict)]
    return [] if value is None or isinstance(value, dict) else [value]


def place_ways(one: Place, wanted: list[Any]) -> list[Candidate]:
    """What may become of one place."""
    path = one.path
    if not path:
        return []
    ways = list(_in_object(path, one.value, wanted)) if isinstance(one.value, dict) else []
    ways += [removing(path, one.value)] if one.is_there else []
    ways += [
        setting(path, value, one.value, is_there=one.is_there)
        for value in _values(one, wanted)
        if value != one.value or type(value) is not type(one.value)
    ]
    return [_doubted(way) for way in ways] if one.is_filter else ways


def _doubted(way: Candidate) -> Candidate:
    return Candidate(tuple(msgspec.structs.replace(edit, is_doubtful=True) for edit in way.edits))


def _values(one: Place, wanted: list[Any]) -> list[Any]:
    """Values of the kind that is there; where nothing is, of the kind that is compared."""
    if one.is_list or isinstance(one.value, list):
        return _lists(one.value or [], wanted)
    if isinstance(one.value, dict):
        return []
    if isinstance(one.value, bool):
        return [not one.value]
    wanted = [item for item in wanted if item != "" and not (isinstance(item, str) and "\\" in item)]
    found: list[Any] = []
    if isinstance(one.value, str):
        found += [text for item in wanted if isinstance(item, str) for text in _with(one.value, item)]
    for item in wanted[:MOST_VALUES]:
        found += around(item, one.value)[:MOST_VALUES]
    name = str(one.path[-1]) if one.path else ""
    free = [EXAMPLES.get(name, PLACEHOLDER)]
    if one.value is None:
        texts = [item for item in found if isinstance(item, str) and item not in ("", PLACEHOLDER)]
        return [*texts, *(free if texts else []), *found][: MOST_VALUES * 3]
    kind = (int, float) if isinstance(one.value, int | float) else str
    found = [item for item in found if isinstance(item, kind) and not isinstance(item, bool)]
    found = [item for item in found if item not in ("", PLACEHOLDER)]
    return [*found, *(free if kind is str else [])][: MOST_VALUES * 3]


def _with(text: str, literal: str) -> list[str]:
    """A text in which a literal is replaced where it is, or put in front where it is not."""
    word = literal.strip(":/@.-_ ^$*")
    if word and word in text:
        return [text.replace(word, PLACEHOLDER)]
    if not _IS_PLAIN.fullmatch(word) or not ("/" in text or ":" in text):
        return []
    host, slash, rest = text.partition("/")
    return [f"{word}/{rest}"] if slash and "." in host else [f"{word}/{text}"]


def _lists(items: list[Any], wanted: list[Any]) -> list[Any]:
    """Lists with what is compared in them or not in them, shorter ones, the empty one."""
    missing = [item for item in wanted if isinstance(item, str) and item and item not in items]
    kept = [item for item in items if item not in wanted]
    found: list[Any] = [[*items, item] for item in missing[:MOST_VALUES]]
    found += [kept] if kept != items else []
    found += [[item for item in items if item in wanted]]
    found += [
        items[:number]
        for item in wanted
        if isinstance(item, int)
        for number in (item, item - 1)
        if number >= 0
    ]
    return [*found, [*items, *missing], []]


def _in_object(path: Path, value: dict[str, Any], wanted: list[Any]) -> Iterator[Candidate]:
    """Keys that are compared: put there or taken away; others taken away."""
    for key, item in list(value.items())[:MOST_VALUES]:
        if key not in wanted:
            yield removing((*path, key), item)
    is_map = str(path[-1]) in MAPS_OF_TEXTS
    for item in wanted[:MOST_VALUES]:
        if isinstance(item, str) and item in value:
            yield removing((*path, item), value[item])
        elif isinstance(item, str) and item and is_map:
            yield setting((*path, item), PLACEHOLDER, None, is_there=False)


def _all_at_once(places: list[Place], wanted: list[Any]) -> list[Candidate]:
    """The same way for every place that an expression reads: for lists of which each element counts."""
    scalars = [one for one in places if one.path and not isinstance(one.value, list)]
    if not 1 < len(scalars) <= MOST_PLACES:
        return []
    found: list[Candidate] = []
    for number in range(MOST_VALUES):
        parts = [ways[number : number + 1] for one in scalars if (ways := place_ways(one, wanted))]
        if parts and all(parts):
            found += together(parts)
    return found
