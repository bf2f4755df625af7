"""Custom resource definitions of the corpus as JSON schemas that let no unknown field pass."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml


@cache
def validators(folder: Path) -> dict[str, jsonschema.Draft202012Validator]:
    """By kind. An API server cuts unknown fields off silently; here they are an error."""
    found = {}
    for path in folder.glob("*.yaml"):
        spec = yaml.safe_load(path.read_text())["spec"]
        schema = strict(spec["versions"][0]["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        found[spec["names"]["kind"]] = jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
    return found


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without other fields than those that it names."""
    changed = dict(schema)
    if "properties" in schema:
        changed["properties"] = {name: strict(part) for name, part in schema["properties"].items()}
        changed["additionalProperties"] = False
    elif isinstance(schema.get("additionalProperties"), dict):
        changed["additionalProperties"] = strict(schema["additionalProperties"])
    if "items" in schema:
        changed["items"] = strict(schema["items"])
    return changed


def fields(value: Any, path: str = "") -> set[str]:
    """All paths of fields within a value; entries of lists share one."""
    if isinstance(value, list):
        return {field for item in value for field in fields(item, f"{path}[]")}
    if not isinstance(value, dict):
        return {path}
    return {field for key, item in value.items() for field in fields(item, f"{path}.{key}")} | {path}
