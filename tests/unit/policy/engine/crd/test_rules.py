"""Objects by the rules of their definitions."""

from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.policy.engine.crd.definition import definition_problems, is_cheap, rule_costs
from propolis.policy.engine.crd.field_paths import normalized_path
from propolis.policy.engine.crd.rules import compile_rules
from propolis.policy.engine.crd.shape import MOST_ERRORS
from propolis.policy.engine.crd.validation import validate
from propolis.policy.model.crd import parse_crd

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def rule(text: str, **more: Any) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": text, **more}]}


def schema(spec: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": spec}}


def spec_of(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return schema({"type": "object", "properties": properties, **more})


def errors(of: dict[str, Any], spec: Any, old: Any = None) -> list[str]:
    """Texts of the errors of an object, warnings marked."""
    document = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}
    before = None if old is None else {**document, "spec": old}
    found = validate(compile_rules(of), of, document, before)
    return [("warning " if one.is_warning else "") + one.text for one in found]


def test_rules_are_evaluated_at_every_level() -> None:
    of = spec_of(
        {
            "a": {**NUMBER, **rule("self > 1")},
            "l": {"type": "array", "items": {**TEXT, **rule("self != 'x'")}, **rule("self.size() < 3")},
            "m": {"type": "object", "additionalProperties": {**NUMBER, **rule("self > 0")}},
        },
        **rule("self.a < 10", message="too large"),
    )
    assert errors(of, {"a": 2, "l": ["a"], "m": {"k": 1}}) == []
    assert errors(of, {"a": 11, "l": ["a", "x", "b"], "m": {"k": 0}}) == [
        "spec: Invalid value: too large",
        "spec.l: Invalid value: failed rule: self.size() < 3",
        "spec.l[1]: Invalid value: \"x\": failed rule: self != 'x'",
        "spec.m[k]: Invalid value: 0: failed rule: self > 0",
    ]


def test_a_rule_sees_objects_in_objects() -> None:
    inner = {"type": "object", "properties": {"b": {"type": "object", "properties": {"c": NUMBER}}}}
    of = spec_of({"a": inner}, **rule("self.a.b.c > 1 && has(self.a.b)"))
    assert errors(of, {"a": {"b": {"c": 2}}}) == []
    assert errors(of, {"a": {"b": {"c": 1}}}) == [
        "spec: Invalid value: failed rule: self.a.b.c > 1 && has(self.a.b)"
    ]


def test_a_rule_at_the_root_sees_the_name() -> None:
    of = {"type": "object", **rule("self.metadata.name == 'other'"), "properties": {}}
    assert errors(of, {}) == ["<nil>: Invalid value: failed rule: self.metadata.name == 'other'"]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("FieldValueInvalid", "spec.a: Invalid value: m"),
        ("FieldValueForbidden", "spec.a: Forbidden: m"),
        ("FieldValueRequired", "spec.a: Required value: m"),
        ("FieldValueDuplicate", "spec.a: Duplicate value"),
    ],
)
def test_reason_and_field_path_shape_the_error(reason: str, text: str) -> None:
    of = spec_of({"a": NUMBER}, **rule("false", message="m", reason=reason, fieldPath=".a"))
    assert errors(of, {"a": 1}) == [text]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("'is ' + string(self.a)", "is 1"),
        ("self.b", "m"),
        ("''", "m"),
        (r"'a\nb'", "m"),
    ],
)
def test_a_message_expression_must_give_one_line(expression: str, told: str) -> None:
    of = spec_of({"a": NUMBER, "b": TEXT}, **rule("false", message="m", messageExpression=expression))
    assert errors(of, {"a": 1}) == [f"spec: Invalid value: {told}"]


def test_rules_about_a_change_are_for_what_was_there() -> None:
    of = spec_of({"a": {**NUMBER, **rule("self >= oldSelf", message="shrinks")}})
    assert errors(of, {"a": 1}) == []
    assert errors(of, {"a": 1}, {}) == []
    assert errors(of, {"a": 1}, {"a": 2}) == ["spec.a: Invalid value: 1: shrinks"]


def test_an_optional_old_self_is_for_creations_too() -> None:
    text = "oldSelf.hasValue() ? self >= oldSelf.value() : self == 1"
    of = spec_of({"a": {**NUMBER, **rule(text, message="m", optionalOldSelf=True)}})
    assert errors(of, {"a": 1}) == []
    assert errors(of, {"a": 2}) == ["spec.a: Invalid value: 2: m"]
    assert errors(of, {"a": 2}, {"a": 1}) == []


