"""Whole decisions: what the engine says of one pod, however many policies there are; and compiling them."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context

import msgspec

from propolis.core.resource import Document
from propolis.policy.engine import PolicySet, PolicySubject, compile_policies, evaluate
from propolis.policy.model import parse_policy
from propolis.policy.model.any import AnyPolicy
from propolis.policy.sources.pack import DEFAULT, chosen
from tests.bench._policies import (
    policy,
    resource,
    rules,
    seconds,
    seconds_of_each,
    sixty_five_policies,
    subjects,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ROUNDS = 1000
WANTED_DECISIONS = 5000
WANTED_RULES = 500
FEW, MANY = 35, 3500
STANDARDS = 16


def judged(compiled: PolicySet, subject: PolicySubject) -> Callable[[], object]:
    return lambda: evaluate(compiled, subject, {}, NOW)


def pod(number: int, **spec: object) -> Document:
    """A pod of about 2 KB; the number 3 violates several policies."""
    found = resource(number, "Pod")
    found["metadata"]["namespace"] = "shop-1"
    found["spec"] |= spec
    return found


def default() -> list[AnyPolicy]:
    """What judges without being asked for."""
    return chosen([DEFAULT])


def standards() -> list[AnyPolicy]:
    """16 of the pack's policies for the Pod Security Standards."""
    return [one for one in default() if "Standards" in one.annotation("category")][:STANDARDS]


def decisions() -> list[str]:
    chosen = standards()
    compiled = compile_policies(chosen)
    lines = []
    for what, document in (("passes", pod(1)), ("violates several", pod(3))):
        (subject,) = subjects([document])
        size, found = len(msgspec.json.encode(document)), evaluate(compiled, subject, {}, NOW).findings
        outcomes = sum(one.is_open for one in found)
        rate = 1 / seconds(judged(compiled, subject), ROUNDS)
        lines.append(
            f"{len(chosen)} Pod Security policies, a pod of {size:,} bytes that {what} "
            f"({len(found)} findings, {outcomes} open): {rate:,.0f} decisions/s, "
            f"{rate / WANTED_DECISIONS:.1f}x the {WANTED_DECISIONS:,} wanted"
        )
    return lines


def spread(number: int) -> Document:
    """A policy of two rules: the first ones are for the pod, the others are not, in one of five ways."""
    chosen = [rule | {"name": f"{rule['name']}-{number}"} for rule in rules()[:2]]
    made = policy(f"policy-{number}", chosen)
    elsewhere: list[Document] = [
        {"kinds": ["Deployment", "StatefulSet"]},
        {"kinds": ["batch/v1/Job"]},
        {"kinds": ["Pod/exec"]},
        {"kinds": ["Pod"], "operations": ["DELETE", "UPDATE"]},
        {"kinds": ["Pod"], "namespaces": [f"team-{number}", f"lab-{number}-*"]},
    ]
    if number >= FEW:
        for rule in chosen:
            rule["match"] = {"any": [{"resources": elsewhere[number % len(elsewhere)]}]}
    return made


def index() -> list[str]:
    (subject,) = subjects([pod(1)])
    few, many = (
        compile_policies([parse_policy(spread(number)) for number in range(count)]) for count in (FEW, MANY)
    )
    evaluate(many, subject, {}, NOW)
    taken, reference = seconds_of_each(judged(many, subject), judged(few, subject), rounds=ROUNDS)
    ratio = taken / reference
    what = f"{MANY:,} policies x 2 rules, {FEW} of them for the pod (kind, subresource, operation, namespace)"
    return [f"{what}: a decision takes {ratio:.2f}x the time with {FEW} policies alone"]


def compiling() -> list[str]:
    """Loading policies, and loading them with all that is made when their rules are first used.

    Each is measured once in a process of its own, so that nothing is there from before.
    """
    lines = []
    for what in SETS:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            count, loading, used = process.submit(first_use, what).result()
        lines.append(
            f"{what} ({count} rules with those made for controllers), in a new process: compiled at "
            f"{count / loading:,.0f} rules/s, with their first use on four kinds at "
            f"{count / used:,.0f} rules/s, {count / used / WANTED_RULES:.1f}x the {WANTED_RULES} wanted"
        )
    return lines


def mixed() -> list[AnyPolicy]:
    return [parse_policy(one) for one in sixty_five_policies()]


SETS: dict[str, Callable[[], list[AnyPolicy]]] = {"the pack": default, "65 rules of all kinds": mixed}


def first_use(what: str) -> tuple[int, float, float]:
    """Number of rules, seconds to compile them, seconds with a decision on four kinds beside."""
    policies = SETS[what]()
    found = subjects([pod(3), resource(3, "Deployment"), resource(3, "Service"), cron_job()])
    begin = time.perf_counter()
    compiled = compile_policies(policies)
    loaded = time.perf_counter()
    for subject in found:
        evaluate(compiled, subject, {}, NOW)
    return len(compiled.rules), loaded - begin, time.perf_counter() - begin


def cron_job() -> Document:
    """The Deployment's template as a CronJob."""
    template = resource(3, "Deployment")["spec"]["template"]
    spec = {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": template}}}
    metadata = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec}


def run() -> list[str]:
    """Lines for decisions, the index and compiling."""
    return [*decisions(), *index(), *compiling()]
