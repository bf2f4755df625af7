"""What a rule must say that its shape alone does not tell."""

from propolis.policy.model.problem import Problem
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import ForEachValidation, Validation

LONGEST_NAME = 63
_WAYS = ("pattern", "any_pattern", "deny", "foreach", "pod_security", "cel", "assertion", "manifests")


def check_rule(rule: PolicyRule) -> Problem | None:
    """The first thing that is wrong with a rule, or None."""
    if not rule.name or len(rule.name) > LONGEST_NAME:
        return Problem("the name of a rule has 1 to 63 characters", ("name",))
    if rule.match.any and rule.match.all:
        return Problem("any and all stand side by side", ("match",), "one of them")
    done = [rule.mutate, rule.validation, rule.generate, rule.verify_images]
    if sum(part is not None for part in done) != 1:
        return Problem("a rule does one thing", (), "one of validate, mutate, generate, verifyImages")
    return _check_validation(rule.validation) if rule.validation else None


def _check_validation(validation: Validation) -> Problem | None:
    ways = [way for way in _WAYS if getattr(validation, way) is not None]
    expected = "one of pattern, anyPattern, deny, foreach, podSecurity, cel, assert or manifests"
    if len(ways) != 1:
        return Problem(f"validate says {len(ways)} things", ("validate",), expected)
    if validation.any_pattern is not None and not isinstance(validation.any_pattern, list):
        return Problem("this is not a list", ("validate", "anyPattern"), "a list of patterns")
    for index, item in enumerate(validation.foreach or ()):
        problem = _check_foreach(item)
        if problem:
            return Problem(problem.message, ("validate", "foreach", index, *problem.path), problem.expected)
    return None


def _check_foreach(item: ForEachValidation) -> Problem | None:
    if not item.list:
        return Problem("the list is missing", ("list",), "a JMESPath expression")
    ways = [item.pattern, item.any_pattern, item.deny, item.foreach]
    if sum(way is not None for way in ways) != 1:
        return Problem("an element is checked in one way", (), "one of pattern, anyPattern, deny or foreach")
    return None