def test_elements_of_a_keyed_list_are_found_by_their_keys_and_those_of_others_never() -> None:
    item = {
        "type": "object",
        "properties": {"n": TEXT, "v": NUMBER},
        **rule("self.v >= oldSelf.v", message="m"),
    }
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]}
    for more, expected in ((keyed, ["spec.l[0]: Invalid value: m"]), ({}, [])):
        of = spec_of({"l": {"type": "array", "items": item, **more}})
        old = {"l": [{"n": "a", "v": 1}, {"n": "b", "v": 5}]}
        assert errors(of, {"l": [{"n": "b", "v": 1}]}, old) == expected


def test_what_an_update_does_not_change_is_a_warning() -> None:
    of = spec_of({"a": {**NUMBER, **rule("self > 5")}, "b": NUMBER})
    assert errors(of, {"a": 1, "b": 1}, {"a": 1, "b": 2}) == [
        "warning spec.a: Invalid value: 1: failed rule: self > 5"
    ]
    assert errors(of, {"a": 1}, {"a": 2}) == ["spec.a: Invalid value: 1: failed rule: self > 5"]


def test_an_expression_without_a_value_is_an_error() -> None:
    of = spec_of({"a": NUMBER}, **rule("self.a > 1"))
    assert errors(of, {}) == ['spec: Invalid value: "object": no such key: a evaluating rule: self.a > 1']


def test_defaults_are_set_before() -> None:
    of = spec_of({"a": {**NUMBER, "default": 7}}, **rule("self.a == 7"))
    assert errors(of, {}) == []


def test_all_of_has_rules_too() -> None:
    of = spec_of({"a": NUMBER}, allOf=[{"properties": {"a": rule("self > 1", message="m")}}])
    assert errors(of, {"a": 1}) == ["spec.a: Invalid value: 1: m"]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (NUMBER, "x", 'spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"'),
        (NUMBER, 1.5, 'spec.a: Invalid value: "number": spec.a in body must be of type integer: "number"'),
        (NUMBER, None, 'spec.a: Invalid value: "null": spec.a in body must be of type integer: "null"'),
        ({**TEXT, "enum": ["a", "b"]}, "c", 'spec.a: Unsupported value: "c": supported values: "a", "b"'),
        ({**TEXT, "maxLength": 1}, "ab", "spec.a: Too long: may not be more than 1 bytes"),
        (
            {**TEXT, "minLength": 3},
            "ab",
            'spec.a: Invalid value: "ab": spec.a in body should be at least 3 chars long',
        ),
        ({**TEXT, "pattern": "^b"}, "ab", "spec.a: Invalid value: \"ab\": spec.a in body should match '^b'"),
        (
            {**NUMBER, "minimum": 2},
            1,
            "spec.a: Invalid value: 1: spec.a in body should be greater than or equal to 2",
        ),
        (
            {**NUMBER, "maximum": 2, "exclusiveMaximum": True},
            2,
            "spec.a: Invalid value: 2: spec.a in body should be less than 2",
        ),
        ({"type": "array", "maxItems": 1}, [1, 2], "spec.a: Too many: 2: must have at most 1 items"),
    ],
)
def test_the_shape_comes_first(field: dict[str, Any], value: Any, text: str) -> None:
    assert errors(spec_of({"a": field}), {"a": value})[0] == text


def test_rules_are_not_evaluated_where_the_shape_forbids_it() -> None:
    of = spec_of({"a": NUMBER}, required=["a"], **rule("self.a > 1"))
    found = errors(of, {})
    assert found[0] == "spec.a: Required value"
    assert "not checked because the object was invalid" in found[1]
    assert len(found) == 2


def test_errors_have_an_end() -> None:
    of = spec_of({"l": {"type": "array", "items": {**NUMBER, **rule("self > 1")}}})
    assert len(errors(of, {"l": [0] * (MOST_ERRORS + 10)})) == MOST_ERRORS


def test_an_object_that_costs_too_much_is_an_error() -> None:
    of = spec_of({"t": TEXT}, **rule("self.t.contains(self.t)"))
    assert errors(of, {"t": "a" * 100}) == []
    (found,) = errors(of, {"t": "a" * 11_000})
    assert "call cost exceeds limit" in found


