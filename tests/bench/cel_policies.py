"""Policies in CEL: whole decisions on one pod, and on many, with findings."""

from datetime import UTC, datetime

import msgspec

from propolis.policy.engine import compile_policies, evaluate
from tests.bench._cel_policies import eighteen, standards
from tests.bench._policies import resource, seconds, subjects

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ROUNDS = 2000
MANY = 20_000
WANTED_DECISIONS = 5_000
WANTED_RESOURCES = 15_000


def decisions() -> str:
    """One pod of about 2 KB, again and again."""
    rules = compile_policies(standards())
    document = resource(1, "Pod")
    (subject,) = subjects([document])
    found = evaluate(rules, subject, {}, NOW).findings
    rate = 1 / seconds(lambda: evaluate(rules, subject, {}, NOW), ROUNDS)
    size = len(msgspec.json.encode(document))
    return (
        f"{len(found)} Pod Security policies in CEL, a pod of {size:,} bytes: {rate:,.0f} decisions "
        f"a second, {rate / WANTED_DECISIONS:.1f}x what is wanted"
    )


def many() -> str:
    """Pods that are all different, each judged once."""
    rules = compile_policies(eighteen())
    found = subjects([resource(number, "Pod") for number in range(MANY)])
    taken = seconds(lambda: [evaluate(rules, subject, {}, NOW) for subject in found], 1)
    rate = MANY / taken
    return (
        f"{MANY:,} pods x {len(rules.rules) // 3} policies in CEL: {rate:,.0f} resources a second, "
        f"{rate / WANTED_RESOURCES:.2f}x what is wanted"
    )


def run() -> list[str]:
    """Lines for one pod and for many."""
    return [decisions(), many()]
