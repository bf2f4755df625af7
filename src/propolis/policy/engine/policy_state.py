"""What is written back about a policy: whether it is in force, why not, and what was made of it.

Follows Kyverno pkg/controllers/webhook/controller.go and pkg/controllers/policystatus @ v1.19.1. Two things
are said beyond it: why a policy cannot be used, and of policies that no webhook is for, that they are ready.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.policy.engine.autogen import PREFIX, generated_rules
from propolis.policy.engine.cel.autogen_configs import autogen_configs
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import KYVERNO, CelPolicy
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.schema.kinds import CustomKind
from propolis.policy.model.schema.status import AdmissionPolicyStatus, Condition, RuleCount

SUCCEEDED, FAILED = "Succeeded", "Failed"
MOST_MESSAGE = 4096
"""Characters of a condition's message; an API server takes 32,768."""

Found = tuple[str, bool, str]
"""Type of a condition, whether it holds, and what is said."""


class PolicyState(msgspec.Struct, frozen=True):
    """An object of the cluster and what became of it.

    Attributes:
        policy: As it was read; None where it cannot be used.
        problem: Why it cannot be used.
        asks: Whether it is for requests, so that a webhook must bring them.
        is_configured: Whether a webhook does.
        missing: Permissions that a scan of what it is about lacks.
        uid: Of the object; empty for whichever has the name.
        before: The status that it has.
    """

    kind: CustomKind
    namespace: str
    name: str
    policy: AnyPolicy | None = None
    problem: str = ""
    asks: bool = True
    is_configured: bool = True
    missing: tuple[str, ...] = ()
    uid: str = ""
    before: Document | None = None

    @property
    def is_scanned(self) -> bool:
        """Whether what exists is judged by it."""
        spec = self.policy.spec if self.policy is not None else None
        if isinstance(self.policy, Policy):
            return self.policy.spec.background is not False
        evaluation = getattr(spec, "evaluation", None)
        switch = evaluation.background if evaluation else None
        return switch is None or switch.enabled is not False


def status_of(state: PolicyState, now: datetime, before: Document | None = None) -> Document:
    """The status of an object.

    Args:
        state: What became of it.
        now: When.
        before: Its status until now: a condition that stays keeps its time.
    """
    made = (
        _of_cel(state, now, before or {})
        if state.kind.group == KYVERNO
        else _of_own(state, now, before or {})
    )
    plain: Document = msgspec.json.decode(msgspec.json.encode(made))
    return plain


def _of_own(state: PolicyState, now: datetime, before: Document) -> Document:
    found = ("Ready", not state.problem and (state.is_configured or not state.asks), "Ready")
    claims = (_with_problem(found, state),)
    status: Document = {"conditions": list(_conditions(claims, now, before.get("conditions")))}
    if isinstance(state.policy, Policy):
        status |= _of_rules(state.policy)
    return status


def _with_problem(found: Found, state: PolicyState) -> Found:
    """What is said where something does not hold."""
    if found[1]:
        return found
    return found[0], False, state.problem or "Not Ready"


def _of_rules(policy: Policy) -> Document:
    made = [one.rule for one in generated_rules(policy)]
    own = [rule for rule in policy.spec.rules if not rule.name.startswith(PREFIX)]
    counts = RuleCount(
        generate=sum(rule.generate is not None for rule in own),
        mutate=sum(rule.mutate is not None for rule in own),
        validate=sum(rule.validation is not None for rule in own),
        verifyimages=sum(rule.verify_images is not None for rule in own),
    )
    return {
        "autogen": {"rules": [_as_upstream(rule) for rule in made]} if made else {},
        "rulecount": msgspec.to_builtins(counts),
        "validatingadmissionpolicy": msgspec.to_builtins(AdmissionPolicyStatus(generated=False, message="")),
    }


def _as_upstream(rule: PolicyRule) -> Document:
    """A rule as Kyverno writes it: filters in place are there even when they are empty."""
    made: Document = msgspec.to_builtins(rule)
    for part in ("match", "exclude"):
        if part in made:
            made[part] = {"resources": {}, **made[part]}
    return made


def _of_cel(state: PolicyState, now: datetime, before: Document) -> Document:
    kept = before.get("conditionStatus")
    found = list(_conditions(_claims(state), now, kept.get("conditions") if isinstance(kept, dict) else None))
    ready = all(one["status"] == "True" for one in found)
    condition_status: Document = {
        "conditions": found,
        "ready": ready,
        "message": state.problem[:MOST_MESSAGE],
    }
    status: Document = {"conditionStatus": condition_status}
    configs = autogen_configs(state.policy) if isinstance(state.policy, CelPolicy) else {}
    fields = state.kind.status.__struct_fields__ if state.kind.status else ()
    if "autogen" in fields:
        status["autogen"] = {"configs": configs} if configs else {}
    if "generated" in fields:
        status["generated"] = False
    return status


def _claims(state: PolicyState) -> Iterator[Found]:
    if state.problem:
        yield "PolicyCached", False, state.problem
        return
    if state.asks:
        told = "Webhook configured." if state.is_configured else "Policy is not configured in the webhook."
        yield "WebhookConfigured", state.is_configured, told
    if not state.is_scanned:
        told = "Background scanning disabled; reporting permissions not required."
        yield "RBACPermissionsGranted", True, told
    elif state.missing:
        told = f"Policy is not ready for reporting, missing permissions: {'; '.join(state.missing)}."
        yield "RBACPermissionsGranted", False, told
    else:
        yield "RBACPermissionsGranted", True, "Policy is ready for reporting."


def _conditions(claims: Iterable[Found], now: datetime, before: Any) -> Iterator[Document]:
    """Conditions; the time of one whose status is as before stays."""
    kept = {
        (one.get("type"), one.get("status")): one.get("lastTransitionTime")
        for one in (before if isinstance(before, list) else ())
        if isinstance(one, dict)
    }
    for type_, holds, message in claims:
        status = "True" if holds else "False"
        condition = Condition(
            now.replace(microsecond=0),
            message[:MOST_MESSAGE],
            SUCCEEDED if holds else FAILED,
            "True" if holds else "False",
            type_,
        )
        made: Document = msgspec.to_builtins(condition)
        yield {**made, "lastTransitionTime": kept.get((type_, status)) or made["lastTransitionTime"]}
