"""Webhooks of others that are asked about the same resources; they are told, never touched."""

from collections.abc import Iterable, Iterator

import msgspec

from propolis.app.configured_webhooks import AskedRule, Configured
from propolis.core.resource import Document

MOST_TOLD = 5
"""Resources that a line names."""
_ANY = "*"
_KYVERNO = ("kyverno-resource-validating-webhook-cfg", "kyverno-resource-mutating-webhook-cfg")


class Beside(msgspec.Struct, frozen=True):
    """A configuration of others and what it has in common with this server's.

    Attributes:
        resources: As paths name them, of those that this server is asked about.
        is_kyverno: Whether it is Kyverno's for the resources that its policies are for.
    """

    kind: str
    name: str
    resources: tuple[str, ...]
    is_kyverno: bool

    @property
    def text(self) -> str:
        """One line for people."""
        named = ", ".join(self.resources[:MOST_TOLD])
        more = len(self.resources) - MOST_TOLD
        about = f"{self.kind} {self.name} is asked about {named}{f' and {more} more' if more > 0 else ''} too"
        if self.is_kyverno:
            return f"warning: {about}: a policy that Kyverno has as well is enforced twice"
        return about


def others_beside(configured: Iterable[Configured], own: Iterable[Document], name: str) -> tuple[Beside, ...]:
    """Configurations of others of the same kind that ask for what this server's own ask for."""
    asked: dict[str, set[tuple[str, str]]] = {}
    for document in own:
        asked.setdefault(document["kind"], set()).update(_asked(document))
    found = (_beside(one, asked.get(one.kind, set())) for one in configured if one.of != name)
    return tuple(one for one in found if one.resources)


def _asked(document: Document) -> Iterator[tuple[str, str]]:
    for webhook in document["webhooks"]:
        for rule in webhook["rules"]:
            for group in rule["apiGroups"]:
                yield from ((group, resource) for resource in rule["resources"])


def _beside(configured: Configured, asked: set[tuple[str, str]]) -> Beside:
    rules = [rule for webhook in configured.webhooks for rule in webhook.rules or ()]
    shared = sorted({resource for group, resource in asked if _is_asked(rules, group, resource)})
    return Beside(configured.kind, configured.name, tuple(shared), configured.name in _KYVERNO)


def _is_asked(rules: Iterable[AskedRule], group: str, resource: str) -> bool:
    return any(
        (_ANY in rule.api_groups or group in rule.api_groups)
        and any(_covers(one, resource) for one in rule.resources)
        for rule in rules
    )


def _covers(pattern: str, resource: str) -> bool:
    """Whether a resource is meant: ``*`` stands for resources, ``*/*`` for their subresources too."""
    kind, _, sub = pattern.partition("/")
    own_kind, _, own_sub = resource.partition("/")
    if kind not in (_ANY, own_kind):
        return False
    return sub == own_sub or (sub == _ANY and (bool(own_sub) or kind == _ANY))
