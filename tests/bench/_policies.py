"""Policies and resources of the policy benches, made here: as many and as mixed as people report."""

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.quiet_gc import quiet_gc
from propolis.policy.engine import PolicySubject
from propolis.reports.render.yaml_text import yaml_stream

FOUR = 4
SIXTY_FIVE = 65
MANY_RESOURCES = 3_002
SOME_RESOURCES = 195
KINDS = ("Pod", "Deployment", "Service", "ConfigMap", "Pod")

CONTAINER: Document = {
    "name": "app",
    "image": "registry.example/team/app:1.2.3",
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    "env": [{"name": f"SETTING_{number}", "value": "value " * 3} for number in range(10)],
    "ports": [{"containerPort": 8080}],
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}


def pod_spec(number: int) -> Document:
    """A pod's spec; every third violates something."""
    spec: Document = {
        "serviceAccountName": "web",
        "containers": [copy.deepcopy(CONTAINER), {**copy.deepcopy(CONTAINER), "name": "side"}],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    if number % 3 == 0:
        spec["hostNetwork"] = True
        spec["containers"][1]["image"] = "registry.example/team/app:latest"
        spec["containers"][1]["securityContext"] = {"privileged": True}
    return spec


def resource(number: int, kind: str) -> Document:
    """One resource of a kind."""
    labels = {"app": f"web-{number}", "app.kubernetes.io/name": "web", "team": f"team-{number % 7}"}
    metadata = {"name": f"web-{number}", "namespace": f"shop-{number % 40}", "labels": labels}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": pod_spec(number)}
    if kind == "Deployment":
        template = {"metadata": {"labels": labels}, "spec": pod_spec(number)}
        spec = {"replicas": number % 4, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}
    if kind == "Service":
        ports = {"type": "ClusterIP", "selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": ports}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": {"a": "b", "size": "3"}}


def resources(count: int) -> list[Document]:
    """So many resources of mixed kinds."""
    return [resource(number, KINDS[number % len(KINDS)]) for number in range(count)]


def _rule(name: str, kinds: list[str], validate: Document, **rest: Any) -> Document:
    match = {"any": [{"resources": {"kinds": kinds}}]}
    return {"name": name, "match": match, **rest, "validate": {"message": f"{name} must hold", **validate}}


def _container(check: Document) -> Document:
    return {"pattern": {"spec": {"containers": [check], "=(initContainers)": [check]}}}


PATTERNS: dict[str, Document] = {
    "no-host-namespaces": {"pattern": {"spec": {"=(hostNetwork)": False, "=(hostPID)": False}}},
    "no-privileged": _container({"=(securityContext)": {"=(privileged)": False}}),
    "tag": _container({"image": "!*:latest"}),
    "memory": _container({"resources": {"limits": {"memory": "<=1Gi"}, "requests": {"cpu": "?*"}}}),
    "registry": _container({"image": "registry.example/* | other.example/*"}),
    "no-escalation": _container({"securityContext": {"allowPrivilegeEscalation": False}}),
    "team": {"pattern": {"metadata": {"labels": {"team": "team-?"}}}},
    "app": {"pattern": {"metadata": {"labels": {"app.kubernetes.io/*": "?*"}}}},
    "sidecar": {"pattern": {"spec": {"^(containers)": [{"name": "side"}]}}},
    "root": {
        "anyPattern": [
            {"spec": {"securityContext": {"runAsNonRoot": True}}},
            {"spec": {"containers": [{"securityContext": {"runAsNonRoot": True}}]}},
        ]
    },
    "only-registry-of-shop": _container({"<(image)": "registry.example/*", "name": "?*"}),
}
DENIALS: dict[str, Document] = {
    "deny-names": {"key": "{{ request.object.metadata.name }}", "operator": "AnyIn", "value": ["a-*", "b-*"]},
    "deny-paths": {
        "key": "{{ request.object.spec.volumes[?hostPath].name | length(@) }}",
        "operator": "GreaterThan",
        "value": 0,
    },
    "deny-privileged": {
        "key": "{{ request.object.spec.containers[?securityContext.privileged == `true`] | length(@) }}",
        "operator": "GreaterThan",
        "value": 0,
    },
    "deny-capabilities": {
        "key": "{{ request.object.spec.containers[].securityContext.capabilities.add[] || `[]` }}",
        "operator": "AnyNotIn",
        "value": ["CHOWN", "KILL", "SETUID", ""],
    },
}


def rules() -> list[Document]:
    """The rules from which policies are made: patterns, denials, a foreach, preconditions."""
    made = [_rule(name, ["Pod"], check) for name, check in PATTERNS.items()]
    made += [
        _rule(name, ["Pod"], {"deny": {"conditions": {"any": [condition]}}})
        for name, condition in DENIALS.items()
    ]
    each = {"list": "request.object.spec.containers", "deny": {"conditions": {"any": [_LATEST]}}}
    made.append(_rule("each-image", ["Pod"], {"foreach": [each]}))
    operation = {"key": "{{ request.operation }}", "operator": "Equals", "value": "CREATE"}
    made.append(_rule("created", ["Pod"], PATTERNS["tag"], preconditions={"all": [operation]}))
    made.append(
        _rule(
            "ports", ["Service"], {"pattern": {"spec": {"type": "!NodePort", "ports": [{"port": "<1024"}]}}}
        )
    )
    made.append(_rule("replicas", ["Deployment"], {"pattern": {"spec": {"replicas": ">1"}}}))
    return made


_LATEST: Document = {"key": "{{ element.image }}", "operator": "Equals", "value": "*:latest"}


def policy(name: str, chosen: list[Document]) -> Document:
    """A ClusterPolicy without autogen, so that it has the rules that it shows."""
    annotations = {"pod-policies.kyverno.io/autogen-controllers": "none"}
    spec = {"validationFailureAction": "Audit", "background": True, "rules": chosen}
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": name, "annotations": annotations},
        "spec": spec,
    }


def four_policies() -> list[Document]:
    """Four rules of pods, each a policy."""
    return [policy(f"policy-{rule['name']}", [rule]) for rule in rules()[:FOUR]]


def sixty_five_policies(*, only_patterns: bool = False) -> list[Document]:
    """65 rules, each a policy; all kinds of rules come several times."""
    made = rules()
    if only_patterns:
        made = [rule for rule in made if "pattern" in rule["validate"] and "preconditions" not in rule]
    return [policy(f"policy-{number}", [made[number % len(made)]]) for number in range(SIXTY_FIVE)]


def write(documents: list[Document], path: Path) -> Path:
    """Documents as one YAML file, without anchors, as people write them."""
    path.write_bytes(yaml_stream(documents))
    return path


def subjects(documents: list[Document]) -> list[PolicySubject]:
    """What the engine judges."""
    return [PolicySubject(Resource(reference_of(one), one, Origin("bench"))) for one in documents]


def seconds(work: Callable[[], object], rounds: int = 1) -> float:
    """The fastest of seven runs, for one round."""
    return seconds_of_each(work, rounds=rounds)[0]


def seconds_of_each(*works: Callable[[], object], rounds: int = 1) -> list[float]:
    """The same for several that are compared: their runs take turns, so that they share the load of others.

    Time is that of the processor, for what else the machine does is nobody's merit.
    """
    best = [float("inf")] * len(works)
    for _ in range(7):
        for index, work in enumerate(works):
            with quiet_gc():  # as everything that judges many resources has it
                begin = time.process_time()
                for _ in range(rounds):
                    work()
                taken = time.process_time() - begin
            best[index] = min(best[index], taken)
    return [one / rounds for one in best]
