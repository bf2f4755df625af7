"""What is wrong with the variables and JMESPath expressions of a policy, before any resource is there.

Follows Kyverno pkg/validation/policy @ 111e07b: a variable begins with a name that the rule can know (the
request, its context entries, the element of a loop); syntax, functions and their number of arguments
are those of `lang.jmespath`. An expression that other variables complete is known with the resource only.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.lang.jmespath import ExpressionError, compile_expression
from propolis.lang.jmespath.expression import parse_expression
from propolis.lang.jmespath.tree import root_names
from propolis.policy.engine.assertion import check_tree
from propolis.policy.engine.variables import expressions_in
from propolis.policy.model.cleanup import CleanupPolicy
from propolis.policy.model.policy import Policy
from propolis.policy.model.problem import Problem

_ALWAYS = re.compile(r"null|true|false|request|serviceAccountName|serviceAccountNamespace|images?")
"""Names that rules know without declaring them."""
_ELEMENT = re.compile(r"element\d*|elementIndex\d*")
_OF_TARGETS = ("apiVersion", "kind", "namespace", "name", "uid")
_TOLD = "request, images, serviceAccountName, serviceAccountNamespace, element, elementIndex, target"

_Path = tuple[str | int, ...]


def wrong_texts(policy: Policy | CleanupPolicy) -> Iterator[Problem]:
    """Each variable and expression that cannot be evaluated; paths begin below the policy's spec."""
    if isinstance(policy, CleanupPolicy):
        spec = msgspec.to_builtins(policy.spec)
        yield from _wrong_below(spec, (), frozenset(_declared(spec)))
        return
    rules = [msgspec.to_builtins(rule) for rule in policy.spec.rules]
    declared = frozenset(_declared(rules))
    for index, rule in enumerate(policy.spec.rules):
        path: _Path = ("rules", index)
        yield from _wrong_below(rules[index], path, declared)
        if rule.validation is not None and rule.validation.assertion is not None:
            try:
                check_tree(rule.validation.assertion)
            except ExpressionError as error:
                yield Problem(error.message, (*path, "validate", "assert"))


def _wrong_below(document: Any, path: _Path, declared: frozenset[str]) -> Iterator[Problem]:
    """Names of any rule count for all: the entries of a policy are kept while its rules run."""
    for below, text, is_key in _texts(document, ()):
        names = None if "attestations" in below else declared
        for expression in expressions_in(text):
            yield from _wrong(expression, names, (*path, *below))
        if not is_key and _is_expression(below) and "{{" not in text:
            yield from _wrong(text, names if below[-1] == "list" else None, (*path, *below))


def _is_expression(path: _Path) -> bool:
    """Whether a text is an expression as a whole."""
    if path[-1] == "list":
        return len(path) > 2 and path[-3] == "foreach"  # noqa: PLR2004  # foreach, its number, list
    return path[-1] == "jmesPath" and ("context" in path or path[0] == "imageExtractors")


def _wrong(text: str, declared: frozenset[str] | None, path: _Path) -> Iterator[Problem]:
    """What is wrong with one expression; without names anything may be a name."""
    if not text.strip():
        yield Problem("a variable is empty", path, "an expression")
        return
    try:
        compile_expression(text.strip())
        names = list(root_names(parse_expression(text.strip())))
    except ExpressionError as error:
        yield Problem(error.message, path, "a JMESPath expression")
        return
    for name in dict.fromkeys(names) if declared is not None else ():
        if not name or name in (declared or ()) or _ALWAYS.fullmatch(name):
            continue
        if _ELEMENT.fullmatch(name):
            if "foreach" not in path:
                yield Problem(f"{name} is known within foreach only", path, "a variable of the whole rule")
        elif name == "target":
            if not _sees_target(path):
                yield Problem("the target is not known here", path, "what the trigger or its context gives")
        else:
            yield Problem(f"nothing gives the variable {name}", path, f"a context entry, or one of {_TOLD}")


def _sees_target(path: _Path) -> bool:
    """Whether the target of a mutation, or what a cleanup policy looks at, is known at a place."""
    if path[0] != "rules":
        return True
    if "mutate" not in path:
        return False
    return not ("targets" in path and path[-1] in _OF_TARGETS)


def _declared(document: Any) -> Iterator[str]:
    """The names of all context entries; names with dots or dashes count by their first part as well."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "context" and isinstance(value, list | tuple):
                names = [entry.get("name") for entry in value if isinstance(entry, dict)]
                yield from (name for name in names if isinstance(name, str))
                yield from (name.split(".")[0] for name in names if isinstance(name, str))
            yield from _declared(value)
    elif isinstance(document, list | tuple):
        for item in document:
            yield from _declared(item)


def _texts(document: Any, path: _Path) -> Iterator[tuple[_Path, str, bool]]:
    """All keys and texts, where they stand, and whether it is a key."""
    if isinstance(document, str):
        yield path, document, False
    elif isinstance(document, dict):
        for key, value in document.items():
            yield (*path, key), key, True
            yield from _texts(value, (*path, key))
    elif isinstance(document, list | tuple):
        for index, item in enumerate(document):
            yield from _texts(item, (*path, index))
