"""The objects of a file of kind Context, which answer what policies ask of a cluster."""

from collections.abc import Iterator

from propolis.core.resource import Origin, Resource
from propolis.policy.model.kyverno_test import ContextFile
from propolis.policy.sources.test_files import resource_of


def objects_of(context: ContextFile, path: str) -> Iterator[Resource]:
    """The objects of a file; what has no namespace and may have one is in ``default``."""
    for document in context.resources or ():
        yield resource_of(document, Origin(path))
