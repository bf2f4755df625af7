"""Subjects that differ in their document alone."""

import msgspec

from propolis.core.resource import Document
from propolis.policy.engine.subject import PolicySubject


def with_document(subject: PolicySubject, document: Document) -> PolicySubject:
    """The same subject with another document."""
    resource = msgspec.structs.replace(subject.resource, document=document)
    return msgspec.structs.replace(subject, resource=resource)
