"""Match and exclude, compiled to functions of a request.

Follows Kyverno pkg/engine/utils/match.go @ 111e07b: all fields of a filter must hold, of each list
of a field one entry.
"""

from collections.abc import Callable

from propolis.core.errors import DocumentError
from propolis.lang.label_selector import compile_selector
from propolis.lang.wildcard import compile_wildcard, has_wildcard
from propolis.policy.engine.kinds import KindSelector, parse_kind
from propolis.policy.engine.request import Request
from propolis.policy.model.match import MatchResources, ResourceDescription, ResourceFilter, Subject

Test = Callable[[Request], bool]
Labels = dict[str, str]


def compile_match(match: MatchResources, exclude: MatchResources | None, policy_namespace: str = "") -> Test:
    """The function that tells whether a rule is for a request."""
    included = _compile_match(match)
    excluded = _compile_exclude(exclude) if exclude else None
    if policy_namespace:
        inner = included
        included = lambda request: request.namespace == policy_namespace and inner(request)  # noqa: E731
    if excluded is None:
        return included
    return lambda request: included(request) and not excluded(request)


def kind_selectors(match: MatchResources) -> tuple[KindSelector, ...] | None:
    """The kinds that a rule may be for; None when a filter names none, so that any may do."""
    selectors: list[KindSelector] = []
    for item in match.filters():
        kinds = item.resources.kinds if item.resources else None
        if not kinds and not match.all:
            return None
        selectors += map(parse_kind, kinds or ())
    return tuple(selectors) or None


def is_decided_by_kind(match: MatchResources) -> bool:
    """Whether a match asks for nothing but one of some kinds."""
    return not match.all and all(
        item.resources is not None
        and bool(item.resources.kinds)
        and item == ResourceFilter(ResourceDescription(kinds=item.resources.kinds))
        for item in match.filters()
    )


def compile_exception_match(match: MatchResources) -> Test:
    """The match of an exception: users count even when nobody asks; an empty one is for nothing."""
    if not (match.any or match.all):
        return lambda _: False
    filters = [_compile_filter(item, forgets_user=False) for item in match.filters()]
    join = any if match.any else all
    return lambda request: join(one(request) for one in filters)


def _compile_match(match: MatchResources) -> Test:
    filters = [_compile_filter(item, forgets_user=True) for item in match.filters()]
    if len(filters) == 1:
        return filters[0]
    join = any if match.any else all
    return lambda request: join(one(request) for one in filters)


def _compile_exclude(exclude: MatchResources) -> Test | None:
    filters = [_compile_filter(item, forgets_user=False) for item in exclude.filters() if not _is_empty(item)]
    if not filters:
        return None
    join = all if exclude.all and not exclude.any else any
    return lambda request: join(one(request) for one in filters)


def _is_empty(item: ResourceFilter) -> bool:
    return not _fields(item.resources) and not (item.subjects or item.roles or item.cluster_roles)


def _fields(resources: ResourceDescription | None) -> bool:
    """Whether a description says anything; an empty selector does."""
    if resources is None:
        return False
    selectors = resources.selector is not None or resources.namespace_selector is not None
    return selectors or any(getattr(resources, name) for name in resources.__struct_fields__)


def _compile_filter(item: ResourceFilter, *, forgets_user: bool) -> Test:
    """A filter as a function. ``forgets_user``: when nobody asks, users do not count."""
    tests = _description_tests(item.resources) if item.resources else []
    users = _user_tests(item)
    if not tests and not users and not _fields(item.resources):
        return lambda _: False
    is_only_user = not _fields(item.resources)

    def test(request: Request) -> bool:
        if users:
            if forgets_user and request.user.is_empty:
                if is_only_user:
                    return False
            elif not all(one(request) for one in users):
                return False
        return all(one(request) for one in tests)

    return test if users or len(tests) != 1 else tests[0]


