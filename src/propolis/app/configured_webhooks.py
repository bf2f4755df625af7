"""Configurations of webhooks that are in a cluster, whosever they are, as far as they are read."""

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import JSON
from propolis.core.errors import SourceError

API_VERSION = "admissionregistration.k8s.io/v1"
PATH = f"/apis/{API_VERSION}"
MUTATE, VALIDATE = "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"
PLURALS = {MUTATE: "mutatingwebhookconfigurations", VALIDATE: "validatingwebhookconfigurations"}
OF_LABEL = "propolis.dev/admission"
"""Label of configurations: the name of the server that wrote them."""


class AskedRule(msgspec.Struct, frozen=True, rename="camel"):
    """What a webhook of anybody asks for."""

    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


class ConfiguredWebhook(msgspec.Struct, frozen=True):
    """A webhook of anybody."""

    name: str = ""
    rules: tuple[AskedRule, ...] | None = None


class Configured(msgspec.Struct, frozen=True):
    """A configuration of webhooks that is in the cluster.

    Attributes:
        of: The name of the admission server that wrote it; empty for those of others.
    """

    kind: str
    name: str
    of: str
    webhooks: tuple[ConfiguredWebhook, ...]


class _Metadata(msgspec.Struct, frozen=True):
    name: str = ""
    labels: dict[str, str] | None = None


class _Item(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    webhooks: tuple[ConfiguredWebhook, ...] | None = None


class _List(msgspec.Struct, frozen=True):
    items: tuple[_Item, ...] | None = None


async def configured_webhooks(client: ApiClient) -> tuple[Configured, ...]:
    """All configurations of webhooks that are there, whosever they are.

    Raises:
        SourceError: The server refuses or does not answer.
    """
    found: list[Configured] = []
    for kind, plural in PLURALS.items():
        body = await client.get(f"{PATH}/{plural}", f"list {plural}", JSON, {})
        try:
            items = msgspec.json.decode(body, type=_List).items or ()
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise SourceError(
                f"list {plural}", client.server, f"the answer cannot be read: {error}"
            ) from error
        found += [_configured(kind, one) for one in items]
    return tuple(found)


def _configured(kind: str, item: "_Item") -> Configured:
    metadata = item.metadata
    return Configured(kind, metadata.name, (metadata.labels or {}).get(OF_LABEL, ""), item.webhooks or ())
