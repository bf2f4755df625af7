"""Rules for Pods, written again for the controllers that make Pods.

Follows Kyverno pkg/autogen/v1 @ 111e07b, with its rule names: ``autogen-NAME`` for controllers and
``autogen-cronjob-NAME`` for CronJobs.
"""

from typing import Any

import msgspec

from propolis.policy.engine.kinds import plain_kind
from propolis.policy.model.match import ResourceDescription
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

ANNOTATION = "pod-policies.kyverno.io/autogen-controllers"
PREFIX = "autogen-"
LONGEST_NAME = 63

CONTROLLERS = {
    "DaemonSet": "apps/v1/DaemonSet",
    "Deployment": "apps/v1/Deployment",
    "Job": "batch/v1/Job",
    "ReplicaSet": "apps/v1/ReplicaSet",
    "ReplicationController": "v1/ReplicationController",
    "StatefulSet": "apps/v1/StatefulSet",
}
CRON_JOB = "CronJob"
_POD_KINDS = {*CONTROLLERS, CRON_JOB, "Pod"}
_TEMPLATE = "spec.template"
_JOB_TEMPLATE = "spec.jobTemplate.spec.template"


class GeneratedRule(msgspec.Struct, frozen=True):
    """A rule and the kinds for which alone it stands."""

    rule: PolicyRule
    kinds: frozenset[str]


def generated_rules(policy: Policy) -> list[GeneratedRule]:
    """The rules that a policy's Pod rules imply for controllers."""
    wanted = _wanted_controllers(policy)
    rules: list[GeneratedRule] = []
    for rule in policy.spec.rules:
        if rule.name.startswith(PREFIX) or not _is_for_pods(rule):
            continue
        plain = sorted(wanted & CONTROLLERS.keys())
        if plain:
            made = _generated(rule, plain)
            rules += [GeneratedRule(made, frozenset(plain))] if made else []
        if CRON_JOB in wanted:
            made = _generated_cron(rule)
            rules += [GeneratedRule(made, frozenset({CRON_JOB}))] if made else []
    return rules


def _wanted_controllers(policy: Policy) -> set[str]:
    """Controllers that the annotation names, all without it; none when a rule rules it out."""
    if not _can_generate(policy):
        return set()
    text = policy.annotations.get(ANNOTATION)
    if text is None or text == "all":
        return {*CONTROLLERS, CRON_JOB}
    return set(text.split(","))


def _can_generate(policy: Policy) -> bool:
    rules = policy.spec.rules
    if any(rule.generate or _patches_json(rule) for rule in rules):
        return False
    described = [item for rule in rules for item in _descriptions(rule)]
    return all(map(_allows, described)) and any(
        not _POD_KINDS.isdisjoint(item.kinds or ()) for item in described
    )


def _patches_json(rule: PolicyRule) -> bool:
    """JSON patches name paths, which would not be those of a template."""
    if rule.mutate is None:
        return False
    return bool(rule.mutate.patches_json6902) or any(
        item.patches_json6902 for item in rule.mutate.foreach or ()
    )


def _descriptions(rule: PolicyRule) -> list[ResourceDescription]:
    parts = [rule.match, *([rule.exclude] if rule.exclude else [])]
    filters = [item for part in parts for item in (part, *(part.any or ()), *(part.all or ()))]
    return [item.resources for item in filters if item.resources]


def _allows(item: ResourceDescription) -> bool:
    """Names, selectors, annotations and other kinds beside Pod do not carry over to controllers."""
    kinds = item.kinds or ()
    if len(kinds) > 1 and "Pod" in map(plain_kind, kinds):
        return False
    return not (item.name or item.names or item.annotations is not None or item.selector is not None)


def _is_for_pods(rule: PolicyRule) -> bool:
    excluded = rule.exclude.kinds() if rule.exclude else ()
    return "Pod" in map(plain_kind, rule.match.kinds()) and (
        not excluded or "Pod" in map(plain_kind, excluded)
    )


def _generated(rule: PolicyRule, kinds: list[str]) -> PolicyRule | None:
    document = _for_kinds(rule, [CONTROLLERS[kind] for kind in kinds], f"{PREFIX}{rule.name}")
    if not _shift(document, "template"):
        return None
    return _moved(document, _TEMPLATE)


def _generated_cron(rule: PolicyRule) -> PolicyRule | None:
    document = _for_kinds(rule, ["batch/v1/CronJob"], f"{PREFIX}cronjob-{rule.name}", replaces_all=True)
    if not (_shift(document, "template") and _shift(document, "jobTemplate")):
        return None
    return _moved(document, _JOB_TEMPLATE)


def _for_kinds(
    rule: PolicyRule, kinds: list[str], name: str, *, replaces_all: bool = False
) -> dict[str, Any]:
    """The rule's document under a new name, its Pod filters for other kinds."""
    document: dict[str, Any] = msgspec.to_builtins(rule)
    document["name"] = name[:LONGEST_NAME]
    document.pop("imageExtractors", None)
    for part in ("match", "exclude"):
        found = document.get(part)
        if not found:
            continue
        filters = found.get("any") or found.get("all")
        is_matched = part == "match" or bool((found.get("resources") or {}).get("kinds"))
        for item in filters or ([found] if is_matched else []):
            resources = item.get("resources") or {}
            if replaces_all or filters is None or "Pod" in map(plain_kind, resources.get("kinds") or ()):
                item["resources"] = {**resources, "kinds": kinds}
    return document


def _shift(document: dict[str, Any], key: str) -> bool:
    """Puts the rule's trees below a template; false when the rule has nothing to put there."""
    if document.get("mutate"):
        return _shift_mutation(document, key)
    validation = document.get("validate")
    if validation:
        return _shift_validation(validation, key)
    return bool(document.get("verifyImages"))


def _shift_mutation(document: dict[str, Any], key: str) -> bool:
    mutate = document["mutate"]
    if mutate.get("patchStrategicMerge") is not None:
        document["mutate"] = {"patchStrategicMerge": {"spec": {key: mutate["patchStrategicMerge"]}}}
        return True
    kept = ("list", "context", "preconditions")
    items = [
        {name: item[name] for name in kept if name in item}
        | {"patchStrategicMerge": {"spec": {key: item.get("patchStrategicMerge")}}}
        for item in mutate.get("foreach") or ()
    ]
    document["mutate"] = {"foreach": items}
    return bool(items)


def _shift_validation(validation: dict[str, Any], key: str) -> bool:
    if validation.get("pattern") is not None:
        validation["pattern"] = {"spec": {key: validation["pattern"]}}
        return True
    if validation.get("anyPattern") is not None:
        validation["anyPattern"] = [{"spec": {key: item}} for item in validation["anyPattern"]]
        return True
    return any(validation.get(way) is not None for way in ("deny", "podSecurity", "foreach", "cel"))


def _moved(document: dict[str, Any], template: str) -> PolicyRule:
    """The rule whose variables, or expressions of CEL, look into the template."""
    root = "" if (document.get("validate") or {}).get("cel") else "request."
    moves = [
        (f"{root}{which}.{field}", f"{root}{which}.{template}.{field}")
        for field in ("spec", "metadata")
        for which in ("object", "oldObject")
    ]
    return msgspec.convert(_replaced(document, moves), PolicyRule)


def _replaced(value: Any, moves: list[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        for old, new in moves:
            value = value.replace(old, new)
        return value
    if isinstance(value, list | tuple):
        return [_replaced(item, moves) for item in value]
    if isinstance(value, dict):
        return {_replaced(key, moves): _replaced(item, moves) for key, item in value.items()}
    return value
