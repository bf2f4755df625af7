"""The ClusterRoles that every cluster has, for inventories that do not hold them.

Facts follow kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy (1.36): cluster-admin,
admin, edit and view, with the labels by which others extend the last three.
"""

from propolis.compliance.model.rbac import ALL, GROUP, Role, RoleRule
from propolis.core.resource import ResourceRef
from propolis.lang.label_selector import compile_selector

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "deletecollection", "patch", "update")
AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"

_WORKLOADS = (
    (
        "apps",
        "daemonsets deployments replicasets statefulsets",
    ),
    ("apps", "deployments/scale replicasets/scale statefulsets/scale"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs jobs"),
    ("networking.k8s.io", "ingresses networkpolicies"),
    ("policy", "poddisruptionbudgets"),
)
_CORE_READ = (
    "bindings configmaps endpoints events limitranges namespaces namespaces/status"
    " persistentvolumeclaims persistentvolumeclaims/status pods pods/log pods/status"
    " replicationcontrollers replicationcontrollers/scale replicationcontrollers/status"
    " resourcequotas resourcequotas/status serviceaccounts services services/status"
)
_CORE_WRITE = (
    "configmaps events persistentvolumeclaims pods pods/attach pods/exec pods/portforward pods/proxy"
    " replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy"
)


def _rule(verbs: tuple[str, ...], group: str, resources: str) -> RoleRule:
    return RoleRule(frozenset(verbs), frozenset({group}), frozenset(resources.split()))


_VIEW = (
    _rule(READ, "", _CORE_READ),
    _rule(READ, "discovery.k8s.io", "endpointslices"),
    *(_rule(READ, group, resources) for group, resources in _WORKLOADS),
)
_EDIT = (
    _rule(READ, "", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
    _rule(("impersonate",), "", "serviceaccounts"),
    _rule(WRITE, "", _CORE_WRITE),
    _rule(("create",), "", "pods/eviction serviceaccounts/token"),
    *(_rule(WRITE, group, resources) for group, resources in _WORKLOADS),
)
_ADMIN = (
    _rule(("create",), "authorization.k8s.io", "localsubjectaccessreviews"),
    _rule((*READ, *WRITE), GROUP, "roles rolebindings"),
)
_ALL = (RoleRule(frozenset({ALL}), frozenset({ALL}), frozenset({ALL})),)


def _role(name: str, rules: tuple[RoleRule, ...], *aggregated: str) -> Role:
    return Role(
        ref=ResourceRef(f"{GROUP}/v1", "ClusterRole", name),
        rules=rules,
        aggregates=tuple(compile_selector({"matchLabels": {AGGREGATE + key: "true"}}) for key in aggregated),
    )


DEFAULT_ROLES = (
    _role("cluster-admin", _ALL),
    _role("admin", (*_ADMIN, *_EDIT, *_VIEW), "admin", "edit", "view"),
    _role("edit", (*_EDIT, *_VIEW), "edit", "view"),
    _role("view", _VIEW, "view"),
)
