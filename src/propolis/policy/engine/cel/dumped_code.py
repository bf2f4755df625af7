"""The generated code of a policy in CEL, for people who want to see what runs."""

from collections.abc import Iterator

from propolis.policy.engine.cel.autogen import for_controllers
from propolis.policy.engine.cel.compiler import CelExtras, compile_form
from propolis.policy.engine.cel.programs import PolicyError
from propolis.policy.model.cel.policy import CelPolicy

LONGEST = 100
"""Characters of an expression that are shown."""


def code_of_cel(policy: CelPolicy) -> str:
    """The code of all expressions of a policy, those made for controllers of pods among them."""
    forms = [policy, *for_controllers(policy)]
    return "\n".join(part for number, form in enumerate(forms) for part in _form(number, form)) + "\n"


def _form(number: int, policy: CelPolicy) -> Iterator[str]:
    try:
        _, expressions = compile_form(policy, CelExtras())
    except PolicyError as error:
        yield f"# form {number} has no code: {_shown(error.text)}"
        return
    for path, program in expressions.compiled.items():
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        yield f"# form {number}, spec{where}: {_shown(program.tree.text)}\n{program.dump_code()}"


def _shown(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
