"""What calls of Kubernetes' functions cost, and of the string functions that it has costs of its own for.

Follows apiserver pkg/cel/library/cost.go EstimateCallCost @ 24a394e. Rules go by the name of a function,
whatever its overload is.
"""

import math

from propolis.lang.cel.ast import Literal
from propolis.lang.cel.cost import units
from propolis.lang.cel.cost.calls import Estimate, Question, Rule, pattern_cost
from propolis.lang.cel.cost.ranges import ENDLESS, NOTHING, ONE, Range, exactly
from propolis.lang.cel.cost.sizes import Sizes, Value

CHECK_COST = 350_000
"""An authorization check: two of them are what an expression may have."""
LONGEST_FORMAT_PATTERN = 128
_LONGEST_FORMAT = 64
_ADDRESS = Range(4, 16)
_BASE = exactly(units.LIST)
_PER_REQUIREMENT = float(units.LIST + units.STRUCT)

NOMINAL = frozenset(
    {
        "serviceAccount", "path", "group", "resource", "subresource", "namespace", "name",
        "allowed", "reason", "error", "errored",
        "masked", "prefixLength", "family", "isUnspecified", "isLoopback", "isLinkLocalMulticast",
        "isLinkLocalUnicast", "isGlobalUnicast",
        "format.named",
        "sign", "asInteger", "isInteger", "asApproximateFloat", "isGreaterThan", "isLessThan", "compareTo",
        "add", "sub", "major", "minor", "patch",
        "getScheme", "getHostname", "getHost", "getPort", "getEscapedPath", "getQuery",
    }
)  # fmt: skip
"""Functions that cost 1."""


def estimate_kubernetes(question: Question, sizes: Sizes) -> Estimate | None:
    """The estimate of a call; None for functions that Kubernetes has no rule for."""
    if question.function in NOMINAL:
        return Estimate(ONE)
    rule = _RULES.get(question.function)
    return rule(question, sizes) if rule is not None else None


def _check(question: Question, sizes: Sizes) -> Estimate | None:
    del question, sizes
    return Estimate(exactly(CHECK_COST))


def _selector(question: Question, sizes: Sizes) -> Estimate | None:
    return Estimate(selector_cost(sizes.of(question.arguments[0])))


def selector_cost(size: Range) -> Range:
    """Parsing a selector: its shortest requirement has two characters."""
    requirements = size.scaled(0.5).scaled(_PER_REQUIREMENT)
    return _BASE.plus(size.scaled(units.PER_CHARACTER)).plus(requirements)


def _list_traversal(question: Question, sizes: Sizes) -> Estimate | None:
    """Every element is compared; texts are gone through."""
    if question.target is None:
        return None
    each = _element_cost(question.target, sizes)
    size = sizes.of(question.target)
    return Estimate(size.scaled(units.PER_CHARACTER) if each is None else size.times(each))


def _element_cost(target: Value, sizes: Sizes) -> Range | None:
    """Comparing one element; None for a receiver that has none."""
    items = sizes.items(target)
    if items is None:
        return None
    return ONE.plus(sizes.of(items).scaled(units.PER_CHARACTER)) if items.type.kind in _TEXTS else ONE


_TEXTS = ("string", "bytes")


def _includes(question: Question, sizes: Sizes) -> Estimate | None:
    """As the other traversals of lists; a receiver that is no list counts by its whole size."""
    if question.target is None:
        return None
    return Estimate(sizes.of(question.target).times(_element_cost(question.target, sizes) or ONE))


def _argument_traversal(question: Question, sizes: Sizes) -> Estimate | None:
    """The argument is gone through; the result is as large."""
    size = sizes.of(question.arguments[0])
    return Estimate(size.scaled(units.PER_CHARACTER), size)


