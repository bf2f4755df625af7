"""Structural schemas of CustomResourceDefinitions: which is wider, what is valid, documents that are."""

from collections.abc import Iterator
from typing import Any

import jsonschema
from hypothesis import strategies as st

Schema = dict[str, Any]
FREE = "x-kubernetes-preserve-unknown-fields"
_SAME = (
    "default", "format", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "oneOf",
    "anyOf", "allOf", "not", "nullable", "x-kubernetes-int-or-string", "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
)  # fmt: skip
"""What may not differ, where we say it at all: each would refuse or change what theirs takes."""


def narrowed(theirs: Schema, ours: Schema, path: str = "") -> Iterator[str]:
    """Every place where a schema refuses, drops or changes what another takes as it is."""
    if theirs.get(FREE) and not ours.get(FREE):
        yield f"{path}: unknown fields are dropped"
    if "type" in ours and ours["type"] != theirs.get("type"):
        yield f"{path}: {theirs.get('type')} is {ours['type']}"
    for word in _SAME:
        if word in ours and ours[word] != theirs.get(word):
            yield f"{path}: {word} is {ours[word]!r}, not {theirs.get(word)!r}"
    yield from _values(theirs, ours, path)
    for name in sorted(set(ours.get("required", ())) - set(theirs.get("required", ()))):
        yield f"{path}.{name}: is required"
    yield from _below(theirs, ours, path)


def _below(theirs: Schema, ours: Schema, path: str) -> Iterator[str]:
    is_free = bool(ours.get(FREE))
    for name, inner in theirs.get("properties", {}).items():
        if name in ours.get("properties", {}):
            yield from narrowed(inner, ours["properties"][name], f"{path}.{name}")
        elif not is_free:
            yield f"{path}.{name}: is unknown"
    for word, sign in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(theirs.get(word), dict):
            if word in ours:
                yield from narrowed(theirs[word], ours[word], f"{path}{sign}")
            elif not is_free:
                yield f"{path}{sign}: is unknown"


def _values(theirs: Schema, ours: Schema, path: str) -> Iterator[str]:
    wanted = theirs.get("enum")
    if "enum" in ours and (wanted is None or set(wanted) - set(ours["enum"])):
        yield f"{path}: only {ours['enum']}, not {wanted}"
    if "pattern" in ours and ours["pattern"] != theirs.get("pattern"):
        for text in wanted or ("",):
            if not jsonschema.Draft202012Validator({"pattern": ours["pattern"]}).is_valid(text):
                yield f"{path}: {text!r} does not match {ours['pattern']}"


def problems(schema: Schema, document: Any) -> list[str]:
    """What is wrong with a document: values, and fields that an API server would drop."""
    found = [
        f"{error.json_path}: {error.message[:200]}"
        for error in jsonschema.Draft202012Validator(schema).iter_errors(document)
    ]
    return found + list(_dropped(schema, document, ""))


def _dropped(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if schema.get(FREE) and "items" not in schema and isinstance(value, list):
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _dropped(schema.get("items", {}), item, f"{path}[{index}]")
    if not isinstance(value, dict) or path == ".metadata":
        return
    properties, more = schema.get("properties", {}), schema.get("additionalProperties")
    for name, item in value.items():
        if name in properties:
            yield from _dropped(properties[name], item, f"{path}.{name}")
        elif isinstance(more, dict):
            yield from _dropped(more, item, f"{path}.{name}")
        elif not schema.get(FREE) and more is not True:
            yield f"{path}.{name}: unknown field"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab{}", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", min_size=1, max_size=3), inner),
    max_leaves=4,
)


@st.composite
def documents(draw: st.DrawFn, schema: Schema, *, is_deep: bool = True) -> Any:
    """A document that a schema takes: its alternatives are taken in turn, and few of the optional fields."""
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    match schema.get("type"):
        case "object":
            return draw(_objects(schema, is_deep=is_deep))
        case "array":
            least = schema.get("minItems", 0)
            most = max(least, 2 if is_deep else 0)
            unique = str if schema.get("x-kubernetes-list-type") == "set" else None
            return draw(
                st.lists(
                    documents(schema["items"], is_deep=is_deep),
                    min_size=least,
                    max_size=most,
                    unique_by=unique,
                )
            )
        case "string":
            return draw(_texts(schema))
        case "integer":
            return draw(st.integers(schema.get("minimum", -3), 40))
        case "boolean":
            return draw(st.booleans())
    return draw(_JSON)


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return st.just("2026-01-02T03:04:05Z")
    if schema.get("format") == "duration":
        return st.just("1h30m")
    if "pattern" in schema:
        return st.just("Ready")
    return st.text("abc-{}", min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 8), 8))


@st.composite
def _objects(draw: st.DrawFn, schema: Schema, *, is_deep: bool) -> Any:
    properties = schema.get("properties", {})
    names = set(schema.get("required", ()))
    optional = sorted(set(properties) - names)
    if optional:
        names |= set(draw(st.lists(st.sampled_from(optional), max_size=4 if is_deep else 1)))
    alternatives = [one["required"][0] for one in schema.get("oneOf", ())]
    if alternatives:
        names = (names - set(alternatives)) | {draw(st.sampled_from(alternatives))}
    if set(schema.get("not", {}).get("required", "-")) <= names:
        names.discard(schema["not"]["required"][0])
    if "x-kubernetes-validations" in schema:
        names = (names - {"expression"}) | {"template"}
    made = {name: draw(documents(properties[name], is_deep=is_deep)) for name in sorted(names)}
    values = schema.get("additionalProperties")
    if isinstance(values, dict) and is_deep:
        made |= draw(st.dictionaries(st.text("ab", min_size=1, max_size=3), documents(values), max_size=2))
    return made
