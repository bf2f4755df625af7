"""Scalars of patterns as CEL: operators, ranges, wildcards, quantities, durations.

What a scalar means is said by `propolis.policy.engine.scalars`; a value that is there has the type that the
API server admits in its place.
"""

import re
from typing import Any

from propolis.lang.duration import parse_duration
from propolis.lang.quantity import parse_quantity
from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.terms import FALSE, Call, Choice, Compare, Term, and_, not_, or_
from propolis.policy.engine.convert.texts import literal, one_of, wildcard
from propolis.policy.engine.scalars import NOT_RANGE, RANGE, operator_of

Path = tuple[str, ...]

TEXT_MAPS = frozenset({"labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData"})
"""Maps of which every value is a text."""
SCALAR_LISTS = frozenset({
    "accessModes", "add", "apiGroups", "args", "command", "dnsNames", "drop", "externalIPs", "finalizers",
    "gateways", "hosts", "nameservers", "nonResourceURLs", "resourceNames", "resources", "searches",
    "supplementalGroups", "verbs",
})  # fmt: skip
"""Fields that are lists of scalars, of which a scalar pattern asks every element."""
WHOLE_NUMBERS = frozenset({
    "activeDeadlineSeconds", "backoffLimit", "completions", "containerPort", "defaultMode",
    "failureThreshold", "fsGroup", "hostPort", "initialDelaySeconds", "maxReplicas", "minReadySeconds",
    "minReplicas", "nodePort",
    "parallelism", "periodSeconds", "priority", "progressDeadlineSeconds", "replicas", "revisionHistoryLimit",
    "runAsGroup", "runAsUser", "successThreshold", "supplementalGroups", "terminationGracePeriodSeconds",
    "timeoutSeconds", "ttlSecondsAfterFinished", "weight",
})  # fmt: skip
"""Fields that are whole numbers in every kind of Kubernetes."""
FLAGS = frozenset({
    "allowPrivilegeEscalation", "automountServiceAccountToken", "hostIPC", "hostNetwork", "hostPID",
    "hostProcess", "immutable", "privileged", "readOnly", "readOnlyRootFilesystem", "runAsNonRoot",
    "stdin", "suspend",
    "tty",
})  # fmt: skip
"""Fields that are true or false in every kind of Kubernetes."""
_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DURATION = r"^[-+]?([0-9]*(\\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$"
_METHODS = {">": "isGreaterThan", "<": "isLessThan"}


def leaf(pattern: Any, value: str, path: Path) -> Term:
    """Whether a value that is there meets a scalar.

    Args:
        pattern: The scalar.
        value: CEL of the value.
        path: Keys above it, which tell its type.

    Raises:
        Refused: The scalar has no sure translation.
    """
    if isinstance(pattern, bool):
        return Compare(value, "==", literal(pattern))
    if isinstance(pattern, int | float):
        return _number(pattern, value, path)
    if isinstance(pattern, str):
        return or_(_alternative(part.strip(" "), value, path) for part in pattern.split("|"))
    raise Refused("a pattern of null without an anchor")


def _is_text(path: Path) -> bool:
    return len(path) > 1 and path[-2] in TEXT_MAPS


def _number(pattern: float, value: str, path: Path) -> Term:
    if _is_text(path):
        return Compare(value, "==", literal(str(pattern)))
    return Compare(value, "==", literal(pattern))


def _alternative(text: str, value: str, path: Path) -> Term:
    return and_(_term(part.strip(" "), value, path) for part in text.split("&"))


def _term(term: str, value: str, path: Path) -> Term:
    operator = operator_of(term)
    if operator == "-" and (found := RANGE.fullmatch(term)):
        return and_([_operand(found[1], ">=", value, path), _operand(found[2], "<=", value, path)])
    if operator == "!-" and (found := NOT_RANGE.fullmatch(term)):
        return or_([_operand(found[1], "<", value, path), _operand(found[2], ">", value, path)])
    return _operand(term[len(operator) :].strip(), operator, value, path)


def _operand(operand: str, operator: str, value: str, path: Path) -> Term:
    quantity, duration = parse_quantity(operand), parse_duration(operand)
    if quantity is None and duration is None:
        return _words(operand, operator, value, path)
    if path and path[-1] in WHOLE_NUMBERS and _WHOLE.fullmatch(operand):
        return Compare(value, {"": "==", "!": "!="}.get(operator, operator), str(int(operand)))
    text = value if _is_text(path) or "limits" in path or "requests" in path else f"string({value})"
    words = _words(operand, operator, text, path)
    otherwise = words
    if quantity is not None:
        otherwise = _choice(Call(f"isQuantity({text})"), _quantity(operand, operator, text), words)
    if duration is None:
        return otherwise
    as_duration = _duration(operand, operator, text)
    return _choice(Call(f"{text}.matches('{_DURATION}')"), as_duration, otherwise)


def _choice(when: Term, then: Term, other: Term) -> Term:
    return and_([when, then]) if other == FALSE else Choice(when, then, other)


def _quantity(operand: str, operator: str, text: str) -> Term:
    amount, other = f"quantity({text})", f"quantity({literal(operand)})"
    match operator:
        case ">" | "<":
            return Call(f"{amount}.{_METHODS[operator]}({other})")
        case ">=" | "<=":
            sign = {">=": "<", "<=": ">"}[operator]
            return not_(Call(f"{amount}.{_METHODS[sign]}({other})"))
    same = Compare(f"{amount}.compareTo({other})", "==", "0")
    return not_(same) if operator == "!" else same


def _duration(operand: str, operator: str, text: str) -> Term:
    shown = {"": "==", "!": "!="}.get(operator, operator)
    return Compare(f"duration({text})", shown, f"duration({literal(operand)})")


def _words(operand: str, operator: str, value: str, path: Path) -> Term:
    if operator not in ("", "!"):
        return FALSE
    if operand in ("true", "false") and path[-1:] and path[-1] in FLAGS:
        return Compare(value, "==" if operator == "" else "!=", operand)
    if operand in ("true", "false") and not _is_text(path) and not value.startswith("string("):
        value = f"string({value})"
    found = wildcard(value, operand) if has_wildcard(operand) else one_of(value, [operand])
    return not_(found) if operator == "!" else found
