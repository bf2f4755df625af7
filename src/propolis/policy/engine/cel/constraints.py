"""Match constraints: which requests a CEL policy is for.

Follows kubernetes/apiserver plugin/policy/matching and plugin/webhook/predicates @ 24a394e: rules name
resources as paths do; the namespace selector holds for what is in no namespace; the object selector holds
when it selects the object or the one before it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.resource import Document
from propolis.lang.label_selector import Labels, compile_selector, text_labels
from propolis.lang.plural import plural_of
from propolis.policy.engine.request import Request
from propolis.policy.model.cel.match import MatchConstraints, ResourceRule

Test = Callable[[Request], bool]
ANY = "*"


class ResourceSelector(msgspec.Struct, frozen=True):
    """Kinds by group, version and the name of their resource; what else a rule says is not looked at."""

    groups: frozenset[str]
    versions: frozenset[str]
    resources: frozenset[str]

    def selects(self, group: str, version: str, kind: str, subresource: str) -> bool:
        """Whether a kind is meant."""
        if not (_has(self.groups, group) and _has(self.versions, version)):
            return False
        plural = plural_of(kind)
        if not subresource:
            return bool(self.resources & {ANY, plural, "*/*"})
        return bool(self.resources & {"*/*", f"{plural}/*", f"*/{subresource}", f"{plural}/{subresource}"})


def selectors_of(constraints: MatchConstraints | None) -> tuple[ResourceSelector, ...] | None:
    """The kinds that constraints may be for; None for any."""
    if constraints is None or not constraints.resource_rules:
        return None
    return tuple(map(_selector, constraints.resource_rules))


def _selector(rule: ResourceRule) -> ResourceSelector:
    return ResourceSelector(
        frozenset(rule.api_groups or ()), frozenset(rule.api_versions or ()), frozenset(rule.resources or ())
    )


def compile_constraints(constraints: MatchConstraints | None, namespace: str = "") -> Test | None:
    """Whether a request is meant; None for what is for every request.

    Args:
        constraints: As written; None for a policy that does not say.
        namespace: Of a namespaced policy, which is for requests of its namespace alone.
    """
    tests: list[Test] = []
    if namespace:
        tests.append(lambda request: request.namespace == namespace)
    if constraints is not None:
        tests += _tests(constraints)
    return joined(tests)


def of_any_operation(constraints: MatchConstraints, *, only_unsaid: bool = False) -> MatchConstraints:
    """The same for all operations: what exists is not being requested, so that operations tell nothing.

    Args:
        constraints: As written.
        only_unsaid: Whether only rules change that name no operation.
    """
    rules = tuple(
        rule if only_unsaid and rule.operations else msgspec.structs.replace(rule, operations=(ANY,))
        for rule in constraints.resource_rules or ()
    )
    return msgspec.structs.replace(constraints, resource_rules=rules)


def decided_by_index(constraints: MatchConstraints) -> bool:
    """Whether kind, operation and namespace tell all, so that an index knows it without a test."""
    if constraints.exclude_resource_rules or constraints.object_selector or constraints.namespace_selector:
        return False
    rules = constraints.resource_rules or ()
    asked = {(frozenset(rule.operations or ()), rule.scope or ANY) for rule in rules}
    return len(asked) == 1 and not any(rule.resource_names for rule in rules)


class ResourceReach(msgspec.Struct, frozen=True):
    """Operations and scopes that rules ask for, and the namespace of a namespaced policy.

    Attributes:
        asked: Operations and scope of each rule; empty for any.
        namespace: The only one; empty for all.
    """

    asked: tuple[tuple[frozenset[str], str], ...]
    namespace: str = ""

    def holds(self, kind: str, operation: str, namespace: str) -> bool:
        """Whether the policy may be for a request; what decides beside is left to its constraints."""
        del kind
        if self.namespace and namespace != self.namespace:
            return False
        return not self.asked or any(
            _has(operations, operation) and (scope == ANY or (scope == "Namespaced") is bool(namespace))
            for operations, scope in self.asked
        )


def reach_of_constraints(constraints: MatchConstraints | None, namespace: str) -> ResourceReach:
    """Operations and namespaces outside of which constraints are for nothing."""
    rules = (constraints.resource_rules if constraints else None) or ()
    return ResourceReach(
        tuple((frozenset(rule.operations or ()), rule.scope or ANY) for rule in rules), namespace
    )


def joined(tests: Sequence[Test]) -> Test | None:
    """Whether all tests hold; None where there are none."""
    if len(tests) > 1:
        return lambda request: all(test(request) for test in tests)
    return tests[0] if tests else None


def _tests(constraints: MatchConstraints) -> list[Test]:
    """Rules first, for they need no look-up."""
    tests: list[Test] = []
    if constraints.resource_rules:
        tests.append(_any_rule(constraints.resource_rules))
    if constraints.exclude_resource_rules:
        excludes = _any_rule(constraints.exclude_resource_rules)
        tests.append(lambda request: not excludes(request))
    if constraints.object_selector:
        tests.append(_object_test(_selection(constraints.object_selector)))
    if constraints.namespace_selector:
        tests.append(_namespace_test(_selection(constraints.namespace_selector)))
    return tests


def _any_rule(rules: Sequence[ResourceRule]) -> Test:
    tests = [_rule_test(rule) for rule in rules]
    return tests[0] if len(tests) == 1 else lambda request: any(test(request) for test in tests)


def _rule_test(rule: ResourceRule) -> Test:
    selects = _selector(rule).selects
    operations = frozenset(rule.operations or ())
    names = frozenset(rule.resource_names or ())
    scope = rule.scope or ANY

    def test(request: Request) -> bool:
        if not _has(operations, request.operation):
            return False
        if scope != ANY and (scope == "Namespaced") is not bool(request.namespace):
            return False
        if names and not _is_named(request, names):
            return False
        return selects(request.group, request.version, request.kind, request.subresource)

    return test


def _is_named(request: Request, names: frozenset[str]) -> bool:
    """Whether a name is meant; one that is not made yet counts by its beginning."""
    metadata = request.document.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    prefix = fields.get("generateName")
    if fields.get("name") or not isinstance(prefix, str):
        return request.name in names
    return any(prefix.startswith(name) for name in names)


def _selection(selector: dict[str, Any]) -> Callable[[Labels], bool]:
    """A selector as a test; one that is wrong selects nothing."""
    try:
        return compile_selector(selector).matches
    except DocumentError:
        return lambda _: False


def _object_test(selects: Callable[[Labels], bool]) -> Test:
    def test(request: Request) -> bool:
        old = request.subject.old
        return selects(request.labels) or (old is not None and selects(_labels(old)))

    return test


def _namespace_test(selects: Callable[[Labels], bool]) -> Test:
    def test(request: Request) -> bool:
        if (request.group, request.kind) == ("", "Namespace"):
            return selects(request.labels)
        return not request.namespace or selects(request.namespace_labels())

    return test


def _labels(document: Document) -> dict[str, str]:
    metadata = document.get("metadata")
    return text_labels(metadata.get("labels") if isinstance(metadata, dict) else None)


def _has(wanted: frozenset[str], text: str) -> bool:
    return text in wanted or ANY in wanted
