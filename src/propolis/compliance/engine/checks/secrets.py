"""Secrets in environment variables and ConfigMaps."""

from collections.abc import Iterator

from propolis.compliance.engine.checks.secret_text import assigned_secret, is_secret
from propolis.compliance.engine.checks.wording import config_rule, listed
from propolis.compliance.model.check import ContainerCheck, Fault, ResourceCheck
from propolis.compliance.model.pod import ContainerView, PodView, map_of, numbered_maps
from propolis.core.finding import Severity
from propolis.core.resource import Resource

CATEGORY = "Secrets"


def _env_holds_secret(container: ContainerView, _: PodView) -> Fault | None:
    if "env" not in container.document:
        return None
    found = [
        (index, entry["name"])
        for index, entry in numbered_maps(container.document["env"])
        if isinstance(entry.get("name"), str)
        and isinstance(entry.get("value"), str)
        and is_secret(entry["name"], entry["value"])
    ]
    if not found:
        return None
    return Fault(
        "holds a secret in its manifest",
        f"{container.path}.env[{found[0][0]}].value",
        f"the value of {listed(name for _, name in found)}",
        "take it from a Secret by valueFrom.secretKeyRef, and change the secret",
    )


def _config_map_holds_secret(resource: Resource) -> Fault | None:
    names = list(_secret_names(resource))
    if not names:
        return None
    return Fault(
        "holds a secret that everybody who may read ConfigMaps sees",
        f"data.{names[0][0]}",
        f"the value of {listed(name for _, name in names)}",
        "move it to a Secret, and change the secret",
    )


def _secret_names(resource: Resource) -> Iterator[tuple[str, str]]:
    """The key of the ConfigMap, and the name of the secret: the key itself or a name within its text."""
    for key, value in map_of(resource.document.get("data")).items():
        if isinstance(value, str):
            name = key if is_secret(key, value) else assigned_secret(value)
            if name:
                yield key, name if name == key else f"{name} in {key}"


CHECKS = (
    ContainerCheck(
        config_rule(
            "PROP-0003",
            "Environment variables hold no secrets",
            Severity.HIGH,
            CATEGORY,
            "mount-secrets",
            "Reference a Secret by valueFrom.secretKeyRef, and change what was written in the open.",
        ),
        _env_holds_secret,
    ),
    ResourceCheck(
        config_rule(
            "KSV-0109",
            "ConfigMaps hold no secrets",
            Severity.HIGH,
            CATEGORY,
            "mount-secrets",
            "Move the value to a Secret, and change what was written in the open.",
        ),
        (("", "ConfigMap"),),
        _config_map_holds_secret,
    ),
)