def _receiver_traversal(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    size = sizes.of(question.target)
    return Estimate(size.scaled(units.PER_CHARACTER), size)


def _parsed(question: Question, sizes: Sizes) -> Estimate | None:
    """A text becomes a value."""
    if question.overload_id == "cidr_ip":
        return Estimate(ONE)
    return (
        Estimate(sizes.of(question.arguments[0]).scaled(units.PER_CHARACTER)) if question.arguments else None
    )


def _parsed_twice(question: Question, sizes: Sizes) -> Estimate | None:
    return Estimate(sizes.of(question.arguments[0]).scaled(2 * units.PER_CHARACTER))


def _replace(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    size, old, new = (sizes.of(one) for one in (question.target, *question.arguments[:2]))
    most = _most_replaced(size.high, old.low, new.high)
    least = _least_replaced(size.low, old.high, new.low)
    replaced = Range(least[0], most[0]).times(new).plus(Range(least[1], most[1]))
    return Estimate(size.scaled(2 * units.PER_CHARACTER), replaced)


def _most_replaced(size: int, old: int, new: int) -> tuple[int, int]:
    """How often a text may be replaced at most, and how much of the original stays."""
    if old == 0:
        return min(ENDLESS, size + 1), size
    return (0, size) if new <= old else (math.ceil(size / old), 0)


def _least_replaced(size: int, old: int, new: int) -> tuple[int, int]:
    if old == 0:
        return min(ENDLESS, size + 1), size
    return (0, size) if old <= new else (math.ceil(size / old), 0)


def _split(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    size = sizes.of(question.target)
    limit = question.arguments[1].node if len(question.arguments) > 1 else None
    most = size.high
    if isinstance(limit, Literal) and type(limit.value) is int:
        most = limit.value % (ENDLESS + 1)
    return Estimate(size.scaled(2 * units.PER_CHARACTER), Range(0, most))


def _join(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    count, items = sizes.of(question.target), sizes.items(question.target)
    size = count.times(sizes.of(items)) if items is not None else NOTHING
    if question.arguments:
        gaps = Range(max(0, count.low - 1), max(0, count.high - 1))
        size = size.plus(sizes.of(question.arguments[0]).times(gaps))
    return Estimate(size.scaled(units.PER_CHARACTER), size)


def _find(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    size = sizes.of(question.target)
    return Estimate(pattern_cost(size, sizes.of(question.arguments[0])), Range(0, size.high))


def _contains_address(question: Question, sizes: Sizes) -> Estimate | None:
    cost = _ADDRESS.plus(_ADDRESS).scaled(units.PER_CHARACTER)
    if question.overload_id == "cidr_contains_ip_string":
        cost = cost.plus(sizes.of(question.arguments[0]).scaled(units.PER_CHARACTER))
    return Estimate(cost)


def _contains_network(question: Question, sizes: Sizes) -> Estimate | None:
    cost = _ADDRESS.plus(_ADDRESS).scaled(units.PER_CHARACTER)
    cost = cost.plus(_ADDRESS.scaled(units.PER_CHARACTER)).plus(ONE)
    if question.overload_id == "cidr_contains_cidr_string":
        cost = cost.plus(sizes.of(question.arguments[0]).scaled(units.PER_CHARACTER))
    return Estimate(cost)


def _validate(question: Question, sizes: Sizes) -> Estimate | None:
    text = sizes.of(question.arguments[0]).scaled(units.PER_CHARACTER)
    return Estimate(text.scaled(LONGEST_FORMAT_PATTERN * units.PER_PATTERN_CHARACTER))


_AT_ONCE = frozenset(
    {
        "net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver",
        *(f"kubernetes.authorization.{name}" for name in ("Authorizer", "PathCheck", "GroupCheck")),
        *(f"kubernetes.authorization.{name}" for name in ("ResourceCheck", "Decision")),
    }
)  # fmt: skip
"""Types whose values are compared at once."""


def _equal(question: Question, sizes: Sizes) -> Estimate | None:
    del sizes
    one, other = question.arguments
    if one.type != other.type:
        return None
    if one.type.name in _AT_ONCE:
        return Estimate(ONE)
    if one.type.name == "kubernetes.NamedFormat":
        return Estimate(Range(1, _LONGEST_FORMAT).scaled(units.PER_CHARACTER))
    if one.type.name == "kubernetes.URL":
        most = other.size.high if other.size is not None else 1
        return Estimate(Range(1, most).scaled(units.PER_CHARACTER))
    return None


_RULES: dict[str, Rule] = {
    "check": _check,
    "fieldSelector": _selector,
    "labelSelector": _selector,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _list_traversal),
    "includes": _includes,
    "url": _argument_traversal,
    "jsonpatch.escapeKey": _argument_traversal,
    **dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _receiver_traversal),
    "replace": _replace,
    "split": _split,
    "join": _join,
    "find": _find,
    "findAll": _find,
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "ip"), _parsed),
    **dict.fromkeys(("quantity", "isQuantity", "semver", "isSemver"), _parsed),
    "ip.isCanonical": _parsed_twice,
    "containsIP": _contains_address,
    "containsCIDR": _contains_network,
    "validate": _validate,
    "_==_": _equal,
}
