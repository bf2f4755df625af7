"""Requests, limits and replicas: what keeps a workload from starving others or itself."""

from propolis.compliance.engine.checks.wording import config_rule, shown
from propolis.compliance.model.check import ContainerCheck, Fault, ResourceCheck
from propolis.compliance.model.pod import ContainerView, PodView, map_of
from propolis.core.finding import Severity
from propolis.core.resource import Resource

CATEGORY = "Resources"


def _demands(name: str, field: str, resource: str, consequence: str) -> ContainerCheck:
    """The check that a request or limit is set for every container."""
    attribute = "limits" if field == "limits" else "requests"

    def judge(container: ContainerView, _: PodView) -> Fault | None:
        amounts = container.limits if attribute == "limits" else container.requests
        found = amounts.get(resource)
        if found is not None and found != "":
            return None
        return Fault(
            consequence, f"{container.path}.resources.{field}.{resource}", "not set", "set an amount"
        )

    title = f"Containers {'limit' if attribute == 'limits' else 'request'} {_LONG[resource]}"
    remediation = f"Set resources.{field}.{resource} in every container."
    rule = config_rule(name, title, Severity.LOW, CATEGORY, "set-resources", remediation)
    return ContainerCheck(rule, judge, with_ephemeral=False)


_LONG = {"cpu": "CPU time", "memory": "memory"}


def _runs_alone(resource: Resource) -> Fault | None:
    spec = map_of(resource.document.get("spec"))
    replicas = spec.get("replicas")
    if not isinstance(replicas, int) or replicas == 0 or replicas > 1:
        return None if replicas is not None else _one_replica("not set")
    return _one_replica(shown(replicas))


def _one_replica(found: str) -> Fault:
    return Fault(
        "stops whenever its only pod does",
        "spec.replicas",
        found,
        "set it to 2 or more, or add an autoscaler",
    )


def _cannot_scale(resource: Resource) -> Fault | None:
    spec = map_of(resource.document.get("spec"))
    lowest, highest = spec.get("minReplicas"), spec.get("maxReplicas")
    if not isinstance(lowest, int) or not isinstance(highest, int) or lowest < highest:
        return None
    return Fault("cannot scale", "spec.maxReplicas", shown(highest), f"set it above minReplicas ({lowest})")


CHECKS = (
    _demands("KSV-0011", "limits", "cpu", "may take all CPU time of the node"),
    _demands("KSV-0015", "requests", "cpu", "is scheduled without a share of CPU time"),
    _demands("KSV-0016", "requests", "memory", "is scheduled without a share of memory"),
    _demands("KSV-0018", "limits", "memory", "may take all memory of the node"),
    ResourceCheck(
        config_rule(
            "PROP-0001",
            "Deployments run more than one pod",
            Severity.LOW,
            "Availability",
            "add-replicas",
            "Set spec.replicas to 2 or more.",
        ),
        (("apps", "Deployment"), ("extensions", "Deployment"), ("", "Deployment")),
        _runs_alone,
    ),
    ResourceCheck(
        config_rule(
            "PROP-0002",
            "Autoscalers have room to scale",
            Severity.LOW,
            "Availability",
            "add-replicas",
            "Set spec.maxReplicas above spec.minReplicas.",
        ),
        (("autoscaling", "HorizontalPodAutoscaler"),),
        _cannot_scale,
    ),
)
