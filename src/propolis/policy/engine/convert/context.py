"""Context entries as what their names stand for."""

import msgspec

from propolis.policy.engine.convert.conditions import has_variables
from propolis.policy.engine.convert.jmespath import translate
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.values import Constant, Found
from propolis.policy.model.context import ContextEntry


def scope_with(entries: tuple[ContextEntry, ...] | None, scope: Scope) -> Scope:
    """The scope in which the entries are known.

    Raises:
        Refused: One comes from where CEL cannot look, or has no sure translation.
    """
    for entry in entries or ():
        scope = msgspec.structs.replace(scope, names={**scope.names, entry.name: _found(entry, scope)})
    return scope


def _found(entry: ContextEntry, scope: Scope) -> Found:
    variable = entry.variable
    if variable is None:
        kinds = ("config_map", "api_call", "image_registry", "global_reference")
        named = next((kind for kind in kinds if getattr(entry, kind) is not None), "nothing")
        raise Refused(f"the context entry {entry.name} comes from {named.replace('_', ' ')}")
    if variable.default is not None:
        raise Refused(f"the context entry {entry.name} has a default")
    if variable.value is None and variable.jmes_path:
        # of deletions too it reads the new object, which is not there: an error, as in CEL
        return translate(variable.jmes_path, msgspec.structs.replace(scope, holder="object"))
    if variable.value is not None and variable.jmes_path is None and not has_variables(variable.value):
        return Constant(variable.value)
    raise Refused(f"the context entry {entry.name} is computed of a value")
