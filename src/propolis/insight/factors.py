"""What raises the risk of a workload beyond its own weaknesses: who reaches it, what it reaches."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from propolis.core.assessment import Factor, Weakness
from propolis.core.resource import Document
from propolis.core.workload import containers, descend, pod_spec
from propolis.network.model.exposure import Exposure

EXPOSURE_MULTIPLIERS = {"internet": 2.0, "node": 1.5, "cluster": 1.2}
PRIVILEGED = 1.6
HOST_NAMESPACE = 1.4
HOST_PATH = 1.3
BROAD_ACCOUNT = 1.5
NO_NETWORK_POLICY = 1.2
KNOWN_EXPLOITED = 1.5


def factors_of(
    document: Document,
    weaknesses: Sequence[Weakness],
    exposure: Exposure | None,
    grants: Sequence[str],
    attacked: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Factor, ...]:
    """The factors of one workload, the strongest first.

    Args:
        document: The workload.
        weaknesses: What the engines found on it.
        exposure: How it can be reached; None when that is not known.
        grants: Titles of the risky grants that its service account holds.
        attacked: Vulnerabilities in its images with which attacks are known, each with the key of the
            change that mends it.
    """
    found = [
        *_of_exposure(exposure),
        *_of_pod(pod_spec(document) or {}),
        *_of_grants(grants),
        *_of_attacks(attacked),
        *_of_weaknesses(weaknesses),
    ]
    return tuple(sorted(found, key=lambda factor: (-factor.multiplier, factor.name)))


def _of_exposure(exposure: Exposure | None) -> Iterator[Factor]:
    if exposure is None or exposure.level not in EXPOSURE_MULTIPLIERS:
        return
    whom = {"internet": "outside of the cluster", "node": "the nodes' network", "cluster": "the cluster"}
    through = ", ".join(exposure.by[:3]) + (" and others" if len(exposure.by) > 3 else "")  # noqa: PLR2004  # told
    reason = f"reachable from {whom[exposure.level]} through {through}"
    yield Factor(f"exposed-to-{exposure.level}", EXPOSURE_MULTIPLIERS[exposure.level], reason)


def _of_pod(spec: Document) -> Iterator[Factor]:
    privileged = [
        one.name for one in containers(spec) if _is_true(one.document, "securityContext", "privileged")
    ]
    if privileged:
        reason = f"a break-out of {', '.join(privileged)} owns the node"
        yield Factor("privileged", PRIVILEGED, reason, "drop-privileged")
    shared = [name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name) is True]
    if shared:
        yield Factor("host-namespaces", HOST_NAMESPACE, f"sets {', '.join(shared)}", "leave-host-namespaces")
    if paths := sorted(_host_paths(spec)):
        reason = f"mounts {', '.join(paths[:3])} of the node"
        yield Factor("host-path", HOST_PATH, reason, "remove-host-path")


def _of_grants(grants: Sequence[str]) -> Iterator[Factor]:
    if grants:
        more = f" and {len(grants) - 1} more" if len(grants) > 1 else ""
        reason = f"its service account may {grants[0]}{more}"
        yield Factor("broad-service-account", BROAD_ACCOUNT, reason)


def _of_attacks(attacked: Mapping[str, str]) -> Iterator[Factor]:
    """One change takes the factor away only where it mends all of them."""
    if attacked:
        names = sorted(attacked)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004  # told
        reason = f"attacks with {', '.join(names[:3])}{more} are known"
        changes = set(attacked.values())
        yield Factor("known-exploited", KNOWN_EXPLOITED, reason, changes.pop() if len(changes) == 1 else "")


def _of_weaknesses(weaknesses: Sequence[Weakness]) -> Iterator[Factor]:
    if any(weakness.remedy == "add-network-policy" for weakness in weaknesses):
        reason = "no NetworkPolicy limits who may connect to it, or it to others"
        yield Factor("no-network-policy", NO_NETWORK_POLICY, reason, "add-network-policy")


def _is_true(document: Any, *path: str) -> bool:
    parent = descend(document, path[:-1])
    return parent is not None and parent.get(path[-1]) is True


def _host_paths(spec: Document) -> set[str]:
    volumes = spec.get("volumes")
    found = (descend(volume, ("hostPath",)) for volume in (volumes if isinstance(volumes, list) else ()))
    return {str(host_path.get("path")) for host_path in found if host_path is not None}
