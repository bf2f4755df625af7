"""What an operator is told."""

from pathlib import Path
from typing import Literal

import msgspec

from propolis.app.admission_options import DEFAULT_NAMESPACE
from propolis.app.egress import DEFAULT_EGRESS, Egress

Reports = Literal["resource", "namespace", "none"]


class OperatorOptions(msgspec.Struct, frozen=True):
    """What an operator is told.

    Attributes:
        policies: Files and folders.
        from_cluster: Whether policies that are objects of the cluster count too.
        has_native: Whether those that the API server itself enforces count among them.
        exceptions: Files and folders.
        kubeconfig: Of the API server; None for the pod's own account, or the settings'.
        settings: Kyverno's ConfigMap, ``NAMESPACE/NAME``: its ``resourceFilters`` count; empty for none.
        settings_file: The same in a file.
        lease: ``NAMESPACE/NAME`` of the lease by which one of several replicas leads; empty for the only one.
        reports: Of which there is one each: a resource, a namespace; or none.
        has_events: Whether new failures are told as events.
        omitted_events: Reasons of events that are not told.
        store: Where findings are stored, for the console; None for nowhere.
        cluster: By which name; of the context when empty.
        egress: Which services policies may call.
        acts: Whether what policies want done is carried out: resources made, changed and deleted.
        namespace: Where admission leaves its UpdateRequests.
        host: On which health and metrics are served.
        port: The same; 0 for any that is free.
    """

    policies: tuple[str, ...] = ()
    from_cluster: bool = False
    has_native: bool = True
    exceptions: tuple[str, ...] = ()
    kubeconfig: Path | None = None
    context: str = ""
    settings: str = ""
    settings_file: Path | None = None
    lease: str = ""
    reports: Reports = "resource"
    has_events: bool = True
    omitted_events: frozenset[str] = frozenset()
    store: Path | None = None
    cluster: str = ""
    egress: Egress = DEFAULT_EGRESS
    acts: bool = False
    namespace: str = DEFAULT_NAMESPACE
    host: str = "127.0.0.1"
    port: int = 9444
