"""The token of the service account in every pod."""

from propolis.compliance.engine.checks.wording import config_rule, shown_field
from propolis.compliance.lookups import service_account
from propolis.compliance.model.check import Fault, LookupCheck, PodCheck
from propolis.compliance.model.pod import PodView, map_of, numbered_maps
from propolis.core.evaluation import LookupKey
from propolis.core.finding import Severity
from propolis.core.resource import Document

FIELD = "automountServiceAccountToken"
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  # where the token lies
CATEGORY = "Identity"


def account_name(pod: PodView) -> str:
    """The service account as which a pod runs."""
    name = pod.spec.get("serviceAccountName") or pod.spec.get("serviceAccount")
    return name if isinstance(name, str) and name else "default"


def _asks_for_token(pod: PodView) -> Fault | None:
    """The pod says itself that it wants the token, or mounts something in its place."""
    if FIELD in pod.spec:
        return _carries_token(pod) if pod.spec[FIELD] is True else None
    for container in pod.containers:
        for index, mount in numbered_maps(container.document.get("volumeMounts")):
            if mount.get("mountPath") == TOKEN_PATH:
                place = f"{container.path}.volumeMounts[{index}].mountPath"
                return Fault(
                    "mounts a token that opens the API",
                    place,
                    TOKEN_PATH,
                    "remove it if nobody calls the API",
                )
    return None


def _asks_for_account(pod: PodView) -> LookupKey | None:
    """The ServiceAccount decides where the pod says nothing."""
    return None if FIELD in pod.spec else service_account(pod.ref.namespace, account_name(pod))


def _gets_token(pod: PodView, account: Document | None) -> Fault | None:
    if FIELD in pod.spec or map_of(account).get(FIELD) is False:
        return None
    return _carries_token(pod)


def _carries_token(pod: PodView) -> Fault:
    return Fault(
        f"carries a token of ServiceAccount {account_name(pod)} that opens the API",
        f"{pod.path}.{FIELD}",
        shown_field(pod.spec, FIELD),
        "set it to false unless the program calls the API",
    )


CHECKS = (
    PodCheck(
        config_rule(
            "KSV-0036",
            "Pods do not ask for a service account token",
            Severity.MEDIUM,
            CATEGORY,
            "disable-token-automount",
            "Set automountServiceAccountToken to false in the pod.",
        ),
        _asks_for_token,
    ),
    LookupCheck(
        config_rule(
            "PROP-0011",
            "Pods get no service account token without asking",
            Severity.MEDIUM,
            CATEGORY,
            "disable-token-automount",
            "Set automountServiceAccountToken to false in the pod or its ServiceAccount.",
        ),
        _asks_for_account,
        _gets_token,
    ),
)
