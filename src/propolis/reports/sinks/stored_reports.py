"""The reports of this program that an API server has."""

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.discovery import JSON
from propolis.core.errors import SourceError
from propolis.reports.sinks.report import API_VERSION, OWN_LABEL, Key, read_report

PAGE = 250
MOST_REPORTS = 2_000_000
_NOT_FOUND = 404
UNKNOWN = b""
"""The digest of a report that may be there, and says nobody knows what: equal to none."""


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    namespace: str = ""
    continue_: str | None = msgspec.field(default="", name="continue")


class _Item(msgspec.Struct, frozen=True):
    metadata: _Metadata


class _Page(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    items: tuple[msgspec.Raw, ...] | None = None


async def stored_digests(client: ApiClient) -> dict[Key, bytes]:
    """The digests of all reports with this program's label.

    Raises:
        SourceError: They cannot be listed; among others, that the definitions of reports are not installed.
    """
    found: dict[Key, bytes] = {}
    for plural in ("policyreports", "clusterpolicyreports"):
        found |= await _listed(client, plural)
    return found


async def _listed(client: ApiClient, plural: str) -> dict[Key, bytes]:
    found: dict[Key, bytes] = {}
    query = {"limit": str(PAGE), "labelSelector": OWN_LABEL}
    while True:
        page = await _page(client, plural, query)
        for item in page.items or ():
            found.update([_read(client, item)])
        if not page.metadata.continue_:
            return found
        if len(found) > MOST_REPORTS:
            raise SourceError(f"list {plural}", client.server, f"more than {MOST_REPORTS:,} objects")
        query["continue"] = page.metadata.continue_


async def _page(client: ApiClient, plural: str, query: dict[str, str]) -> _Page:
    asked = f"list {plural}"
    try:
        body = await client.get(f"/apis/{API_VERSION}/{plural}", asked, JSON, query)
        return msgspec.json.decode(body, type=_Page)
    except RefusedError as error:
        if error.status != _NOT_FOUND:
            raise
        told = f"it does not serve {plural} of {API_VERSION}: install their CustomResourceDefinitions"
        raise RefusedError(asked, client.server, told, _NOT_FOUND, try_again=True) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SourceError(asked, client.server, f"the answer cannot be read: {error}") from error


def _read(client: ApiClient, item: bytes) -> tuple[Key, bytes]:
    try:
        report = read_report(item).report
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _key(client, item), UNKNOWN
    return report.key, report.digest


def _key(client: ApiClient, item: bytes) -> Key:
    try:
        metadata = msgspec.json.decode(item, type=_Item).metadata
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SourceError("list reports", client.server, f"the answer cannot be read: {error}") from error
    return metadata.namespace, metadata.name
