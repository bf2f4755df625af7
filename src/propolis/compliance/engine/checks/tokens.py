"""The token of the service account in every pod."""

from propolis.compliance.engine.checks.wording import config_rule, shown_field
from propolis.compliance.lookups import service_account
from propolis.compliance.model.check import Fault, LookupCheck
from propolis.compliance.model.pod import PodView, map_of
from propolis.core.evaluation import LookupKey
from propolis.core.finding import Severity
from propolis.core.resource import Document

FIELD = "automountServiceAccountToken"


def account_name(pod: PodView) -> str:
    """The service account as which a pod runs."""
    name = pod.spec.get("serviceAccountName") or pod.spec.get("serviceAccount")
    return name if isinstance(name, str) and name else "default"


def _asks(pod: PodView) -> LookupKey | None:
    """The ServiceAccount decides only where the pod says nothing."""
    if pod.spec.get(FIELD) is not None:
        return None
    return service_account(pod.ref.namespace, account_name(pod))


def _mounts_token(pod: PodView, account: Document | None) -> Fault | None:
    decides = pod.spec if pod.spec.get(FIELD) is not None else map_of(account)
    if decides.get(FIELD) is False:
        return None
    return Fault(
        f"carries a token of ServiceAccount {account_name(pod)} that opens the API",
        f"{pod.path}.{FIELD}",
        shown_field(pod.spec, FIELD),
        "set it to false unless the program calls the API",
    )


CHECKS = (
    LookupCheck(
        config_rule(
            "KSV-0036",
            "Pods get no service account token that they do not need",
            Severity.MEDIUM,
            "Identity",
            "disable-token-automount",
            "Set automountServiceAccountToken to false in the pod or its ServiceAccount.",
        ),
        _asks,
        _mounts_token,
    ),
)
