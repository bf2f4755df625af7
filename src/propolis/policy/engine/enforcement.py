"""Whether what a rule found refuses a request: failure actions, their overrides, existing violations.

Follows Kyverno pkg/engine/api/engineresponse.go and pkg/webhooks/utils @ 111e07b. The outcome of a finding
does not depend on it: a violation is one, whether it is refused or only told.
"""

from collections.abc import Callable

import msgspec

from propolis.core.finding import Outcome
from propolis.lang.wildcard import compile_wildcard
from propolis.policy.engine.matching import selector_test
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import FailureActionOverride, Validation

ENFORCE = "enforce"


class Override(msgspec.Struct, frozen=True):
    """Whether to enforce in some namespaces."""

    is_for: Callable[[Request], bool]
    enforces: bool


class Enforcement(msgspec.Struct, frozen=True):
    """When a rule refuses.

    Attributes:
        enforces: Where no override is for the request; the first that is decides.
        on_error: Whether an error refuses too (``failurePolicy: Fail``).
        allows_existing: Whether an update may keep a violation that was there before.
    """

    enforces: bool
    overrides: tuple[Override, ...]
    on_error: bool
    allows_existing: bool

    def refuses(self, request: Request, result: RuleResult, before: Callable[[], RuleResult | None]) -> bool:
        """Whether a failure or error refuses a request; ``before`` judges the object before an update.

        Raises:
            MissingLookups: The labels of the namespace are not known.
        """
        if request.subject.is_background:
            return False
        if result.outcome is Outcome.ERROR and not self.on_error:
            return False
        decided = (one.enforces for one in self.overrides if one.is_for(request))
        if not next(decided, self.enforces):
            return False
        if result.outcome is Outcome.ERROR or not self.allows_existing or request.subject.old is None:
            return True
        old = before()
        return old is None or old.outcome is not Outcome.FAIL


def compile_enforcement(policy: Policy, rule: PolicyRule) -> Enforcement | None:
    """When a rule refuses; None for one that never does."""
    spec = policy.spec
    webhook = spec.webhook_configuration
    stated = (webhook.failure_policy if webhook else None) or spec.failure_policy
    on_error = stated != "Ignore"
    if rule.mutate is not None:
        return Enforcement(on_error, (), on_error, allows_existing=False) if not rule.mutate.targets else None
    validation = rule.validation
    images = rule.verify_images
    own = validation.failure_action if validation else images[0].failure_action if images else None
    action = own or spec.validation_failure_action or ""
    given = (validation.failure_action_overrides if validation else None) or (
        () if own else spec.validation_failure_action_overrides or ()
    )
    overrides = tuple(Override(_namespaces_test(item), _enforces(item.action)) for item in given)
    if rule.generate is not None or not (_enforces(action) or any(one.enforces for one in overrides)):
        return None
    allows = validation is not None and _keeps_existing(validation)
    return Enforcement(_enforces(action), overrides, on_error, allows)


def _keeps_existing(validation: Validation) -> bool:
    """Whether what was wrong before may stay so; rules in CEL, assertions and manifests never ask."""
    other = (validation.cel, validation.assertion, validation.manifests)
    return validation.allow_existing_violations is not False and all(one is None for one in other)


def _enforces(action: str | None) -> bool:
    return (action or "").lower() == ENFORCE


def _namespaces_test(item: FailureActionOverride) -> Callable[[Request], bool]:
    """Whether an override is for the namespace of a request: by name, by labels, or by both."""
    names = [compile_wildcard(name) for name in item.namespaces or ()]
    selects = selector_test(item.namespace_selector) if item.namespace_selector is not None else None

    def test(request: Request) -> bool:
        if item.namespaces is not None and not any(one(request.namespace) for one in names):
            return False
        if selects is None:
            return item.namespaces is not None
        return selects(request.namespace_labels())

    return test
