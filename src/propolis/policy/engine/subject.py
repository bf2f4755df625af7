"""What is judged: a resource and the request that brings it."""

from typing import Any

import msgspec

from propolis.core.resource import Document, Resource


class UserInfo(msgspec.Struct, frozen=True):
    """Who asks. Empty when nobody does, as in a scan of what is there."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, Any] = {}
    roles: tuple[str, ...] = ()
    cluster_roles: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known about who asks."""
        return self == _NOBODY


_NOBODY = UserInfo()


class PolicySubject(msgspec.Struct, frozen=True):
    """A resource as one request brings it.

    Attributes:
        resource: The new object; of a DELETE the object that goes.
        old: The object before an UPDATE.
        request: More fields of ``request`` that variables may name (``uid``, ``dryRun``).
        values: More values at the root of the variables, as a values file gives them.
        is_background: Whether this is a scan, so that policies that are not for scans stay away.
    """

    resource: Resource
    old: Document | None = None
    operation: str = "CREATE"
    subresource: str = ""
    user: UserInfo = _NOBODY
    request: dict[str, Any] = {}
    values: dict[str, Any] = {}
    is_background: bool = False
