"""Calls the functions of a CEL library without a parser."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from propolis.core.evaluation import Answer, LookupKey, MissingLookups
from propolis.lang.cel.library import Library, Overload, Runtime

NOW = datetime(2026, 8, 21, 10, 30, 15, 123456, tzinfo=UTC)


def overload(library: Library, overload_id: str) -> Overload:
    """The overload of an id."""
    return next(one for item in library.functions for one in item.overloads if one.id == overload_id)


def run(
    library: Library, overload_id: str, *arguments: Any, answers: Mapping[LookupKey, Answer] | None = None
) -> Any:
    """What an overload gives; a look-up without an answer raises `MissingLookups`."""
    found = overload(library, overload_id)
    assert len(arguments) == len(found.arguments), f"{overload_id} takes {len(found.arguments)} arguments"
    first = (runtime(answers),) if found.needs_runtime else ()
    return found.call(*first, *arguments)


def runtime(answers: Mapping[LookupKey, Answer] | None = None) -> Runtime:
    """An evaluation at `NOW` with some answers."""
    known = answers or {}

    def ask(key: LookupKey) -> Answer:
        if key not in known:
            raise MissingLookups([key])
        return known[key]

    return Runtime(NOW, ask)
