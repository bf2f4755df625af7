"""What is given out of a conversion: only what both policies were seen to agree on."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from propolis.core.resource import Document
from propolis.policy.engine.convert.conversion import AUTO, RuleConversion, convert_policy
from propolis.policy.engine.convert.exchange import exchanged_rows
from propolis.policy.engine.convert.proof import Proof, prove
from propolis.policy.engine.expectation import Row
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest

CONVERTED, DIFFERS, UNPROVED, REFUSED = "converted", "differs", "unproved", "refused"


class Settled(msgspec.Struct, frozen=True):
    """One rule and what became of it.

    Attributes:
        way: ``pattern``, ``deny``, ``mutate`` and so on.
        status: `CONVERTED`; `DIFFERS` where a request tells both apart; `UNPROVED` where the rule had
            nothing to say of all that was tried; `REFUSED` where there is no translation.
        documents: The new policies; none unless it is converted.
        rows: How many expectations of tests hold for the new policies as for the old.
        wrong: Those that do not.
    """

    policy: str
    path: str
    rule: str
    way: str
    status: str
    documents: tuple[Document, ...] = ()
    reason: str = ""
    remarks: tuple[str, ...] = ()
    proof: Proof | None = None
    rows: int = 0
    wrong: tuple[Row, ...] = ()


def settle(
    policy: Policy, tests: Sequence[PolicyTest], now: datetime, target: str = AUTO
) -> tuple[Settled, ...]:
    """Converts the rules of a policy and proves what became of them.

    Args:
        policy: The policy.
        tests: Resources at hand; expectations of those that name the policy are asked too.
        now: The time of all evaluations.
        target: One of `conversion.TARGETS`.
    """
    return tuple(_settled(policy, one, tests, now) for one in convert_policy(policy, target))


def _settled(policy: Policy, made: RuleConversion, tests: Sequence[PolicyTest], now: datetime) -> Settled:
    way = way_of(policy, made.number)
    base = Settled(policy.name, policy.origin.path, made.rule, way, REFUSED, reason=made.reason)
    if not made.documents:
        return base
    proof = prove(policy, made.number, made.policies, tests, now)
    if proof.difference is not None:
        before, after = proof.difference.before, proof.difference.after
        what = "makes another document" if before.says == after.says else f"{before.says}, now {after.says}"
        return msgspec.structs.replace(base, status=DIFFERS, reason=f"a request is {what}", proof=proof)
    rows = exchanged_rows(policy, made.number, made.policies, tests, now)
    wrong = tuple(row for row in rows if not row.is_passed)
    if wrong:
        reason = f"an expectation of its tests fails: {wrong[0].resource}: {wrong[0].reason}"
        return msgspec.structs.replace(
            base, status=DIFFERS, reason=reason, proof=proof, rows=len(rows), wrong=wrong
        )
    if not proof.is_telling:
        reason = "the rule has nothing to say of any resource at hand: name some with --fixtures"
        return msgspec.structs.replace(base, status=UNPROVED, reason=reason, proof=proof, rows=len(rows))
    return msgspec.structs.replace(
        base, status=CONVERTED, documents=made.documents, remarks=made.remarks, proof=proof, rows=len(rows)
    )


_WAYS = ("pattern", "any_pattern", "deny", "foreach", "pod_security", "cel", "assertion", "manifests")
_SHOWN = {"any_pattern": "anyPattern", "pod_security": "podSecurity", "assertion": "assert"}


def way_of(policy: Policy, number: int) -> str:
    """How a rule does its work."""
    rule = policy.spec.rules[number]
    for name in ("mutate", "generate"):
        if getattr(rule, name) is not None:
            return name
    if rule.validation is None:
        return "verifyImages"
    found = next((name for name in _WAYS if getattr(rule.validation, name) is not None), "validate")
    return _SHOWN.get(found, found)
