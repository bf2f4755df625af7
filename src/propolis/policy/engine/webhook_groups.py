"""Which webhook a policy is asked through: one that it shares, or one of its own.

Follows Kyverno pkg/controllers/webhook (controller.go, validating.go, utils.go) @ v1.19.1: a policy has
its own where it states conditions of its own, and in CEL also where it wants exact matches or states a
time-out. Otherwise policies of one failure policy share. Differences: policies in CEL share with the
others, and selectors of policies that share are left to the engine, so that a request is asked about less
often.
"""

import hashlib
import re
from typing import Any, Literal

import msgspec

from propolis.policy.engine.webhook_conditions import offloaded
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.cel.policy import CelPolicy, MutatingSpec
from propolis.policy.model.policy import Policy

FailurePolicy = Literal["fail", "ignore"]
NAME_LABEL = "kubernetes.io/metadata.name"
DEFAULT_TIMEOUT_SECONDS = 10
LONGEST_TIMEOUT_SECONDS = 30
"""Of a webhook, as the API server has it."""
MOST_NAME = 200
"""Of the part of a webhook's name that tells it apart; the API server takes 253 characters in all."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_FINE = "finegrained"
_SHORT = {"ValidatingPolicy": "vpol", "MutatingPolicy": "mpol", "ImageValidatingPolicy": "ivpol"}
CEL = "cel"
ACTING = "acting"
ONCE = "once"
"""Of policies that are not called again after other webhooks have changed the object."""

Selector = dict[str, Any]


class WebhookGroup(msgspec.Struct, frozen=True):
    """Policies that one webhook asks, and what it is told.

    Attributes:
        key: The last part of its path: ``fail``, ``ignore/finegrained/NAME``.
        suffix: Of its name.
        conditions: None for those of the settings.
        namespace_selector: Of its only policy.
        object_selector: Of its only policy.
        is_exact: Whether requests for the same object in another version are not asked about.
        is_reinvoked: Whether it is called again after later webhooks have changed the object.
        is_namespaced: Whether cluster-wide objects are not asked about.
        is_of_cel: Whether its policies are in CEL alone, which conditions of the settings are not for.
        has_effects: Whether something is done because of a request, unless it is a dry run.
    """

    key: str
    failure: FailurePolicy
    suffix: str
    conditions: tuple[NamedExpression, ...] | None = None
    namespace_selector: Selector | None = None
    object_selector: Selector | None = None
    timeout_seconds: int = DEFAULT_TIMEOUT_SECONDS
    is_exact: bool = False
    is_reinvoked: bool = True
    is_namespaced: bool = False
    is_of_cel: bool = False
    has_effects: bool = False


def acting_group(failure: FailurePolicy) -> WebhookGroup:
    """The group of policies that act after a request; those of one failure policy share it."""
    return WebhookGroup(f"{failure}/{ACTING}", failure, f"{failure}-{ACTING}", has_effects=True)


def shared_group(failure: FailurePolicy) -> WebhookGroup:
    """The group of policies that ask for nothing special."""
    return WebhookGroup(failure, failure, failure)


def group_of(policy: AnyPolicy, *, are_apart: bool = False) -> WebhookGroup:
    """The group of a policy; of one that shares, as if it were alone there.

    Args:
        policy: Of either generation.
        are_apart: Whether policies in CEL do not share with the others.
    """
    if isinstance(policy, CelPolicy):
        return _group_of_cel(policy, are_apart=are_apart)
    return _group_of_rules(policy)


def failure_policy(policy: AnyPolicy) -> FailurePolicy:
    """What a failure of a policy means."""
    if isinstance(policy, CelPolicy):
        stated = getattr(policy.spec, "failure_policy", None)
    else:
        webhook = policy.spec.webhook_configuration
        stated = (webhook.failure_policy if webhook else None) or policy.spec.failure_policy
    return "ignore" if stated == "Ignore" else "fail"


def _group_of_rules(policy: Policy) -> WebhookGroup:
    webhook = policy.spec.webhook_configuration
    stated = (webhook.timeout_seconds if webhook else None) or policy.spec.webhook_timeout_seconds or 0
    timeout = min(max(stated, DEFAULT_TIMEOUT_SECONDS), LONGEST_TIMEOUT_SECONDS)
    failure = failure_policy(policy)
    conditions = offloaded(policy)
    if not conditions:
        return msgspec.structs.replace(shared_group(failure), timeout_seconds=timeout)
    return _own_group(policy, _FINE, conditions=conditions, timeout_seconds=timeout)


def _group_of_cel(policy: CelPolicy, *, are_apart: bool) -> WebhookGroup:
    constraints = policy.spec.match_constraints
    webhook = getattr(policy.spec, "webhook_configuration", None)
    timeout = webhook.timeout_seconds if webhook else None
    is_exact = constraints is not None and constraints.match_policy == "Exact"
    is_reinvoked = not isinstance(policy.spec, MutatingSpec) or policy.spec.reinvocation_policy == "IfNeeded"
    conditions = offloaded(policy)
    if not (conditions or is_exact or timeout):
        failure = failure_policy(policy)
        words = [failure, *([CEL] if are_apart else []), *([] if is_reinvoked else [ONCE])]
        return WebhookGroup(
            "/".join(words), failure, "-".join(words), is_reinvoked=is_reinvoked, is_of_cel=are_apart
        )
    prefix = "n" if policy.namespace else ""
    return _own_group(
        policy,
        prefix + _SHORT.get(policy.base_kind, _FINE),
        conditions=conditions or None,
        namespace_selector=constraints.namespace_selector if constraints else None,
        object_selector=constraints.object_selector if constraints else None,
        timeout_seconds=min(max(timeout or DEFAULT_TIMEOUT_SECONDS, 1), LONGEST_TIMEOUT_SECONDS),
        is_exact=is_exact,
        is_reinvoked=is_reinvoked,
        is_of_cel=True,
    )


def _own_group(policy: AnyPolicy, what: str, **fields: Any) -> WebhookGroup:
    """A group of one policy. One of a namespace is asked about what is in it alone."""
    failure = failure_policy(policy)
    parts = [part for part in (policy.namespace, policy.name) if part]
    parts = parts if _are_names(parts) else [_digest(parts)]
    suffix = f"{failure}-{what}{'.' if policy.namespace else '-'}{'.'.join(parts)}"
    if policy.namespace:
        own = {"key": NAME_LABEL, "operator": "In", "values": [policy.namespace]}
        fields["namespace_selector"] = {"matchExpressions": [own]}
    key = "/".join((failure, what, *parts))
    return WebhookGroup(key, failure, suffix, is_namespaced=bool(policy.namespace), **fields)


def _are_names(parts: list[str]) -> bool:
    """Whether names of files, too, can stand in paths and in names of webhooks."""
    return sum(map(len, parts)) <= MOST_NAME and all(_NAME.fullmatch(part) for part in parts)


def _digest(parts: list[str]) -> str:
    return "x-" + hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


def merged_selectors(*selectors: Selector | None) -> Selector | None:
    """A selector that wants what all of them want; None where there is none."""
    stated = [one for one in selectors if one is not None]
    labels = {key: value for one in stated for key, value in (one.get("matchLabels") or {}).items()}
    terms = [term for one in stated for term in one.get("matchExpressions") or ()]
    if not stated:
        return None
    return {**({"matchLabels": labels} if labels else {}), **({"matchExpressions": terms} if terms else {})}
