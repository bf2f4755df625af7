"""A report object before it is written, and how one that is there compares."""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from propolis.reports.render.report_result import ReportResult, summary_of

API_VERSION = "wgpolicyk8s.io/v1alpha2"
OWN_LABEL = "propolis.dev/report"
"""Tells the reports of this program from those of others that are labelled alike."""
MANAGED_BY = "app.kubernetes.io/managed-by"

_LEVEL = 1
"""Of compression: fast."""

Key = tuple[str, str]
"""Namespace and name; the namespace is empty for a ClusterPolicyReport."""


class Report(msgspec.Struct, frozen=True):
    """What a report is to say.

    Attributes:
        namespace: Empty for a ClusterPolicyReport.
        labels: Its own.
        scope: The resource, as Kubernetes refers to objects; empty for a report of many.
        owner: Whose end is its end; empty for nobody.
        results: In the order of reports.
    """

    namespace: str
    name: str
    labels: dict[str, str]
    scope: dict[str, str]
    owner: dict[str, str]
    results: tuple[ReportResult, ...]

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.namespace, self.name

    @property
    def digest(self) -> bytes:
        """The same for what says the same, whenever it was found."""
        return _digest(self._encoded)

    def waiting(self) -> "Waiting":
        """The report as it waits to be written."""
        encoded = self._encoded
        return Waiting(_digest(encoded), zlib.compress(encoded, _LEVEL))

    @property
    def _encoded(self) -> bytes:
        return msgspec.json.encode(self, order="deterministic")

    def document(self, since: Mapping[bytes, int], now_seconds: int) -> dict[str, Any]:
        """The object.

        Args:
            since: When results that were there already became so, by their identities.
            now_seconds: For the others.
        """
        metadata: dict[str, Any] = {"name": self.name, "labels": self.labels}
        if self.namespace:
            metadata["namespace"] = self.namespace
        if self.owner:
            metadata["ownerReferences"] = [self.owner]
        results = [one.document(since.get(one.identity, now_seconds)) for one in self.results]
        scope = {"scope": self.scope} if self.scope else {}
        summary = summary_of(one.result for one in self.results)
        head = {"apiVersion": API_VERSION, "kind": kind_of(self.key), "metadata": metadata}
        return {**head, **scope, "summary": summary, "results": results}


class Waiting(msgspec.Struct, frozen=True):
    """A report that waits to be written: a digest and, compressed, the report."""

    digest: bytes
    packed: bytes

    @property
    def report(self) -> Report:
        """The report."""
        return msgspec.json.decode(zlib.decompress(self.packed), type=Report)


class _Timestamp(msgspec.Struct, frozen=True):
    seconds: int = 0


class _StoredResult(ReportResult, frozen=True):
    timestamp: _Timestamp | None = None


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    labels: dict[str, str] = {}
    owner_references: tuple[dict[str, Any], ...] = ()


class _Stored(msgspec.Struct, frozen=True):
    metadata: _Metadata
    scope: dict[str, str] = {}
    results: tuple[_StoredResult, ...] = ()


class StoredReport(msgspec.Struct, frozen=True):
    """A report that is there.

    Attributes:
        report: What it says, as this program would say it.
        since: When its results became so, by their identities.
    """

    report: Report
    since: dict[bytes, int]


def read_report(body: bytes) -> StoredReport:
    """Reads an object of the API server.

    Raises:
        msgspec.DecodeError: It has not the shape of a report of this program.
    """
    stored = msgspec.json.decode(body, type=_Stored)
    metadata, since = stored.metadata, {}
    results = []
    for one in stored.results:
        fields = {name: getattr(one, name) for name in ReportResult.__struct_fields__}
        result = ReportResult(**fields)
        results.append(result)
        since[result.identity] = one.timestamp.seconds if one.timestamp is not None else 0
    owners = metadata.owner_references
    report = Report(
        namespace=metadata.namespace,
        name=metadata.name,
        labels={name: text for name, text in metadata.labels.items() if name in (MANAGED_BY, OWN_LABEL)},
        scope=stored.scope,
        owner={name: str(value) for name, value in owners[0].items()} if owners else {},
        results=tuple(results),
    )
    return StoredReport(report, since)


def _digest(encoded: bytes) -> bytes:
    return hashlib.blake2b(encoded, digest_size=16).digest()


def kind_of(key: Key) -> str:
    """The kind of a report."""
    return "PolicyReport" if key[0] else "ClusterPolicyReport"


def path_of(key: Key) -> str:
    """Where a report is on the API server."""
    namespace, name = (quote(part, safe="") for part in key)
    if namespace:
        return f"/apis/{API_VERSION}/namespaces/{namespace}/policyreports/{name}"
    return f"/apis/{API_VERSION}/clusterpolicyreports/{name}"
