"""Permissions as roles of the cluster and of namespaces, bound to the accounts of those who need them."""

from collections.abc import Iterable, Iterator, Mapping

from propolis.core.resource import Document
from propolis.policy.engine.permissions.grant import Grant, Part

API_VERSION = "rbac.authorization.k8s.io/v1"
REASONS = "propolis.dev/needed-by"
"""Annotation of a role: a line for each of its permissions, with the policies that need it."""
MOST_NAMED = 5
"""Policies that a line names."""
ACCOUNTS: Mapping[Part, str] = {
    "admission": "propolis-admission",
    "scan": "propolis-operator",
    "actions": "propolis-operator",
}


def roles_of(grants: Iterable[Grant], namespace: str, labels: Mapping[str, str]) -> Iterator[Document]:
    """A role for each part and namespace, and its binding.

    Args:
        grants: Each permission once.
        namespace: Of the accounts.
        labels: Of all that is made.
    """
    places: dict[tuple[Part, str], list[Grant]] = {}
    for one in grants:
        places.setdefault((one.part, one.namespace), []).append(one)
    for (part, where), found in sorted(places.items()):
        name = f"propolis:{part}:policies"
        metadata: Document = {"name": name, "labels": dict(labels)}
        if where:
            metadata["namespace"] = where
        kind = "Role" if where else "ClusterRole"
        reasons = "".join(f"{_reason(one)}\n" for one in found)
        yield {
            "apiVersion": API_VERSION,
            "kind": kind,
            "metadata": {**metadata, "annotations": {REASONS: reasons}},
            "rules": list(rules_of(found)),
        }
        yield {
            "apiVersion": API_VERSION,
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": API_VERSION.partition("/")[0], "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNTS[part], "namespace": namespace}],
        }


def rules_of(grants: Iterable[Grant]) -> Iterator[Document]:
    """Rules of a role: resources of a group with the same verbs and names stand together."""
    together: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for one in sorted(grants):
        if one.is_path:
            yield {"nonResourceURLs": [one.resource], "verbs": list(one.verbs)}
        else:
            together.setdefault((one.group, one.verbs, one.names), []).append(one.resource)
    for (group, verbs, names), resources in together.items():
        rule: Document = {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
        if names:
            rule["resourceNames"] = list(names)
        yield rule


def _reason(grant: Grant) -> str:
    more = len(grant.policies) - MOST_NAMED
    named = ", ".join(grant.policies[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{' '.join(grant.verbs)} {resource_text(grant)}: {named}"


def resource_text(grant: Grant) -> str:
    """The resource as people name it: ``deployments.apps``, with the names of its objects."""
    text = f"{grant.resource}.{grant.group}" if grant.group else grant.resource
    return f"{text} {' '.join(grant.names)}" if grant.names else text
