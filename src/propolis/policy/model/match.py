"""Which resources, operations and users a rule is for."""

from typing import Any, Literal

from propolis.policy.model.struct import ApiStruct

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]


class Subject(ApiStruct, frozen=True):
    """A user, group or service account, as in a RoleBinding."""

    kind: str
    name: str
    api_group: str | None = None
    namespace: str | None = None


class ResourceDescription(ApiStruct, frozen=True):
    """What a resource must look like; all given fields must hold."""

    kinds: tuple[str, ...] | None = None
    name: str | None = None
    names: tuple[str, ...] | None = None
    namespaces: tuple[str, ...] | None = None
    annotations: dict[str, str] | None = None
    selector: dict[str, Any] | None = None
    namespace_selector: dict[str, Any] | None = None
    operations: tuple[Operation, ...] | None = None


class ResourceFilter(ApiStruct, frozen=True):
    """A description of resources and of who asks."""

    resources: ResourceDescription | None = None
    subjects: tuple[Subject, ...] | None = None
    roles: tuple[str, ...] | None = None
    cluster_roles: tuple[str, ...] | None = None


class MatchResources(ResourceFilter, frozen=True):
    """Any of some filters, or all of them, or one filter written in place."""

    any: tuple[ResourceFilter, ...] | None = None
    all: tuple[ResourceFilter, ...] | None = None

    def filters(self) -> tuple[ResourceFilter, ...]:
        """The filters, however they are joined."""
        if self.any or self.all:
            return self.any or self.all or ()
        return (ResourceFilter(self.resources, self.subjects, self.roles, self.cluster_roles),)

    def kinds(self) -> tuple[str, ...]:
        """Every kind selector of every filter, in Kyverno's order."""
        own = self.resources.kinds if self.resources and self.resources.kinds else ()
        named = [
            kind
            for item in (*(self.all or ()), *(self.any or ()))
            if item.resources
            for kind in item.resources.kinds or ()
        ]
        return (*own, *named)
