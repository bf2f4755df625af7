"""``json`` and ``yaml``: texts as values and back (libs/json, libs/yaml)."""

from typing import Any, ClassVar

import msgspec

from propolis.core.limits import DEFAULT
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import function, member
from propolis.lang.cel.libraries.kyverno import go_json
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import DYN, STRING, Type, opaque
from propolis.lang.yaml import load_documents

JSON_TYPE, YAML_TYPE = opaque("json.Json"), opaque("yaml.Yaml")


class Json(msgspec.Struct, frozen=True):
    """The value of the variable ``json``."""

    cel_type: ClassVar[Type] = JSON_TYPE


class Yaml(msgspec.Struct, frozen=True):
    """The value of the variable ``yaml``."""

    cel_type: ClassVar[Type] = YAML_TYPE


def _unmarshal(_: Json, text: Any) -> Any:
    if not isinstance(text, str):
        raise EvaluationError("json.unmarshal() takes a string")
    return go_json.read(text)


def _parse_yaml(_: Yaml, text: str) -> Any:
    """The first document; YAML without any is null."""
    if len(text) > DEFAULT.text_bytes:
        raise EvaluationError(f"the YAML text is longer than {DEFAULT.text_bytes} characters")
    found = load_documents(text.encode("utf-8", "surrogatepass"))
    if not found:
        return None
    if found[0].error is not None:
        raise EvaluationError(f"the text is no YAML: {found[0].error}")
    return go_json.with_doubles(found[0].document)


JSON_LIBRARY = Library(
    "kyverno.json",
    (
        function("unmarshal", member("unmarshal_string_dyn", (JSON_TYPE, DYN), DYN, _unmarshal)),
        function("Unmarshal", member("unmarshal_string_dyn_pascal", (JSON_TYPE, DYN), DYN, _unmarshal)),
        function(
            "marshal",
            member("marshal_dyn_string", (JSON_TYPE, DYN), STRING, lambda _, value: go_json.write(value)),
        ),
    ),
    types={"json.Json": JSON_TYPE},
    constants={"json": (JSON_TYPE, Json())},
)
YAML_LIBRARY = Library(
    "kyverno.yaml",
    (function("parse", member("parse_string_dyn", (YAML_TYPE, STRING), DYN, _parse_yaml)),),
    types={"yaml.Yaml": YAML_TYPE},
    constants={"yaml": (YAML_TYPE, Yaml())},
)
