"""Signed manifests: what every attestor says is the message of a rule that is not met."""

from propolis.core.finding import Outcome
from propolis.policy.engine.explain.recording import RecordingContext
from propolis.policy.engine.explain.trace import ERROR, MET, UNMET, Node, Path, Traced
from propolis.policy.engine.manifests.verification import compile_manifests
from propolis.policy.model.validation import Manifests

_WORDS = {Outcome.PASS: MET, Outcome.FAIL: UNMET, Outcome.ERROR: ERROR}


def trace_manifests(rule: Manifests, document: object, context: RecordingContext, source: Path) -> Traced:
    """A rule that wants signed manifests."""
    found = compile_manifests(rule)(context, document)
    if found is None:
        return Traced(None)
    note = found.message if found.outcome is Outcome.PASS else ""
    return Traced(found.outcome, (Node("manifests", "", _WORDS[found.outcome], note=note, source=source),))
