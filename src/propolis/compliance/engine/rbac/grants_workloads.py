"""Risky grants over pods, nodes, Secrets and traffic.

Permissions and scopes follow the facts of rbac-police (2022-11) and krane (2026-08).
"""

from propolis.compliance.engine.rbac.wording import CHANGE, MAKE_OR_CHANGE, grant, on, on_controllers
from propolis.compliance.model.grant import Scope
from propolis.core.finding import Severity

_ALL_RESOURCES = ("*", "create"), ("*", "update"), ("*", "patch"), ("*", "delete"), ("*", "deletecollection")
STREAM = ("create", "get")
"""Verbs that open a stream into a container: a WebSocket is asked for by get."""

GRANTS = (
    grant(
        "modify-pods",
        Severity.HIGH,
        "run its own code in powerful pods by changing their image",
        "Grant update and patch on pods in single, unprivileged namespaces.",
        Scope.PRIVILEGED,
        on("pods", CHANGE, is_for_all=True),
        known_as=("rbac-police:modify_pods", "krane:risky-any-verb-pods", "KSV-0048"),
    ),
    grant(
        "pods-exec",
        Severity.HIGH,
        "run commands in powerful pods",
        "Grant create and get on pods/exec in single, unprivileged namespaces.",
        Scope.PRIVILEGED,
        on("pods/exec", STREAM, is_for_all=True),
        known_as=("rbac-police:pods_exec", "krane:risky-exec-pods", "KSV-0053"),
    ),
    grant(
        "pods-attach",
        Severity.HIGH,
        "attach to the processes of pods",
        "Take away create and get on pods/attach, or grant it in single, unprivileged namespaces.",
        Scope.ANY,
        on("pods/attach", STREAM),
        known_as=("krane:risky-attach-pods", "KSV-0054"),
    ),
    grant(
        "pods-ephemeral-containers",
        Severity.HIGH,
        "break out to the node with an ephemeral container",
        "Take away update and patch on pods/ephemeralcontainers.",
        Scope.ANY,
        on("pods/ephemeralcontainers", CHANGE),
        known_as=("rbac-police:pods_ephemeral_ctrs",),
    ),
    grant(
        "nodes-proxy",
        Severity.HIGH,
        "run commands in every pod of a node through its kubelet",
        "Take away create and get on nodes/proxy; metrics and logs have their own subresources.",
        Scope.ANY,
        on("nodes/proxy", STREAM),
        known_as=("rbac-police:nodes_proxy", "KSV-0047"),
    ),
    grant(
        "steal-pods",
        Severity.HIGH,
        "pull powerful pods onto a node that it controls",
        "Take away the change of nodes, or the removal of pods.",
        Scope.PRIVILEGED,
        (
            *on("pods", ("delete", "deletecollection", *CHANGE)),
            *on("pods/eviction", "create"),
            *on("pods/status", CHANGE),
            *on("nodes", ("delete", *CHANGE)),
        ),
        on(("nodes", "nodes/status"), CHANGE, is_for_all=True),
        known_as=("rbac-police:steal_pods",),
    ),
    grant(
        "list-secrets",
        Severity.MEDIUM,
        "read every Secret of the cluster",
        "Grant it in single namespaces, or name the Secrets in resourceNames.",
        Scope.CLUSTER,
        on("secrets", ("list", "watch")),
        known_as=("rbac-police:list_secrets", "krane:risky-list-secrets", "KSV-0041"),
    ),
    grant(
        "read-secrets",
        Severity.MEDIUM,
        "read the Secrets of a namespace",
        "Name the Secrets in resourceNames, or mount them into the pods that need them.",
        Scope.WEAK,
        on("secrets", ("get", "list", "watch"), is_for_all=True),
        known_as=(
            "krane:risky-get-secrets",
            "krane:risky-list-secrets",
            "krane:risky-any-verb-secrets",
            "krane:risky-any-resource-list",
            "krane:risky-any-resource-get",
            "KSV-0113",
        ),
    ),
    grant(
        "change-everything",
        Severity.HIGH,
        "make, change or delete resources of every kind",
        "List the resources that are needed instead of *.",
        Scope.ANY,
        tuple(permission for resource, verb in _ALL_RESOURCES for permission in on(resource, verb)),
        known_as=(
            "krane:risky-any-resource-delete",
            "krane:risky-any-resource-deletecollection",
            "krane:risky-any-resource-create",
            "KSV-0046",
        ),
    ),
    grant(
        "run-code-in-pods",
        Severity.MEDIUM,
        "run code in pods of unprivileged namespaces",
        "Take away the change of pods, and create and get on pods/exec.",
        Scope.WEAK,
        (*on("pods", CHANGE, is_for_all=True), *on("pods/exec", STREAM, is_for_all=True)),
        known_as=("rbac-police:rce_weak_ns", "krane:risky-exec-pods", "krane:risky-any-verb-pods"),
    ),
    grant(
        "change-workloads",
        Severity.MEDIUM,
        "change what workloads run",
        "Leave the change of workloads to the pipeline that deploys them.",
        Scope.ANY,
        on_controllers(MAKE_OR_CHANGE),
        known_as=(
            *(
                f"krane:risky-{verb}-{kind}"
                for verb in ("any-verb", "create", "update")
                for kind in (
                    "deployments",
                    "daemonsets",
                    "statefulsets",
                    "replicationcontrollers",
                    "replicasets",
                    "cronjobs",
                    "jobs",
                )
            ),
            "KSV-0048",
        ),
    ),
    grant(
        "obtain-token",
        Severity.LOW,
        "obtain tokens of the service accounts of an unprivileged namespace",
        "Take away Secrets, serviceaccounts/token and the creation of pods where they are not needed.",
        Scope.WEAK,
        (
            *on("secrets", ("get", "list", "watch", *MAKE_OR_CHANGE)),
            *on("serviceaccounts/token", "create"),
            *on("pods", "create"),
            *on_controllers(("create",)),
        ),
        known_as=("rbac-police:obtain_token_weak_ns",),
    ),
    grant(
        "modify-service-status",
        Severity.MEDIUM,
        "draw the traffic of foreign addresses to a Service (CVE-2020-8554)",
        "Take away update and patch on services/status.",
        Scope.ANY,
        on("services/status", CHANGE),
        known_as=("rbac-police:modify_service_status_cve_2020_8554",),
    ),
    grant(
        "change-network",
        Severity.MEDIUM,
        "lead traffic elsewhere or take network policies away",
        "Leave network policies, endpoints and Ingresses to the team that runs the network.",
        Scope.ANY,
        (
            *on(("networkpolicies", "ingresses"), (*MAKE_OR_CHANGE, "delete"), "networking.k8s.io"),
            *on("endpoints", MAKE_OR_CHANGE),
            *on("endpointslices", MAKE_OR_CHANGE, "discovery.k8s.io"),
        ),
        known_as=("KSV-0056",),
    ),
    grant(
        "modify-pod-status",
        Severity.LOW,
        "move pods behind Services to intercept traffic",
        "Take away update and patch on pods/status.",
        Scope.ANY,
        on("pods/status", CHANGE),
        known_as=("rbac-police:modify_pod_status",),
    ),
    grant(
        "modify-node-status",
        Severity.LOW,
        "change labels of nodes and so where pods run",
        "Take away update and patch on nodes/status.",
        Scope.ANY,
        on("nodes/status", CHANGE),
        known_as=("rbac-police:modify_node_status",),
    ),
    grant(
        "delete-pod-logs",
        Severity.MEDIUM,
        "delete the logs of pods",
        "Take away delete on pods/log.",
        Scope.ANY,
        on("pods/log", ("delete", "deletecollection")),
        known_as=("KSV-0042",),
    ),
)
