"""The changes that people make, by key: rules of every engine name one (`core.finding.Rule.remedy`)."""

import msgspec


class Remedy(msgspec.Struct, frozen=True):
    """A change in words.

    Attributes:
        title: The change as a command ("Set runAsNonRoot: true").
        how: Where and what to write, one or two sentences.
    """

    title: str
    how: str


REMEDIES: dict[str, Remedy] = {
    "set-run-as-non-root": Remedy(
        "Set runAsNonRoot: true",
        "In the securityContext of the pod set runAsNonRoot: true, and let the image run as a numeric user.",
    ),
    "set-run-as-user": Remedy(
        "Run as a user and group above 10000",
        "Set runAsUser and runAsGroup in the securityContext to ids that no account of a node has.",
    ),
    "drop-privileged": Remedy(
        "Stop running privileged containers",
        "Remove privileged: true; add back the single capability or device that the program needs.",
    ),
    "drop-capabilities": Remedy(
        "Drop all capabilities",
        "Set capabilities.drop: [ALL] on every container and add back at most NET_BIND_SERVICE.",
    ),
    "forbid-privilege-escalation": Remedy(
        "Set allowPrivilegeEscalation: false",
        "Set allowPrivilegeEscalation: false in the securityContext of every container.",
    ),
    "set-seccomp": Remedy(
        "Set the RuntimeDefault seccomp profile",
        "Set seccompProfile.type: RuntimeDefault in the securityContext of the pod.",
    ),
    "set-apparmor": Remedy(
        "Keep the AppArmor profile of the runtime",
        "Remove unconfined AppArmor profiles; use RuntimeDefault or a profile of your own.",
    ),
    "set-selinux": Remedy(
        "Keep the SELinux type of containers",
        "Remove custom SELinux users and roles; allowed types are those that containers have by default.",
    ),
    "set-proc-mount": Remedy("Keep the masked /proc", "Remove procMount: Unmasked."),
    "set-sysctls": Remedy("Keep to the safe sysctls", "Remove sysctls that act on the whole node."),
    "leave-host-namespaces": Remedy(
        "Leave the host's namespaces",
        "Remove hostNetwork, hostPID and hostIPC from the pod; reach what is needed through a Service.",
    ),
    "remove-host-path": Remedy(
        "Replace hostPath volumes",
        "Use a PersistentVolumeClaim, ConfigMap, Secret or emptyDir in place of a path of the node.",
    ),
    "remove-host-ports": Remedy(
        "Remove host ports", "Expose the port through a Service in place of hostPort."
    ),
    "remove-host-process": Remedy("Stop Windows host processes", "Remove windowsOptions.hostProcess."),
    "restrict-volume-types": Remedy(
        "Use only portable volume types",
        "Use configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected or secret.",
    ),
    "set-read-only-root": Remedy(
        "Make the root file system read-only",
        "Set readOnlyRootFilesystem: true and mount an emptyDir where the program writes.",
    ),
    "set-resources": Remedy(
        "Set CPU and memory requests and limits",
        "Give every container resources.requests and a memory limit, from what it was seen to use.",
    ),
    "pin-image": Remedy(
        "Pin the image to a version or digest",
        "Replace latest or no tag by a version, best with its digest, so that every pod runs the same code.",
    ),
    "set-probes": Remedy(
        "Add liveness and readiness probes",
        "Give every container a readinessProbe and a livenessProbe that ask the program itself.",
    ),
    "disable-token-automount": Remedy(
        "Stop mounting the service account token",
        "Set automountServiceAccountToken: false where the program does not speak to the API server.",
    ),
    "leave-default-namespace": Remedy(
        "Move out of the default namespace",
        "Give the application a namespace of its own, so that quotas, policies and access apply to it.",
    ),
    "add-network-policy": Remedy(
        "Add a NetworkPolicy",
        "Deny all traffic of the namespace by default, then allow the peers and ports that are used.",
    ),
    "mount-secrets": Remedy(
        "Move secrets out of plain text",
        "Put the value into a Secret and refer to it, best as a mounted file; change the value too.",
    ),
    "add-labels": Remedy(
        "Add the required labels", "Add the labels by which owners and tools find the workload."
    ),
    "add-replicas": Remedy(
        "Run more than one replica", "Set replicas to 2 or more and spread them over nodes."
    ),
    "limit-exposure": Remedy(
        "Limit what the outside can reach",
        "Use a ClusterIP Service behind an Ingress, or restrict the source ranges of a load balancer.",
    ),
    "add-tls": Remedy("Serve the Ingress over TLS", "Add a tls entry with a certificate for every host."),
    "restrict-registries": Remedy(
        "Take images from trusted registries",
        "Copy the image to a registry of yours and refer to it there.",
    ),
    "remove-probe-hosts": Remedy(
        "Let probes and hooks ask the pod itself",
        "Remove host from the httpGet and tcpSocket of probes and lifecycle hooks.",
    ),
    "enforce-pod-security": Remedy(
        "Enforce a Pod Security level",
        "Label the namespace pod-security.kubernetes.io/enforce: baseline, or restricted if its pods fit.",
    ),
    "close-webhooks": Remedy(
        "Close what admission webhooks leave open",
        "Let the webhook fail closed (failurePolicy: Fail) for the resources that it is to protect.",
    ),
    "narrow-role": Remedy(
        "Narrow the role",
        "Name the verbs, resources and objects that are used in place of wildcards and risky grants.",
    ),
    "drop-cluster-admin": Remedy(
        "Take cluster-admin away",
        "Bind the subject to a role with the permissions it uses, in the namespaces it uses.",
    ),
    "split-bindings": Remedy(
        "Bind in a namespace in place of the whole cluster",
        "Replace the ClusterRoleBinding by RoleBindings in the namespaces that need it.",
    ),
    "remove-anonymous-access": Remedy(
        "Remove anonymous access",
        "Delete the binding to system:anonymous, system:unauthenticated or all service accounts.",
    ),
}
