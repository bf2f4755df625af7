"""Paths of the Kubernetes API as questions: ``/apis/apps/v1/namespaces/shop/deployments?labelSelector=a=b``.

Follows kubernetes.io/docs/reference/using-api/api-concepts (resource URIs, label and field selectors).
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from propolis.core.errors import DocumentError
from propolis.lang.label_selector import Labels, compile_selector
from propolis.lang.selector_text import parse_selector_text

_CORE_PARTS = 2  # api, version
_GROUP_PARTS = 3  # apis, group, version
_OF_NAMESPACES = frozenset({"status", "finalize"})


class ApiPath(msgspec.Struct, frozen=True):
    """What a path names: one object where it has a name, else all of a resource in a namespace or everywhere.

    Attributes:
        resource: As paths write it: ``deployments``.
        label_selector: As the query has it; empty for none.
    """

    group: str
    version: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    label_selector: str = ""
    field_selector: str = ""

    @property
    def api_version(self) -> str:
        """As documents write it."""
        return f"{self.group}/{self.version}" if self.group else self.version


def parse_api_path(text: str) -> ApiPath | None:
    """The question of a path; None for one that names no resource (``/version``, ``/apis``)."""
    path, _, query = text.partition("?")
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) > _CORE_PARTS:
        group, version, rest = "", parts[1], parts[_CORE_PARTS:]
    elif parts[0] == "apis" and len(parts) > _GROUP_PARTS:
        group, version, rest = parts[1], parts[2], parts[_GROUP_PARTS:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > _CORE_PARTS and rest[2] not in _OF_NAMESPACES:
        namespace, rest = rest[1], rest[2:]
    asked = {key: values[-1] for key, values in parse_qs(query).items()}
    resource, name, subresource = (*rest, "", "")[:3]
    return ApiPath(
        group,
        version,
        resource,
        namespace,
        name,
        subresource,
        asked.get("labelSelector", ""),
        asked.get("fieldSelector", ""),
    )


def compile_labels(text: str) -> Callable[[Labels], bool]:
    """Whether labels meet a selector as a query writes it.

    Raises:
        DocumentError: It is none.
    """
    return compile_selector(parse_selector_text(text), "labelSelector").matches


def compile_fields(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a document meets a field selector: paths that must, or must not, have a text.

    Raises:
        DocumentError: It is none.
    """
    terms = [_term(part) for part in text.split(",") if part]
    return lambda document: all(
        (_at(document, path) == wanted) is is_equal for path, wanted, is_equal in terms
    )


def _term(text: str) -> tuple[list[str], str, bool]:
    key, equals, wanted = text.partition("=")
    if not equals:
        raise DocumentError(f"fieldSelector: {text!r} is no term", expected="path=text or path!=text")
    is_equal = not key.endswith("!")
    return key.removesuffix("!").split("."), wanted.removeprefix("="), is_equal


def _at(value: Any, path: list[str]) -> str:
    """The text at a path; empty where there is none, as the API server has it."""
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
