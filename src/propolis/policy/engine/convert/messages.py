"""Messages with variables as expressions that give a text."""

from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.strings import VARIABLE, text_of


def message_fields(message: str | None, scope: Scope) -> dict[str, str]:
    """``message``, and ``messageExpression`` where the text has variables that have a translation."""
    if not message:
        return {}
    if "{{" not in message:
        return {"message": message.strip()}
    plain = VARIABLE.sub(lambda found: f"<{found[1].strip()}>", message).strip()
    try:
        return {"message": plain, "messageExpression": text_of(message.strip(), scope, may_fail=False)}
    except Refused:
        return {"message": plain}
