"""What the configuration audit asks of the world: the ServiceAccount of a pod."""

from propolis.core.evaluation import Answer, LookupKey
from propolis.core.inventory import Inventory

SERVICE_ACCOUNT = "serviceaccount"
"""Kind of look-up: arguments are namespace and name, the answer is the document or None."""


def service_account(namespace: str, name: str) -> LookupKey:
    """The question for a ServiceAccount."""
    return LookupKey(SERVICE_ACCOUNT, (namespace, name))


def answer(key: LookupKey, inventory: Inventory) -> Answer:
    """The answer from what was observed; a ServiceAccount that is not there has the value None."""
    namespace, name = key.arguments
    found = inventory.get("ServiceAccount", namespace, name, group="")
    if found is None:
        return Answer()
    metadata = found.document.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    return Answer(value=found.document, version=str(version or ""))
