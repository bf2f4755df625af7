"""What one rule would change, and the answer of the doors of explanations."""

from collections.abc import Sequence

from propolis.core.action import Action
from propolis.core.evaluation import Evaluation
from propolis.core.resource import Document
from propolis.policy.engine.explain.explanation import Change, RuleExplanation
from propolis.policy.model.action import Create, Delete, Patch, Update


class Explained(Evaluation, frozen=True):
    """What the engine says of one rule, and why."""

    rule: RuleExplanation | None = None


def changes_of(actions: Sequence[Action], document: Document) -> list[Change]:
    """What actions would do to the subject and to other resources."""
    changes: list[Change] = []
    for action in actions:
        match action:
            case Patch():
                before = None if action.is_existing else document
                changes.append(
                    Change("patch", action.resource, tuple(action.operations), before, action.document)
                )
            case Create() | Update():
                name = "create" if isinstance(action, Create) else "update"
                changes.append(Change(name, action.resource, document=action.document))
            case Delete():
                changes.append(Change("delete", action.resource))
    return changes
