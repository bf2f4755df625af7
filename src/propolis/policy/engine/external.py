"""Context entries that the world answers: ConfigMaps, API calls, global entries, image data.

Follows Kyverno pkg/engine/context/loaders @ 111e07b. A namespaced policy sees its namespace only.
"""

from collections.abc import Callable
from typing import Any

from propolis.core.evaluation import LookupKey
from propolis.lang.jmespath import ExpressionError, compile_expression
from propolis.lang.jmespath.values import to_json
from propolis.policy import lookups
from propolis.policy.engine.context import Context, ContextError
from propolis.policy.engine.variables import compile_document
from propolis.policy.model.context import ApiCall, ConfigMapReference, GlobalReference, ImageRegistry

Load = Callable[[Context], Any]


def compile_config_map(name: str, source: ConfigMapReference, policy_namespace: str) -> Load:
    """Loads ``data`` and ``metadata`` of a ConfigMap."""
    config_name, namespace = compile_document(source.name), compile_document(source.namespace or "")

    def load(context: Context) -> Any:
        where = namespace(context) or policy_namespace or "default"
        what = config_name(context)
        if not isinstance(where, str) or not isinstance(what, str):
            raise ContextError(f"context entry {name}: the name of the ConfigMap is no string")
        if policy_namespace and where != policy_namespace:
            raise ContextError(
                f"context entry {name}: configMap namespace {where!r} is different "
                f"from policy namespace {policy_namespace!r}"
            )
        found = _ask(context, lookups.config_map_key(where, what), f"get configmap {where}/{what}")
        if not isinstance(found, dict):
            raise ContextError(f"context entry {name}: configmap {where}/{what} is no object")
        return {"data": found.get("data"), "metadata": found.get("metadata")}

    return load


def _ask(context: Context, key: LookupKey, what: str) -> Any:
    answer = context.environment.ask(key)
    if answer.error:
        raise ContextError(f"failed to {what}: {answer.error}")
    if answer.value is None:
        raise ContextError(f"failed to {what}: not found")
    return answer.value


def compile_api_call(name: str, source: ApiCall, policy_namespace: str) -> Load:
    """Loads what a call gives, narrowed by a query; the default where the call fails."""
    key_of = _service_key(source) if source.service else _path_key(name, source, policy_namespace)
    default = compile_document(source.default) if source.default is not None else None
    narrow = _compile_query(name, source.jmes_path)

    def load(context: Context) -> Any:
        key = key_of(context)
        try:
            found = _ask(context, key, f"{key.arguments[0]} {key.arguments[1]}")
        except ContextError:
            if default is None:
                raise
            return default(context)
        return narrow(found, context)

    return load


def _path_key(name: str, source: ApiCall, policy_namespace: str) -> Callable[[Context], LookupKey]:
    path, body = compile_document(source.url_path or ""), _compile_body(source)
    method = source.method or "GET"

    def key_of(context: Context) -> LookupKey:
        found = path(context)
        if not isinstance(found, str):
            raise ContextError(f"context entry {name}: urlPath is no string")
        if policy_namespace and not _stays_in(found, policy_namespace):
            raise ContextError(f"context entry {name}: urlPath {found!r} leaves the policy namespace")
        return lookups.api_call_key(method, found, body(context))

    return key_of


def _stays_in(path: str, namespace: str) -> bool:
    """Whether a path names objects of one namespace, with nothing that climbs out of it."""
    parts = path.partition("?")[0].split("/")
    if ".." in parts or "%" in path or "namespaces" not in parts:
        return False
    after = parts[parts.index("namespaces") + 1 :]
    return len(after) > 1 and after[0] == namespace


def _service_key(source: ApiCall) -> Callable[[Context], LookupKey]:
    service = source.service
    url = compile_document(service.url if service else "")
    headers = compile_document(
        {item.key: item.value for item in (service.headers if service else None) or ()}
    )
    body, method = _compile_body(source), source.method or "GET"
    bundle = (service.ca_bundle if service else "") or ""

    def key_of(context: Context) -> LookupKey:
        found = headers(context)
        written = to_json(found) if found else ""
        return lookups.service_call_key(method, str(url(context)), body(context), written, bundle)

    return key_of


def _compile_body(source: ApiCall) -> Callable[[Context], str]:
    """The body of a POST as JSON; empty for a GET."""
    pairs = compile_document({item.key: item.value for item in source.data or ()})
    if source.method != "POST":
        return lambda _: ""
    return lambda context: to_json(pairs(context))


def _compile_query(name: str, text: str | None) -> Callable[[Any, Context], Any]:
    if not text:
        return lambda value, _: value
    query = compile_document(text)

    def narrow(value: Any, context: Context) -> Any:
        found = str(query(context)).strip()
        try:
            return compile_expression(found).search(value, context.environment)
        except ExpressionError as error:
            raise ContextError(
                f"failed to apply jmespath {found} for context entry {name}: {error.message}"
            ) from error

    return narrow


def compile_global_reference(name: str, source: GlobalReference, policy_namespace: str) -> Load:
    """Loads a value that is kept for all policies."""
    if policy_namespace:
        return _refused(f"context entry {name}: globalReference is not allowed in namespaced policies")
    entry, narrow = compile_document(source.name), _compile_query(name, source.jmes_path)

    def load(context: Context) -> Any:
        found, _, projection = str(entry(context)).partition(".")
        return narrow(
            _ask(context, lookups.global_context_key(found, projection), f"fetch entry {found}"), context
        )

    return load


def compile_image_registry(name: str, source: ImageRegistry) -> Load:
    """Loads what a registry says of an image."""
    reference, narrow = compile_document(source.reference), _compile_query(name, source.jmes_path)

    def load(context: Context) -> Any:
        found = reference(context)
        if not isinstance(found, str):
            raise ContextError(f"context entry {name}: the image reference is no string")
        return narrow(_ask(context, lookups.image_data_key(found), f"fetch image {found}"), context)

    return load


def _refused(message: str) -> Load:
    def load(context: Context) -> Any:
        del context
        raise ContextError(message)

    return load
