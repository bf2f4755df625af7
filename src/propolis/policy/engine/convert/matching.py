"""Match and exclude as match constraints and match conditions.

Kinds and operations become rules on resources; all else is asked in conditions, in the words of
`propolis.policy.engine.matching`: selectors of admission would let in what Kyverno leaves out.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from propolis.lang.plural import plural_of
from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.terms import FALSE, TRUE, Call, Compare, Term, and_, not_, or_, written
from propolis.policy.engine.convert.texts import literal, one_of, wildcard
from propolis.policy.engine.kinds import KindSelector, parse_kind
from propolis.policy.model.match import MatchResources, ResourceDescription, ResourceFilter, Subject

OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")


class Constraints(msgspec.Struct, frozen=True):
    """What a match becomes.

    Attributes:
        rules: Of ``matchConstraints.resourceRules``.
        conditions: By name.
    """

    rules: tuple[dict[str, Any], ...]
    conditions: tuple[tuple[str, Term], ...]


def operations_of(match: MatchResources) -> tuple[str, ...]:
    """The operations that a match may be for."""
    found: list[str] = []
    for item in match.filters():
        stated = item.resources.operations if item.resources else None
        found += stated or OPERATIONS
    return tuple(one for one in OPERATIONS if one in found)


def translate_match(
    match: MatchResources, exclude: MatchResources | None, operations: tuple[str, ...], holder: str = "object"
) -> Constraints:
    """Constraints that are for the same requests.

    Args:
        match: Of the rule.
        exclude: Of the rule.
        operations: For which the rule has something to say.
        holder: What holds the object: ``object``, or ``oldObject`` of deletions.

    Raises:
        Refused: A filter has no translation.
    """
    filters = match.filters()
    if match.all and not match.any and len(filters) > 1:
        filters = (_joined(filters),)
    rules = _rules(filters, operations)
    conditions: list[tuple[str, Term]] = []
    wanted = or_(
        _filter(item, operations, holder, is_only=len(filters) == 1, forgets_user=True) for item in filters
    )
    if wanted != TRUE:
        conditions.append(("matched", wanted))
    if exclude is not None:
        unwanted = _excluded(exclude, match.kinds(), operations, holder)
        if unwanted != FALSE:
            conditions.append(("not-excluded", not_(unwanted)))
    return Constraints(rules, tuple(conditions))


def _joined(filters: tuple[ResourceFilter, ...]) -> ResourceFilter:
    """Filters of which all must hold as one, where no field stands in two of them."""
    merged: dict[str, Any] = {}
    for item in filters:
        document = msgspec.to_builtins(item)
        for part, value in document.items():
            if value is None:
                continue
            if part == "resources":
                known = merged.setdefault("resources", {})
                for key, inner in value.items():
                    if inner is not None and known.setdefault(key, inner) != inner:
                        raise Refused(f"several {key} of which all must match")
            elif merged.setdefault(part, value) != value:
                raise Refused(f"several {part} of which all must match")
    return msgspec.convert(merged, ResourceFilter)


def _rules(filters: Iterable[ResourceFilter], operations: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """One rule for each group, version and set of operations, in the order of the kinds."""
    found: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for item in filters:
        resources = item.resources
        if resources is None or not resources.kinds:
            raise Refused("a filter without kinds")
        stated = tuple(one for one in operations if one in (resources.operations or OPERATIONS))
        if not stated:
            continue
        for kind in resources.kinds:
            group, version, names = _resources(parse_kind(kind))
            listed = found.setdefault((group, version, stated), [])
            listed += [name for name in names if name not in listed]
    if not found:
        raise Refused("the rule is for no operation")
    return tuple(
        {"apiGroups": [group], "apiVersions": [version], "operations": list(stated), "resources": names}
        for (group, version, stated), names in found.items()
    )


def _resources(selector: KindSelector) -> tuple[str, str, list[str]]:
    """Group, version and names in paths of a kind; a Pod is of the core group, whatever the filter says."""
    group, version = selector.group, selector.version
    if any(
        has_wildcard(part) and part != "*" for part in (group, version, selector.kind, selector.subresource)
    ):
        raise Refused("a kind with a wildcard in it")
    if not selector.kind:
        raise Refused("a kind that cannot be read")
    name = "*" if selector.kind == "*" else plural_of(selector.kind)
    if selector.kind == "Pod":
        group, version = ("" if group == "*" else group), ("v1" if version == "*" else version)
    names = [f"{name}/{selector.subresource}"] if selector.subresource else [name]
    if (selector.kind, selector.subresource) == ("*", "*"):
        names = ["*/*"]
    return group, version, names


def _excluded(
    exclude: MatchResources, kinds: tuple[str, ...], operations: tuple[str, ...], holder: str
) -> Term:
    filters = [item for item in exclude.filters() if item != ResourceFilter()]
    terms = [
        _filter(item, operations, holder, kinds=kinds, is_only=False, forgets_user=False) for item in filters
    ]
    return and_(terms) if exclude.all and not exclude.any else or_(terms)


def _filter(
    item: ResourceFilter,
    operations: tuple[str, ...],
    holder: str,
    *,
    kinds: tuple[str, ...] = (),
    is_only: bool,
    forgets_user: bool,
) -> Term:
    if item.roles or item.cluster_roles:
        raise Refused("roles of who asks are not known to CEL")
    terms: list[Term] = []
    resources = item.resources
    if resources is not None:
        terms += _described(resources, operations, holder, kinds=resources.kinds or kinds, is_only=is_only)
    if item.subjects:
        users = or_(map(_subject, item.subjects))
        if forgets_user:
            nobody = and_([
                Compare("request.userInfo.username", "==", "''"),
                Compare("request.userInfo.groups.size()", "==", "0"),
            ])  # fmt: skip
            users = or_([nobody, users])
        terms.append(users)
    return and_(terms)


def _described(
    resources: ResourceDescription,
    operations: tuple[str, ...],
    holder: str,
    *,
    kinds: tuple[str, ...],
    is_only: bool,
) -> Iterable[Term]:
    if resources.operations and not is_only and set(resources.operations) != set(operations):
        stated = list(resources.operations)
        yield Compare("request.operation", "in", literal(stated))
    if resources.kinds and not is_only:
        yield or_(map(_kind, resources.kinds))
    for names in ((resources.name,) if resources.name else (), resources.names or ()):
        if names:
            yield one_of(f"{holder}.metadata.?name.orValue('')", list(names))
    if resources.namespaces:
        yield _namespaces(kinds, list(resources.namespaces))
    if resources.annotations:
        yield _pairs(f"{holder}.metadata.?annotations.orValue({{}})", resources.annotations)
    if resources.selector is not None:
        yield _selected(f"{holder}.metadata.?labels.orValue({{}})", resources.selector)
    if resources.namespace_selector is not None:
        there = [
            Compare("request.kind.kind", "!=", "'Namespace'"),
            Compare("namespaceObject", "!=", "null"),
        ]  # fmt: skip
        labels = "namespaceObject.metadata.?labels.orValue({})"
        yield and_([*there, _selected(labels, resources.namespace_selector)])


def _kind(text: str) -> Term:
    selector = parse_kind(text)
    terms: list[Term] = []
    for part, value in (("group", selector.group), ("version", selector.version), ("kind", selector.kind)):
        if value != "*":
            terms.append(wildcard(f"request.kind.{part}", value))
    if selector.subresource != "*":
        terms.append(Compare("request.subResource", "==", literal(selector.subresource)))
    return and_(term for term in terms if term != Compare("request.subResource", "==", "''"))


def _namespaces(stated: tuple[str, ...], names: list[str]) -> Term:
    """A Namespace itself is meant by its name."""
    kinds = {parse_kind(kind).kind for kind in stated}
    if kinds == {"Namespace"}:
        return one_of("request.name", names)
    if kinds and "Namespace" not in kinds and not any(map(has_wildcard, kinds)):
        return one_of("request.namespace", names)
    return or_([
        and_([Compare("request.kind.kind", "==", "'Namespace'"), one_of("request.name", names)]),
        and_([Compare("request.kind.kind", "!=", "'Namespace'"), one_of("request.namespace", names)]),
    ])  # fmt: skip


def _pairs(labels: str, pairs: dict[str, str]) -> Term:
    return and_(_pair(labels, key, value) for key, value in pairs.items())


def _pair(labels: str, key: str, value: str) -> Term:
    if not has_wildcard(key):
        at = f"{labels}[?{literal(key)}]"
        if not has_wildcard(value):
            return Compare(at, "==", f"optional.of({literal(value)})")
        if value.strip("*") == "":
            return Compare(literal(key), "in", labels)
        return and_([Compare(literal(key), "in", labels), wildcard(f"{labels}[{literal(key)}]", value)])
    found = and_([wildcard("key", key), wildcard(f"{labels}[key]", value)])
    return Call(f"{labels}.exists(key, {written(found)})")


def _selected(labels: str, selector: dict[str, Any]) -> Term:
    if set(selector) - {"matchLabels", "matchExpressions"}:
        raise Refused("a selector with unknown fields")
    listed = selector.get("matchLabels") or {}
    if not isinstance(listed, dict) or not all(type(text) is str for pair in listed.items() for text in pair):
        raise Refused("matchLabels that are no texts")
    expressions = selector.get("matchExpressions") or ()
    return and_([_pairs(labels, listed), *(_expression(labels, item) for item in expressions)])


def _expression(labels: str, item: Any) -> Term:
    if not isinstance(item, dict) or not isinstance(item.get("key"), str):
        raise Refused("an expression of a selector without a key")
    key, operator, values = item["key"], item.get("operator"), item.get("values") or []
    there = Compare(literal(key), "in", labels)
    if operator in ("Exists", "DoesNotExist") and not values:
        return there if operator == "Exists" else not_(there)
    if operator not in ("In", "NotIn") or not values or not all(type(value) is str for value in values):
        raise Refused(f"the operator {operator!r} of a selector")
    among = Compare(f"{labels}[{literal(key)}]", "in", literal(values))
    return and_([there, among]) if operator == "In" else or_([not_(there), not_(among)])


def _subject(subject: Subject) -> Term:
    match subject.kind:
        case "Group":
            return Call(f"request.userInfo.groups.exists(g, {written(wildcard('g', subject.name))})")
        case "User":
            return wildcard("request.userInfo.username", subject.name)
        case "ServiceAccount":
            account = f"system:serviceaccount:{subject.namespace or ''}:{subject.name}"
            return wildcard("request.userInfo.username", account)
    return FALSE
