"""Policies from the bytes of manifest files."""

from functools import partial

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.resource import Origin
from propolis.lang.yaml import load_documents, position_of
from propolis.policy.model import Policy, is_policy, parse_policy
from propolis.policy.model.cleanup import CleanupPolicy, is_cleanup_policy, parse_cleanup_policy
from propolis.policy.model.exception import PolicyException, is_exception, parse_exception
from propolis.policy.model.global_context import (
    GlobalContextEntry,
    is_global_context_entry,
    parse_global_context_entry,
)


class LoadedPolicies(msgspec.Struct, frozen=True):
    """What files held: policies, what they need, and what was wrong. Other documents are left out."""

    policies: tuple[Policy, ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    errors: tuple[DocumentError, ...] = ()
    cleanups: tuple[CleanupPolicy, ...] = ()
    global_contexts: tuple[GlobalContextEntry, ...] = ()


def read_policies(data: bytes, path: str) -> LoadedPolicies:
    """All policies and exceptions of one file; a document that cannot be read does not stop the others."""
    policies: list[Policy] = []
    exceptions: list[PolicyException] = []
    errors: list[DocumentError] = []
    cleanups: list[CleanupPolicy] = []
    global_contexts: list[GlobalContextEntry] = []
    for parsed in load_documents(data, path):
        try:
            if parsed.error is not None:
                errors.append(parsed.error)
            elif isinstance(parsed.document, dict) and is_policy(parsed.document):
                locate = partial(position_of, data, parsed.line)
                policies.append(parse_policy(parsed.document, Origin(path, parsed.line), locate))
            elif isinstance(parsed.document, dict) and is_exception(parsed.document):
                exceptions.append(parse_exception(parsed.document, Origin(path, parsed.line)))
            elif isinstance(parsed.document, dict) and is_cleanup_policy(parsed.document):
                cleanups.append(parse_cleanup_policy(parsed.document, Origin(path, parsed.line)))
            elif isinstance(parsed.document, dict) and is_global_context_entry(parsed.document):
                global_contexts.append(parse_global_context_entry(parsed.document, Origin(path, parsed.line)))
        except DocumentError as error:
            errors.append(error)
    return LoadedPolicies(
        tuple(policies), tuple(exceptions), tuple(errors), tuple(cleanups), tuple(global_contexts)
    )
