"""The policy engine against a tree-walking evaluator of patterns and the `jmespath` package."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jmespath
import msgspec

from propolis.core.resource import Origin, Resource, reference_of
from propolis.lang.jmespath import compile_expression
from propolis.policy.engine import PolicySet, PolicySubject, compile_policies, evaluate
from propolis.policy.engine.pattern import compile_pattern
from propolis.policy.model import Policy
from propolis.policy.sources.pack import load
from tests.property.policy.reference_pattern import judge

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ROUNDS = 2000
MANY = 100
WANTED = 5000

CONTAINER: dict[str, Any] = {
    "name": "app",
    "image": "registry.example/team/app:1.2.3",
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    "env": [{"name": f"SETTING_{number}", "value": "value " * 3} for number in range(12)],
    "ports": [{"containerPort": 8080}],
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {
        "serviceAccountName": "web",
        "containers": [CONTAINER, {**CONTAINER, "name": "side"}],
        "volumes": [{"name": "data", "emptyDir": {}}],
    },
}
SUBJECT = PolicySubject(Resource(reference_of(POD), POD, Origin("bench")))
EXPRESSION = "spec.containers[?securityContext.runAsNonRoot].{name: name, image: image} | [0].image"
OWN, LIBRARY = compile_expression(EXPRESSION), jmespath.compile(EXPRESSION)


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The fastest of three runs, for one round."""
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        for _ in range(rounds):
            work()
        best = min(best, time.perf_counter() - begin)
    return best / rounds


def judged(rules: PolicySet) -> Callable[[], object]:
    return lambda: evaluate(rules, SUBJECT, {}, NOW)


def patterns(pack: list[Policy]) -> list[Any]:
    """Patterns of the pack that the tree walker understands too: no operators, no alternatives."""
    found = [rule.validation.pattern for policy in pack for rule in policy.spec.rules if rule.validation]
    plain = [pattern for pattern in found if pattern is not None]
    return [pattern for pattern in plain if not set(msgspec.json.encode(pattern).decode()) & set("|><!+")]


def run() -> list[str]:
    pack = load()
    standards = [policy for policy in pack if "Standards" in policy.annotation("category")]
    once = seconds(judged(compile_policies(standards)))
    walked = patterns(standards)
    checks = [compile_pattern(pattern) for pattern in walked]
    compiled = seconds(lambda: [check(POD, {}) for check in checks])
    walker = seconds(lambda: [judge(pattern, POD) for pattern in walked])

    own = seconds(lambda: OWN.search(POD))
    library = seconds(lambda: LIBRARY.search(POD))
    copies = [
        msgspec.structs.replace(policy, name=f"{policy.name}-{n}") for n in range(MANY) for policy in pack
    ]
    services = [
        policy for policy in copies if policy.name.startswith(("disallow-node-port", "require-replicas"))
    ]
    few, many = seconds(judged(compile_policies(pack))), seconds(judged(compile_policies([*pack, *services])))
    loading = seconds(lambda: compile_policies(pack), 5)
    count = len(compile_policies(pack).rules)
    return [
        f"policy: {len(standards)} Pod Security rules: {1 / once / WANTED:.1f}x the {WANTED} pods/s wanted",
        f"policy: compiled patterns: {walker / compiled:.1f}x as fast as a tree walker",
        f"policy: compiled JMESPath: {library / own:.1f}x as fast as the jmespath package",
        f"policy: {len(services)} more policies for other kinds: {many / few:.2f}x the time without them",
        f"policy: compiling: {count / loading / 500:.1f}x the 500 rules a second wanted",
    ]
