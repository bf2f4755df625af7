"""JSON patches as expressions (``JSONPatch{...}``), plain ones and those for every element of a list."""

from itertools import pairwise
from typing import Any

from propolis.lang.yaml import load_documents
from propolis.policy.engine.convert.checks import elements_of
from propolis.policy.engine.convert.conditions import translate_conditions
from propolis.policy.engine.convert.context import scope_with
from propolis.policy.engine.convert.jmespath import translate
from propolis.policy.engine.convert.reading import as_text
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.strings import VARIABLE, text_of
from propolis.policy.engine.convert.terms import TRUE, Call, Term, and_, written
from propolis.policy.engine.convert.texts import field, has, literal
from propolis.policy.engine.convert.values import Value
from propolis.policy.model.mutation import ForEachMutation


def json_patch(text: str, scope: Scope) -> str:
    """A list of operations. Raises `Refused`."""
    return _joined(_operations(text), scope)


def _joined(operations: list[dict[str, Any]], scope: Scope) -> str:
    """The operations; what an ``add`` needs above it is made first, for policies in CEL find it missing."""
    parts: list[str] = []
    plain: list[str] = []
    made: set[str] = set()
    for one in operations:
        needed = (
            [item for item in parents_of(one, scope) if item not in made] if one.get("op") == "add" else []
        )
        made |= set(needed)
        if needed and plain:
            parts.append(_list(plain))
            plain = []
        parts += needed
        plain.append(_operation(one, scope))
        if one.get("op") == "remove":
            raise Refused("a removal, which is an error in CEL where nothing is there")
    return " +\n".join([*parts, _list(plain)])


def _list(operations: list[str]) -> str:
    return "[" + ",\n  ".join(operations) + "]"


def parents_of(operation: dict[str, Any], scope: Scope) -> list[str]:
    """Operations that make what is above the path of an ``add``, each where it is absent."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in str(operation.get("path")).split("/")[1:]]
    base, path = "object", ""
    there: Term = TRUE
    found: list[str] = []
    for step, following in pairwise(steps):
        is_element = _is_index(step)
        at = f"{base}[{_index(step)}]" if is_element else field(base, step)
        path += f"/{step.replace('~', '~0').replace('/', '~1')}"
        if "{{" in step and not is_element:
            raise Refused("a variable in a path that is no index")
        if not is_element and at not in scope.always:
            there = and_([there, has(base, step)])
            empty = "[]" if following == "-" or _is_index(following) else "{}"
            pointer = text_of(path, scope, may_fail=True)
            make = f"JSONPatch{{op: 'add', path: {pointer}, value: {empty}}}"
            found.append(f"({written(there)} ? [] : [{make}])")
        elif "{{" in step:
            found, there = [], TRUE  # the element is there, and so is all above it
        base = at
    return found


def _is_index(step: str) -> bool:
    return step.isdecimal() or step.strip("{} ") == "elementIndex"


def _index(step: str) -> str:
    return step if step.isdecimal() else "i"


def json_patch_of_each(item: ForEachMutation, scope: Scope) -> tuple[str, Term]:
    """The operations for every element of a list, and whether any element is meant. Raises `Refused`."""
    if item.patches_json6902 is None or item.foreach is not None:
        raise Refused("a strategic merge patch for each element")
    if item.order == "Descending":
        raise Refused("elements from the last to the first")
    stream = elements_of(item.list or "", scope)
    if (
        len(stream.sources) != 1
        or stream.sources[0].holds != TRUE
        or stream.element.text != stream.sources[0].name
    ):
        raise Refused("operations for what is chosen from a list")
    source = stream.sources[0]
    element = Value(f"{source.text}[i]", path=stream.element.path)
    inner = scope.with_element(element, [source.name, "i"])
    names = {**inner.names, "elementIndex": Value("i", kind="int"), "element0": element}
    inner = scope_with(item.context, _named(inner, names))
    conditions = translate_conditions(item.preconditions, inner)
    every = f"lists.range({source.text}.size())"
    is_for_all = conditions.term == TRUE
    kept = every if is_for_all else f"{every}.filter(i, {written(conditions.term)})"
    applies = TRUE if is_for_all else Call(f"{every}.exists(i, {written(conditions.term)})")
    operations = _operations(item.patches_json6902)
    made = _joined(operations, inner)
    return f"{kept}.map(i, {made}).flatten()", applies


def _named(scope: Scope, names: dict[str, Any]) -> Scope:
    return Scope(names, scope.always, scope.holder, scope.taken, scope.is_unmoved)


def _operations(text: str) -> list[dict[str, Any]]:
    """The operations as written; variables must stand in paths or in quotes, so that they are texts."""
    for line in text.splitlines():
        before, mark, _ = line.partition("{{")
        is_path = before.strip().removeprefix("- ").startswith(("path:", "from:"))
        if mark and not is_path and '"' not in before and "'" not in before:
            raise Refused("a variable without quotes in a JSON patch")
    parsed = next(iter(load_documents(text.encode(), "patchesJson6902")), None)
    document = parsed.document if parsed is not None else None
    if not isinstance(document, list) or not all(isinstance(one, dict) for one in document):
        raise Refused("a JSON patch that is no list of operations")
    return document


def _operation(one: dict[str, Any], scope: Scope) -> str:
    if set(one) - {"op", "path", "from", "value"}:
        raise Refused("a JSON patch with unknown fields")
    fields = [f"op: {literal(str(one.get('op')))}"]
    fields += [
        f"{key}: {text_of(str(one[key]), scope, may_fail=True)}" for key in ("from", "path") if key in one
    ]
    if "value" in one:
        fields.append(f"value: {dynamic(one['value'], scope)}")
    return f"JSONPatch{{{', '.join(fields)}}}"


def dynamic(value: Any, scope: Scope, *, keeps_types: bool = False) -> str:
    """A value of any types; where they differ each is marked as dynamic.

    Args:
        value: As the policy has it.
        scope: What variables stand for.
        keeps_types: Whether a text that is one variable stands for its value, whatever that is.
    """
    if isinstance(value, str):
        whole = VARIABLE.fullmatch(value.strip()) if keeps_types else None
        found = translate(whole[1], scope) if whole else None
        if isinstance(found, Value):
            return as_text(found)
        return text_of(value, scope, may_fail=True)
    if isinstance(value, dict):
        texts = [item for item in value.values() if isinstance(item, str)]
        is_mixed = len(texts) != len(value) or (keeps_types and any("{{" in item for item in texts))
        parts = [
            f"{literal(str(key))}: {_item(item, scope, is_mixed=is_mixed, keeps_types=keeps_types)}"
            for key, item in value.items()
        ]
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list):
        is_mixed = not all(isinstance(item, str) and "{{" not in item for item in value)
        items = [_item(item, scope, is_mixed=is_mixed, keeps_types=keeps_types) for item in value]
        return f"[{', '.join(items)}]"
    return literal(value)


def _item(value: Any, scope: Scope, *, is_mixed: bool, keeps_types: bool) -> str:
    found = dynamic(value, scope, keeps_types=keeps_types)
    return f"dyn({found})" if is_mixed else found
