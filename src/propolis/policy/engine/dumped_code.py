"""The generated code of a policy, for people who want to see what runs.

Every part is named by its number. What the policy says stands beside the code, in comments of one line each,
as it stands beside it when it runs: in constants.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.lang.generated import Generated
from propolis.lang.jmespath.expression import generate_expression
from propolis.lang.jmespath.runtime import Missing
from propolis.policy.engine.autogen import generated_rules
from propolis.policy.engine.mismatch import Above, Site
from propolis.policy.engine.pattern import generate_pattern
from propolis.policy.engine.pattern_holes import RulePattern
from propolis.policy.engine.variables import expressions_in
from propolis.policy.model.conditions import Condition
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import ForEachValidation, Validation

LONGEST = 100
"""Characters of a constant that are shown."""


def code_of(policy: Policy) -> str:
    """The code of all rules of a policy, those made for pod controllers among them."""
    rules = [*policy.spec.rules, *(made.rule for made in generated_rules(policy))]
    parts = [part for number, rule in enumerate(rules) for part in _rule(number, rule)]
    return "\n\n".join(parts) + "\n"


def _rule(number: int, rule: PolicyRule) -> Iterator[str]:
    place = f"rule {number}"
    yield f"# {place}: {_shown(rule.name)}"
    for index, condition in enumerate(_of_kind(rule, Condition)):
        said = f"{_shown(condition.key)} {_shown(condition.operator)} {_shown(condition.value)}"
        yield f"# {place}, condition {index}: {said}"
    for index, pattern in enumerate(_patterns(rule.validation)):
        yield _part(f"{place}, pattern {index}", "", lambda pattern=pattern: _pattern_code(pattern))
    for index, text in enumerate(_expressions(rule)):
        yield _part(
            f"{place}, expression {index}", _shown(text), lambda text=text: generate_expression(text.strip())
        )


def _part(place: str, said: str, generate: Any) -> str:
    head = f"# {place}: {said}" if said else f"# {place}"
    try:
        generated = generate()
    except DocumentError as error:
        return f"{head}\n# has no code: {_shown(error.message)}"
    if generated is None:
        return f"{head}\n# has no code before a resource comes: variables stand in its keys"
    return f"{head}\n{_code(generated)}"


def _pattern_code(pattern: Any) -> Generated | None:
    tree = RulePattern(pattern).tree
    return None if tree is None else generate_pattern(tree)


def _code(generated: Generated) -> str:
    """Source, its constants, and then the functions among them."""
    lines = [generated.source.rstrip()]
    inner: list[str] = []
    for number, constant in enumerate(generated.constants):
        if isinstance(constant, Generated):
            lines.append(f"# c{number}: a function, below")
            inner.append(f"# the function c{number} from above\n{_code(constant)}")
        else:
            lines.append(f"# c{number}: {_constant(constant, generated.notes.get(number, ''))}")
    return "\n".join([*lines, *inner])


def _constant(constant: Any, note: str) -> str:
    """A constant on one line: values as Python writes them, functions by their note."""
    if note or isinstance(constant, Site | Above | Missing):
        text = note or str(constant)
        return _cut(text if text.isprintable() else ascii(text))
    return _shown(constant)


def _shown(value: Any) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _patterns(validation: Validation | None) -> Iterator[Any]:
    if validation is None:
        return
    for item in (validation, *_of_kind(validation.foreach, ForEachValidation)):
        if item.pattern is not None:
            yield item.pattern
        several = item.any_pattern
        yield from several if isinstance(several, list) else [several] if several is not None else []


def _expressions(value: Any) -> Iterator[str]:
    """Every expression below: of variables, of lists that a foreach walks over, of context entries."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            if name in ("list", "jmes_path") and isinstance(inner, str) and "{{" not in inner:
                yield inner
            else:
                yield from _expressions(inner)
    elif isinstance(value, str):
        yield from expressions_in(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _expressions(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from expressions_in(key)
            yield from _expressions(item)


def _of_kind(value: Any, kind: type[Any]) -> Iterator[Any]:
    """Every struct of a kind below."""
    if isinstance(value, kind):
        yield value
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _of_kind(getattr(value, name), kind)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _of_kind(item, kind)
