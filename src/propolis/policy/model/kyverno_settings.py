"""Kyverno's ConfigMap of settings: which requests are not looked at, and how webhooks are written.

Follows Kyverno pkg/config/config.go and types.go @ v1.19.1: each key stands for itself, and one that
cannot be used leaves its default in force. Without a ConfigMap nothing is filtered or excluded: these are
the defaults of the program, not those that its chart writes.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.lang.quantity import NANO, parse_quantity
from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.struct import ApiStruct

MOST_FILTERS = 10_000
DEFAULT_REGISTRY = "docker.io"
DEFAULT_CONTEXT_BYTES = 2 * 1024 * 1024
DEFAULT_UPDATE_REQUESTS = 1000

_FILTER = re.compile(r"\[([^\[\]]*)\]")
_FILTER_PARTS = 3
_HOST = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}(\.[a-z0-9_][a-z0-9_-]{0,62})*[._]?", re.ASCII | re.IGNORECASE)
_MOST_HOST = 255
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_INT64 = 1 << 63
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class NameFilter(msgspec.Struct, frozen=True):
    """``[KIND,NAMESPACE,NAME]``: wildcards; a part that is left out is empty, and fits the empty text alone.

    Attributes:
        kind: As policies select kinds: with group, version and subresource where they are stated.
    """

    kind: str
    namespace: str = ""
    name: str = ""


class UserPatterns(msgspec.Struct, frozen=True):
    """Wildcards for who asks; one that fits is enough."""

    usernames: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    cluster_roles: tuple[str, ...] = ()


class WebhookSelectors(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Label selectors that every webhook has."""

    namespace_selector: dict[str, Any] | None = None
    object_selector: dict[str, Any] | None = None


class KyvernoSettings(msgspec.Struct, frozen=True):
    """The settings, with defaults for what is not stated or cannot be used.

    Attributes:
        filters: Resources that no policy is asked about.
        excluded: Users whose requests no policy is asked about.
        included: Users (``!`` in the texts) who are not excluded, whatever else fits them.
        conditions: Of webhooks whose policies state none of their own.
        success_event_actions: Actions of which alone successes are told as events; empty for all.
        max_context_bytes: Of what the context of one policy may load.
        problems: What could not be used.
    """

    filters: tuple[NameFilter, ...] = ()
    excluded: UserPatterns = UserPatterns()
    included: UserPatterns = UserPatterns()
    webhook: WebhookSelectors = WebhookSelectors()
    webhook_annotations: dict[str, str] = {}
    webhook_labels: dict[str, str] = {}
    conditions: tuple[NamedExpression, ...] = ()
    default_registry: str = DEFAULT_REGISTRY
    mutates_default_registry: bool = True
    generates_success_events: bool = False
    success_event_actions: frozenset[str] = frozenset()
    update_request_threshold: int = DEFAULT_UPDATE_REQUESTS
    max_context_bytes: int = DEFAULT_CONTEXT_BYTES
    problems: tuple[DocumentError, ...] = ()


class _ConfigMap(ApiStruct, frozen=True, forbid_unknown_fields=False):
    kind: str = ""
    data: dict[str, str] | None = None


def parse_settings(document: Any, path: str = "") -> KyvernoSettings:
    """The settings of a ConfigMap.

    Args:
        document: The object.
        path: Where it stands, for errors.

    Raises:
        DocumentError: It is no ConfigMap; what is wrong with one key is among the problems.
    """
    try:
        data = msgspec.convert(document, _ConfigMap)
    except msgspec.ValidationError as error:
        raise DocumentError(f"the settings cannot be read: {error}", Place(path)) from None
    if data.kind != "ConfigMap":
        raise DocumentError("the settings are of another kind", Place(path), "a ConfigMap")
    return _Reader(data.data or {}, path).settings()


