from datetime import datetime
from typing import Any, Literal

from propolis.policy.model.match import ResourceDescription
from propolis.policy.model.schema.derive import FREE, schema_of
from propolis.policy.model.struct import ApiStruct
from propolis.policy.model.validation import ForEachValidation


class Leaf(ApiStruct, frozen=True):
    """What a leaf is: ``green`` or `brown`.

    Attributes:
        day: When it fell.
    """

    name: str
    day: datetime | None = None
    colour: Literal["green", "brown"] | None = None
    more: Any = None
    below: tuple["Leaf", ...] | None = None


class Tree(ApiStruct, frozen=True):
    """What holds leaves."""

    leaves: dict[str, tuple[Leaf, ...]] | None = None
    is_old: bool = False
    height: int | float = 0
    anything: dict[str, Any] | None = None
    either: Leaf | tuple[Leaf, ...] | None = None


LEAF = {
    "type": "object",
    "description": "What a leaf is: green or brown.",
    "properties": {
        "name": {"type": "string"},
        "day": {"type": "string", "format": "date-time"},
        "colour": {"type": "string", "enum": ["brown", "green"]},
        "more": FREE,
        "below": FREE,
    },
    "required": ["name"],
}


def test_a_struct_is_an_object_whose_fields_are_called_as_in_documents() -> None:
    assert schema_of(Tree) == {
        "type": "object",
        "description": "What holds leaves.",
        "properties": {
            "leaves": {"type": "object", "additionalProperties": {"type": "array", "items": LEAF}},
            "isOld": {"type": "boolean"},
            "height": FREE,
            "anything": {"type": "object", **FREE},
            "either": FREE,
        },
    }


def test_what_holds_itself_is_free_one_level_below() -> None:
    assert schema_of(ForEachValidation)["properties"]["foreach"] == FREE


def test_selectors_are_described_though_the_model_keeps_them_as_they_are() -> None:
    selector = schema_of(ResourceDescription)["properties"]["selector"]
    requirement = selector["properties"]["matchExpressions"]["items"]
    assert requirement["required"] == ["key", "operator"]
    assert selector["x-kubernetes-map-type"] == "atomic"
    assert schema_of(ResourceDescription)["not"] == {"required": ["name", "names"]}
