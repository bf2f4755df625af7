"""What an operator is told."""

from pathlib import Path

import msgspec


class OperatorOptions(msgspec.Struct, frozen=True):
    """What an operator is told.

    Attributes:
        policies: Files and folders.
        from_cluster: Whether policies that are objects of the cluster count too.
        has_native: Whether those that the API server itself enforces count among them.
        exceptions: Files and folders.
        kubeconfig: Of the API server; None for the pod's own account, or the settings'.
        store: Where findings are stored, for the console; None for nowhere.
        cluster: By which name; of the context when empty.
        host: On which health and metrics are served.
        port: The same; 0 for any that is free.
    """

    policies: tuple[str, ...] = ()
    from_cluster: bool = False
    has_native: bool = True
    exceptions: tuple[str, ...] = ()
    kubeconfig: Path | None = None
    context: str = ""
    store: Path | None = None
    cluster: str = ""
    host: str = "127.0.0.1"
    port: int = 9444