def test_all_rules_share_one_budget() -> None:
    item = {**TEXT, **rule("self.contains(self)")}
    of = spec_of({"l": {"type": "array", "items": item}})
    assert errors(of, {"l": ["a" * 9000] * 10}) == []
    assert any("running out of cost budget" in one for one in errors(of, {"l": ["a" * 9000] * 20}))


# Definitions.


def problems(of: dict[str, Any]) -> list[tuple[str, str]]:
    return [("/".join(map(str, one.path)), one.message) for one in definition_problems(compile_rules(of))]


@pytest.mark.parametrize(
    ("stated", "field", "message"),
    [
        ({"rule": ""}, "rule", "rule is not specified"),
        ({"rule": "self.no == 1"}, "rule", "compilation failed: undefined field 'no'"),
        ({"rule": "1"}, "rule", "compilation failed: cel expression must evaluate to a bool"),
        ({"rule": "true", "message": " "}, "message", "must be non-empty if specified"),
        ({"rule": "true", "message": "a\nb"}, "message", "must not contain line breaks"),
        ({"rule": "true\n&& true"}, "message", "message must be specified if rule contains line breaks"),
        ({"rule": "true", "reason": "No"}, "reason", "supported values"),
        ({"rule": "true", "fieldPath": ".no"}, "fieldPath", "must be a valid path"),
        (
            {"rule": "true", "optionalOldSelf": True},
            "optionalOldSelf",
            "may not be set if oldSelf is not used",
        ),
        ({"rule": "true", "messageExpression": "1"}, "messageExpression", "must evaluate to a string"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_place(
    stated: dict[str, Any], field: str, message: str
) -> None:
    ((path, text),) = problems(spec_of({"a": NUMBER}, **{"x-kubernetes-validations": [stated]}))
    assert path == f"properties/spec/x-kubernetes-validations/0/{field}"
    assert message in text


def test_a_rule_that_may_cost_too_much_is_told() -> None:
    items = {"type": "array", "items": TEXT, **rule("self.all(a, self.exists(b, a == b))")}
    found = dict(problems(spec_of({"l": items})))
    assert (
        "exceeds budget by factor of more than 100x"
        in found["properties/spec/properties/l/x-kubernetes-validations/0/rule"]
    )
    assert "total for entire OpenAPIv3 schema" in found[""]
    small = {**items, "maxItems": 10, "items": {**TEXT, "maxLength": 10}}
    assert problems(spec_of({"l": small})) == []
    assert is_cheap(compile_rules(spec_of({"l": small})))


def test_a_rule_counts_as_often_as_it_may_be_evaluated() -> None:
    item = {**TEXT, "maxLength": 10, **rule("self != 'x'")}
    once = rule_costs(compile_rules(spec_of({"a": item})))[0].cost
    often = spec_of({"l": {"type": "array", "maxItems": 50, "items": item}})
    assert rule_costs(compile_rules(often))[0].cost == 50 * once


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".a", "a"),
        (".m['k.x']", "m[k.x]"),
        (".m['it\\'s']", "m[it's]"),
        ("['a']", "a"),
        (".no", None),
        ("a", None),
        (".a[", None),
        (".m['\\q']", None),
        ("", None),
    ],
)
def test_field_paths_are_those_of_the_schema(path: str, expected: str | None) -> None:
    of = {
        "type": "object",
        "properties": {"a": NUMBER, "m": {"type": "object", "additionalProperties": TEXT}},
    }
    assert normalized_path(path, of) == expected


def test_a_definition_needs_names_and_versions() -> None:
    document: dict[str, Any] = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Widget"},
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object"}}}, {"name": "v2"}],
        },
    }
    crd = parse_crd(document)
    assert crd.version("example.com/v1") is crd.versions[0]
    assert crd.version("example.com/v3") is None
    assert crd.versions[1].schema == {}
    for key in ("group", "names", "versions"):
        with pytest.raises(DocumentError):
            parse_crd({**document, "spec": {**document["spec"], key: None}})


def test_a_rule_of_a_wrong_shape_is_an_error_of_the_definition() -> None:
    with pytest.raises(DocumentError):
        compile_rules(spec_of({}, **{"x-kubernetes-validations": [{"rule": 1}]}))
