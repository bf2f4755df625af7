"""A subject as matching and variables see it: read once, shared by all rules."""

from collections.abc import Callable
from typing import Any

from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document
from propolis.policy.engine.merging import merged
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.lookups import namespace_key

Ask = Callable[[LookupKey], Answer]
NAME_LABEL = "kubernetes.io/metadata.name"


class Request:
    """The parts of a subject that rules match on.

    Attributes:
        memory: What rules of one kind make of it and share.
    """

    __slots__ = (
        "_annotations", "_labels", "ask", "document", "group", "kind", "memory", "mode", "name", "namespace",
        "operation", "subject", "subresource", "user", "version",
    )  # fmt: skip

    def __init__(self, subject: PolicySubject, ask: Ask) -> None:
        ref = subject.resource.ref
        self.subject = subject
        self.ask = ask
        self.document = subject.resource.document
        group, slash, version = ref.api_version.partition("/")
        self.group, self.version = (group, version) if slash else ("", group)
        self.kind = ref.kind
        self.name = ref.name
        self.namespace = ref.namespace
        self.operation = subject.operation
        self.subresource = subject.subresource
        self.mode = subject.mode
        self.user = subject.user
        self.memory: dict[str, Any] = {}
        self._labels: dict[str, str] | None = None
        self._annotations: dict[str, str] | None = None

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the resource; few rules ask."""
        if self._labels is None:
            self._labels = _texts(self.subject.resource.labels)
        return self._labels

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations of the resource."""
        if self._annotations is None:
            self._annotations = _texts(self.subject.resource.annotations)
        return self._annotations

    def namespace_labels(self) -> dict[str, str]:
        """Labels of the resource's namespace; one that does not exist has its name label alone."""
        if not self.namespace:
            return {}
        answer = self.ask(namespace_key(self.namespace))
        metadata = answer.value.get("metadata") if isinstance(answer.value, dict) else None
        labels = metadata.get("labels") if isinstance(metadata, dict) else None
        return {NAME_LABEL: self.namespace, **(_texts(labels) if isinstance(labels, dict) else {})}

    def variables(self) -> dict[str, Any]:
        """The root of the variables: ``request`` and what a values file adds."""
        root: dict[str, Any] = {"request": self._request()}
        if self.user.username:
            root.update(_service_account(self.user.username))
        return merged(root, self.subject.values) if self.subject.values else root

    def _request(self) -> dict[str, Any]:
        subject = self.subject
        request: dict[str, Any] = {
            "operation": self.operation,
            "namespace": self.namespace,
            **subject.request,
        }
        if self.operation == "DELETE":
            request["oldObject"] = self.document
        else:
            request["object"] = self.document
            if subject.old is not None:
                request["oldObject"] = subject.old
        if not self.user.is_empty:
            request.update(_user(self.user.username, subject))
        return request


def _texts(labels: Document) -> dict[str, str]:
    """Only what is text: labels of wrong shape match nothing."""
    return {key: value for key, value in labels.items() if type(value) is str}


def _user(username: str, subject: PolicySubject) -> dict[str, Any]:
    user = subject.user
    info: dict[str, Any] = {"username": username, "groups": list(user.groups)}
    if user.uid:
        info["uid"] = user.uid
    if user.extra:
        info["extra"] = user.extra
    return {"userInfo": info, "roles": list(user.roles), "clusterRoles": list(user.cluster_roles)}


def _service_account(username: str) -> dict[str, Any]:
    """Name and namespace of ``system:serviceaccount:NAMESPACE:NAME``; empty for other users."""
    parts = username[len("system:serviceaccount:") :].split(":")
    namespace, name = (parts[0], parts[1]) if len(parts) > 1 else ("", "")
    return {"serviceAccountName": name, "serviceAccountNamespace": namespace}
