"""CustomResourceDefinitions of the kinds that are ours, as they are given to an API server."""

from propolis.core.resource import Document
from propolis.policy.model.schema.definitions import definitions

LABELS = {"app.kubernetes.io/name": "propolis", "app.kubernetes.io/part-of": "propolis"}


def custom_resources() -> list[Document]:
    """The definitions of policies, exceptions, global entries and reports."""
    return [{**one, "metadata": {**one["metadata"], "labels": LABELS}} for one in definitions()]