def _description_tests(resources: ResourceDescription) -> list[Test]:
    """The cheap ones first, look-ups last."""
    tests: list[Test] = []
    if resources.operations:
        operations = frozenset(resources.operations)
        tests.append(lambda request: request.operation in operations)
    if resources.kinds:
        tests.append(_kinds_test(resources.kinds))
    names = [*([resources.name] if resources.name else []), *(resources.names or ())]
    if resources.name:
        tests.append(_name_test([resources.name]))
    if resources.names:
        tests.append(_name_test(names[1:] if resources.name else names))
    if resources.namespaces:
        tests.append(_namespaces_test(resources.namespaces))
    if resources.annotations:
        tests.append(_annotations_test(resources.annotations))
    if resources.selector is not None:
        selects = selector_test(resources.selector)
        tests.append(lambda request: selects(request.labels))
    if resources.namespace_selector is not None:
        tests.append(_namespace_selector_test(resources.namespace_selector))
    return tests


def _kinds_test(kinds: tuple[str, ...]) -> Test:
    selectors = [parse_kind(kind) for kind in kinds]
    return lambda request: any(
        one.selects(request.group, request.version, request.kind, request.subresource) for one in selectors
    )


def _name_test(names: list[str]) -> Test:
    matchers = [compile_wildcard(name) for name in names]
    return lambda request: any(one(request.name) for one in matchers)


def _namespaces_test(namespaces: tuple[str, ...]) -> Test:
    """A Namespace itself is meant by its name."""
    matchers = [compile_wildcard(name) for name in namespaces]

    def test(request: Request) -> bool:
        name = request.name if request.kind == "Namespace" else request.namespace
        return any(one(name) for one in matchers)

    return test


def _annotations_test(annotations: dict[str, str]) -> Test:
    pairs = [_pair_test(key, value) for key, value in annotations.items()]
    return lambda request: all(pair(request.annotations) for pair in pairs)


def _pair_test(key: str, value: str) -> Callable[[Labels], bool]:
    """Whether one label or annotation matches key and value with their wildcards."""
    if not has_wildcard(key) and not has_wildcard(value):
        return lambda labels: labels.get(key) == value
    matches_key, matches_value = compile_wildcard(key), compile_wildcard(value)
    return lambda labels: any(matches_key(name) and matches_value(text) for name, text in labels.items())


def selector_test(selector: dict[str, object]) -> Callable[[Labels], bool]:
    """A label selector that may have wildcards in ``matchLabels``; one that is invalid selects nothing."""
    labels = selector.get("matchLabels") or {}
    if not isinstance(labels, dict) or not all(type(text) is str for pair in labels.items() for text in pair):
        return lambda _: False
    wild = {key: value for key, value in labels.items() if has_wildcard(key) or has_wildcard(value)}
    plain = {key: value for key, value in labels.items() if key not in wild}
    try:
        selects = compile_selector({**selector, "matchLabels": plain}).matches
    except DocumentError:
        return lambda _: False
    if not wild:
        return selects
    pairs = [_pair_test(key, value) for key, value in wild.items()]
    return lambda labels: selects(labels) and all(pair(labels) for pair in pairs)


def _namespace_selector_test(selector: dict[str, object]) -> Test:
    selects = selector_test(selector)
    return lambda request: request.kind != "Namespace" and selects(request.namespace_labels())


def _user_tests(item: ResourceFilter) -> list[Test]:
    tests: list[Test] = []
    if item.roles:
        roles = frozenset(item.roles)
        tests.append(lambda request: not roles.isdisjoint(request.user.roles))
    if item.cluster_roles:
        cluster_roles = frozenset(item.cluster_roles)
        tests.append(lambda request: not cluster_roles.isdisjoint(request.user.cluster_roles))
    if item.subjects:
        subjects = [_subject_test(subject) for subject in item.subjects]
        tests.append(lambda request: any(one(request) for one in subjects))
    return tests


def _subject_test(subject: Subject) -> Test:
    if subject.kind == "Group":
        matches = compile_wildcard(subject.name)
        return lambda request: any(matches(group) for group in request.user.groups)
    if subject.kind not in ("User", "ServiceAccount"):
        return lambda _: False
    account = f"system:serviceaccount:{subject.namespace or ''}:{subject.name}"
    matches = compile_wildcard(account if subject.kind == "ServiceAccount" else subject.name)
    return lambda request: matches(request.user.username)
