"""Policies from the bytes of manifest files."""

from functools import partial

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.resource import Origin
from propolis.lang.yaml import load_documents, position_of
from propolis.policy.model import Policy, is_policy, parse_policy


class LoadedPolicies(msgspec.Struct, frozen=True):
    """What files held: policies, and what was wrong with the others. Other documents are left out."""

    policies: tuple[Policy, ...] = ()
    errors: tuple[DocumentError, ...] = ()


def read_policies(data: bytes, path: str) -> LoadedPolicies:
    """All policies of one file; a document that cannot be read does not stop the others."""
    policies: list[Policy] = []
    errors: list[DocumentError] = []
    for parsed in load_documents(data, path):
        if parsed.error is not None:
            errors.append(parsed.error)
        elif isinstance(parsed.document, dict) and is_policy(parsed.document):
            try:
                locate = partial(position_of, data, parsed.line)
                policies.append(parse_policy(parsed.document, Origin(path, parsed.line), locate))
            except DocumentError as error:
                errors.append(error)
    return LoadedPolicies(tuple(policies), tuple(errors))
