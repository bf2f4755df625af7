"""What a policy has done to resources: patches, objects to make, objects to delete."""

from datetime import datetime
from typing import Any

from propolis.core.action import Action
from propolis.core.resource import Document


class PolicyAction(Action, frozen=True):
    """What rules of policies want done.

    Attributes:
        rules: The rules, as ``policy/rule``.
    """

    rules: tuple[str, ...]


class Patch(PolicyAction, frozen=True):
    """Changes a resource: the one that a request brings, or one that exists.

    Attributes:
        operations: JSON Patch (RFC 6902) from the document that was judged to ``document``.
        document: The resource afterwards.
        is_existing: Whether it is a resource of the cluster, not the request's own.
    """

    operations: tuple[dict[str, Any], ...]
    document: Document
    is_existing: bool = False


class Create(PolicyAction, frozen=True):
    """Makes a resource that is not there.

    Attributes:
        applies: Whether by server-side apply.
    """

    document: Document
    applies: bool = False


class Update(PolicyAction, frozen=True):
    """Brings a resource that a policy made back to what the policy says."""

    document: Document
    applies: bool = False


class Delete(PolicyAction, frozen=True):
    """Deletes a resource, not before a time.

    Attributes:
        at: When; None for now.
        propagation: ``Foreground``, ``Background``, ``Orphan``, or empty for the server's default.
    """

    at: datetime | None = None
    propagation: str = ""
