"""What a call costs beside its arguments; extensions and Kubernetes come before the standard functions."""

from propolis.lang.cel.cost.calls import Estimate, Question
from propolis.lang.cel.cost.extension_estimates import EXTENSIONS
from propolis.lang.cel.cost.kubernetes_estimates import estimate_kubernetes
from propolis.lang.cel.cost.sizes import Sizes
from propolis.lang.cel.cost.standard_estimates import STANDARD


def estimate_call(question: Question, sizes: Sizes) -> Estimate | None:
    """The estimate without the arguments' costs; None for what costs as an operator, or 1."""
    extension = EXTENSIONS.get(question.overload_id)
    found = extension(question, sizes) if extension is not None else None
    if found is None:
        found = estimate_kubernetes(question, sizes)
    if found is None and question.overload_id in STANDARD:
        found = STANDARD[question.overload_id](question, sizes)
    return found
