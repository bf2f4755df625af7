"""CEL against the library of Google with a shared activation, and against functions written by hand."""

import time
from collections.abc import Callable, Iterator
from math import exp, log
from pathlib import Path
from typing import Any

import yaml

from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import CelError, EvaluationError
from propolis.lang.cel.libraries.extensions import everything
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.program import Program, compile_expression
from propolis.lang.cel.types import DYN
from tests.bench._policies import resource
from tests.harness.cel_runs import runtime
from tests.harness.corpora import corpora

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
NAMES = ("object", "oldObject", "request", "variables", "namespaceObject", "params")
ENVIRONMENT = Environment((STANDARD, *everything()), dict.fromkeys(NAMES, DYN), uses_cross_type_numerics=True)
POD = resource(1, "Pod")
VARIABLES: dict[str, Any] = {
    "object": POD,
    "oldObject": None,
    "request": {
        "operation": "CREATE",
        "userInfo": {"username": "ann", "groups": ["team"]},
        "namespace": "shop",
    },
    "variables": {},
    "namespaceObject": {"metadata": {"name": "shop", "labels": {}}},
    "params": {},
}
EXPRESSION_KEYS = frozenset({"expression", "messageExpression"})
ROUNDS = 300
WANTED_COMPILED = 500


def expressions() -> list[str]:
    """Every expression of the policies in the corpora, once."""
    found: dict[str, None] = {}
    for folder in ("kyverno-policies", "kyverno-cli"):
        for path in sorted((corpora() / folder).rglob("*.yaml")):
            for document in _documents(path):
                found.update(dict.fromkeys(_expressions(document)))
    return list(found)


def _documents(path: Path) -> Iterator[Any]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if "xpression" in text:
        try:
            yield from yaml.load_all(text, yaml.CSafeLoader)
        except yaml.YAMLError:
            return


def _expressions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in EXPRESSION_KEYS and isinstance(value, str):
                yield value
            else:
                yield from _expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from _expressions(value)


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The fastest of three runs, for one round."""
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        for _ in range(rounds):
            work()
        best = min(best, time.perf_counter() - begin)
    return best / rounds


def mean(ratios: list[float]) -> float:
    """The geometric mean."""
    return exp(sum(map(log, ratios)) / len(ratios))


def compiled(texts: list[str]) -> list[Program]:
    """Programs of those that need no library of Kubernetes or Kyverno."""
    programs = []
    environment = ENVIRONMENT.extended()
    for text in texts:
        try:
            programs.append(compile_expression(text, environment))
        except CelError:
            continue
    return programs


def ours(program: Program) -> Callable[[], object]:
    world = runtime()
    program.generate()

    def work() -> object:
        try:
            return program.evaluate(VARIABLES, world)
        except EvaluationError:
            return None

    return work


# Functions as a person would write them, that fail where the expression does.


def not_privileged(pod: dict[str, Any]) -> bool:
    return all(
        "securityContext" not in container
        or "privileged" not in container["securityContext"]
        or container["securityContext"]["privileged"] is False
        for container in pod["spec"]["containers"]
    )


def not_latest(pod: dict[str, Any]) -> bool:
    return all(
        ":" in container["image"] and not container["image"].endswith(":latest")
        for container in pod["spec"]["containers"]
    )


def drops_all(pod: dict[str, Any]) -> bool:
    return all(
        container.get("securityContext", {}).get("capabilities", {}).get("drop", []) == ["ALL"]
        for container in pod["spec"]["containers"]
    )


def has_labels(pod: dict[str, Any]) -> bool:
    metadata = pod["metadata"]
    return "labels" in metadata and "app" in metadata["labels"] and metadata["labels"]["app"] != ""


def has_no_host_path(pod: dict[str, Any]) -> bool:
    return not any("hostPath" in volume for volume in pod["spec"].get("volumes", []))


BY_HAND: dict[str, Callable[[dict[str, Any]], bool]] = {
    "object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || "
    "c.securityContext.privileged == false)": not_privileged,
    "object.spec.containers.all(c, c.image.contains(':') && !c.image.endsWith(':latest'))": not_latest,
    "object.spec.containers.all(c, c.?securityContext.?capabilities.?drop.orValue([]) == ['ALL'])": drops_all,
    "has(object.metadata.labels) && has(object.metadata.labels.app) && "
    "object.metadata.labels.app != ''": has_labels,
    "!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath))": has_no_host_path,
}


def by_hand() -> list[float]:
    """Our time as a part of the time of a function written by hand."""
    ratios = []
    for text, function in BY_HAND.items():
        program = compile_expression(text, ENVIRONMENT)
        program.generate()
        world, evaluate = runtime(), program.evaluate
        assert evaluate(VARIABLES, world) == function(POD), text
        taken = seconds(lambda run=evaluate, its=world: run(VARIABLES, its), 20_000)  # type: ignore[misc]
        ratios.append(taken / seconds(lambda run=function: run(POD), 20_000))  # type: ignore[misc]
    return ratios


def against_google(programs: list[Program]) -> list[str]:
    """How many times as fast as the library of Google, where both give a value."""
    try:
        from cel_expr_python import cel  # noqa: PLC0415  # it has no wheel everywhere
        from cel_expr_python.ext import ext_bindings, ext_optional, ext_strings  # noqa: PLC0415
    except ImportError:
        return ["cel: cel-expr-python has no wheel here: not compared"]
    extensions = [ext_bindings.ExtBindings(), ext_optional.ExtOptional(), ext_strings.ExtStrings(2)]
    theirs = cel.NewEnv(variables=dict.fromkeys(NAMES, cel.Type.DYN), extensions=extensions)
    shared = theirs.Activation(VARIABLES)
    ratios = []
    for program in programs:
        try:
            compiled_theirs = theirs.compile(program.tree.text)
            value = compiled_theirs.eval(shared)
            found = program.evaluate(VARIABLES, runtime())
        except Exception:  # noqa: BLE001, S112  # both give values, or it is no comparison
            continue
        if value.type() == cel.Type.ERROR or not isinstance(found, (bool, str, int)):
            continue
        taken = seconds(lambda run=compiled_theirs: run.eval(shared))  # type: ignore[misc]
        ratios.append(taken / seconds(ours(program)))
    return [
        (
            f"cel: {mean(ratios):.1f}x as fast as cel-expr-python with a shared activation "
            f"(geometric mean of {len(ratios)} expressions of policies; least {min(ratios):.1f}x)"
        )
    ]


def run() -> list[str]:
    hand = by_hand()
    lines = [
        (
            f"cel: {mean(hand):.2f} of the time of functions written by hand "
            f"(geometric mean of {len(hand)}; most {max(hand):.2f})"
        )
    ]
    texts = expressions()
    if not texts:
        return [*lines, "cel: no corpora: set PROPOLIS_CORPORA for the expressions of policies"]
    programs = compiled(texts)
    usable = [program.tree.text for program in programs]
    checking = seconds(lambda: compiled(usable), 1)
    first = seconds(lambda: [program.generate() for program in compiled(usable)], 1)
    rates = [len(usable) / taken / WANTED_COMPILED for taken in (checking, first)]
    return [
        *lines,
        *against_google(programs),
        (
            f"cel: compiling {len(usable)} of {len(texts)} expressions, those without functions of "
            f"Kubernetes and Kyverno: {rates[0]:.1f}x the {WANTED_COMPILED} a second wanted, with generated "
            f"code {rates[1]:.1f}x"
        ),
    ]