class _Reader:
    """Reads keys, and keeps what is wrong with them."""

    def __init__(self, data: Mapping[str, str], path: str) -> None:
        self._data = data
        self._path = path
        self._problems: list[DocumentError] = []

    def settings(self) -> KyvernoSettings:
        """All of them."""
        excluded, included = self._users()
        found = KyvernoSettings(
            filters=tuple(self._filters(self._data.get("resourceFilters", ""))),
            excluded=excluded,
            included=included,
            webhook=self._json("webhooks", WebhookSelectors | None, None) or WebhookSelectors(),
            webhook_annotations=self._json("webhookAnnotations", dict[str, str] | None, None) or {},
            webhook_labels=self._json("webhookLabels", dict[str, str] | None, None) or {},
            conditions=self._json("matchConditions", tuple[NamedExpression, ...] | None, None) or (),
            default_registry=self._registry(),
            mutates_default_registry=self._boolean("enableDefaultRegistryMutation", default=True),
            generates_success_events=self._boolean("generateSuccessEvents", default=False),
            success_event_actions=frozenset(_listed(self._data.get("successEventActions", ""))),
            update_request_threshold=self._integer("updateRequestThreshold", DEFAULT_UPDATE_REQUESTS),
            max_context_bytes=self._bytes("maxContextSize", DEFAULT_CONTEXT_BYTES),
        )
        return msgspec.structs.replace(found, problems=tuple(self._problems))

    def _wrong(self, key: str, message: str, expected: str = "") -> None:
        self._problems.append(DocumentError(f"data.{key}: {message}", Place(self._path), expected))

    def _filters(self, text: str) -> Iterator[NameFilter]:
        for number, found in enumerate(_FILTER.finditer(text)):
            parts = found[1].split(",")
            if number == MOST_FILTERS:
                self._wrong("resourceFilters", f"more than {MOST_FILTERS:,} filters; the others are left out")
                return
            if len(parts) > _FILTER_PARTS or not parts[0]:
                self._wrong("resourceFilters", f"{found[0]} is left out", "[KIND,NAMESPACE,NAME]")
                continue
            if any(part != part.strip() for part in parts):
                self._wrong("resourceFilters", f"{found[0]}: its spaces are part of the names")
            yield NameFilter(*parts)

    def _users(self) -> tuple[UserPatterns, UserPatterns]:
        """Whom keys exclude, and whom they do not."""
        keys = ("excludeUsernames", "excludeGroups", "excludeRoles", "excludeClusterRoles")
        texts = [list(_listed(self._data.get(key, ""))) for key in keys]
        out = (tuple(one for one in listed if not one.startswith("!")) for listed in texts)
        kept = (tuple(_named(listed)) for listed in texts)
        return UserPatterns(*out), UserPatterns(*kept)

    def _json(self, key: str, kind: Any, default: Any) -> Any:
        text = self._data.get(key)
        if text is None:
            return default
        try:
            return msgspec.json.decode(text, type=kind)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._wrong(key, f"it cannot be read: {error}", "a value in JSON")
            return default

    def _registry(self) -> str:
        text = self._data.get("defaultRegistry")
        if text is None:
            return DEFAULT_REGISTRY
        if _is_host(text.partition("/")[0]):
            return text
        self._wrong("defaultRegistry", f"{text!r} is not used", "a host name")
        return DEFAULT_REGISTRY

    def _boolean(self, key: str, *, default: bool) -> bool:
        text = self._data.get(key)
        if text is None or text in _TRUE | _FALSE:
            return default if text is None else text in _TRUE
        self._wrong(key, f"{text!r} is not used", "true or false")
        return default

    def _integer(self, key: str, default: int) -> int:
        text = self._data.get(key)
        if text is None:
            return default
        if _INTEGER.fullmatch(text) and -_INT64 <= int(text) < _INT64:
            return int(text)
        self._wrong(key, f"{text!r} is not used", "an integer")
        return default

    def _bytes(self, key: str, default: int) -> int:
        text = self._data.get(key)
        quantity = None if text is None else parse_quantity(text)
        if quantity is not None:
            return -(-quantity.nano // NANO)
        if text is not None:
            self._wrong(key, f"{text!r} is not used", "a quantity (100Mi, 2Gi)")
        return default


def _listed(text: str) -> Iterator[str]:
    """The parts of a list with commas; empty ones are left out."""
    return (part for part in map(str.strip, text.split(",")) if part)


def _named(listed: list[str]) -> Iterator[str]:
    """What ``!`` stands before."""
    return (name for name in (one[1:].strip() for one in listed if one.startswith("!")) if name)


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text.replace(".", "")) <= _MOST_HOST and _HOST.fullmatch(text) is not None
    return False
