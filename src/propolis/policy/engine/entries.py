"""Context entries compiled to functions that load them when they are named."""

from collections.abc import Callable
from typing import Any

from propolis.lang.jmespath import ExpressionError, compile_expression
from propolis.policy.engine.context import Context, ContextError, Entry
from propolis.policy.engine.external import (
    compile_api_call,
    compile_config_map,
    compile_global_reference,
    compile_image_registry,
)
from propolis.policy.engine.variables import Resolve, compile_document
from propolis.policy.model.context import ContextEntry, Variable


def compile_entries(
    entries: tuple[ContextEntry, ...] | None, policy_namespace: str = ""
) -> tuple[Entry, ...]:
    """The entries of a rule, in order."""
    return tuple(
        Entry(entry.name, _compile(entry, policy_namespace), is_external=entry.variable is None)
        for entry in entries or ()
    )


def _compile(entry: ContextEntry, policy_namespace: str) -> Callable[[Context], Any]:
    if entry.variable:
        return _compile_variable(entry.name, entry.variable)
    if entry.config_map:
        return compile_config_map(entry.name, entry.config_map, policy_namespace)
    if entry.api_call:
        return compile_api_call(entry.name, entry.api_call, policy_namespace)
    if entry.global_reference:
        return compile_global_reference(entry.name, entry.global_reference, policy_namespace)
    if entry.image_registry:
        return compile_image_registry(entry.name, entry.image_registry)
    return _without_source(entry.name)


def _without_source(name: str) -> Callable[[Context], Any]:
    def load(context: Context) -> Any:
        del context
        raise ContextError(f"context entry {name} has no source")

    return load


def _compile_variable(name: str, variable: Variable) -> Callable[[Context], Any]:
    """The value, or a query on it or on the context; the default where that gives null or fails."""
    path = compile_document(variable.jmes_path) if variable.jmes_path else None
    default = compile_document(variable.default) if variable.default is not None else None
    value = compile_document(variable.value) if variable.value is not None else None

    def load(context: Context) -> Any:
        query = _query_text(path, context, name) if path else ""
        fallback = default(context) if default else None
        found = value(context) if value else None
        if query:
            found = _search(query, found, context, has_value=value is not None, name=name, fallback=fallback)
        if found is None:
            found = fallback
        if found is None:
            raise ContextError(f"failed to add context entry for variable {name} since it evaluated to nil")
        return found

    return load


def _query_text(path: Resolve, context: Context, name: str) -> str:
    query = path(context)
    if not isinstance(query, str):
        raise ContextError(f"jmespath value must be a string {name}")
    return query


def _search(query: str, value: Any, context: Context, *, has_value: bool, name: str, fallback: Any) -> Any:
    try:
        expression = compile_expression(query.strip())
        return expression.query(value, context.environment) if has_value else context.query(expression)
    except ExpressionError as error:
        if fallback is None:
            raise ContextError(
                f"failed to apply jmespath {query} to variable {name}: {error.message}"
            ) from error
        return None
