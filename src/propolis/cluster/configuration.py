"""Documents that look like objects and are none: files of tools, and requests that nothing keeps."""

_BUILD = "built manifests: kubectl kustomize FOLDER | propolis assess --manifests -"
_OBJECT = "an object of a cluster"

_GROUPS = {
    "kustomize.config.k8s.io": ("belongs to kustomize", _BUILD),
    "kind.x-k8s.io": ("is configuration of kind", _OBJECT),
    "kubeadm.k8s.io": ("is configuration of kubeadm", _OBJECT),
    "kubelet.config.k8s.io": ("is configuration of the kubelet", _OBJECT),
    "kubeproxy.config.k8s.io": ("is configuration of kube-proxy", _OBJECT),
    "kubescheduler.config.k8s.io": ("is configuration of the scheduler", _OBJECT),
    "apiserver.config.k8s.io": ("is configuration of the API server", _OBJECT),
    "apiserver.k8s.io": ("is configuration of the API server", _OBJECT),
    "audit.k8s.io": ("belongs to the audit log", _OBJECT),
    "client.authentication.k8s.io": ("belongs to a kubeconfig", _OBJECT),
    "cli.kyverno.io": ("is a test of Kyverno's command line", _OBJECT),
    "chainsaw.kyverno.io": ("is a test of chainsaw", _OBJECT),
    "admission.k8s.io": ("is a request to an admission webhook", _OBJECT),
}
_REQUESTS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})


def what_it_is(api_version: str, kind: str) -> tuple[str, str] | None:
    """What such a document is and what is expected in its place; None for objects of a cluster."""
    group = api_version.rpartition("/")[0]
    if group in _GROUPS:
        return _GROUPS[group]
    if group in _REQUESTS:
        return "is a request that nothing keeps", _OBJECT
    if api_version == "v1" and kind == "Config":
        return "is a kubeconfig", "--cluster with KUBECONFIG naming this file"
    return None
