"""The line of a policy that refuses a request: the part of the rule that is not met, in its file."""

from collections.abc import Iterable, Iterator, Sequence

from propolis.app.explain_places import PlaceBook
from propolis.app.policy_inputs import PolicyInput
from propolis.app.replay_policies import ReplayPolicies
from propolis.app.replay_verdicts import Verdict
from propolis.cluster.files import STDIN
from propolis.core.errors import Place
from propolis.core.evaluation import complete
from propolis.core.finding import Finding
from propolis.policy.engine.explain.cel_pairs import CelPair, cel_pairs
from propolis.policy.engine.explain.changes import Explained
from propolis.policy.engine.explain.explain import explain
from propolis.policy.engine.explain.explain_cel import explain_cel
from propolis.policy.engine.explain.explanation import NO_MATCH, RuleExplanation
from propolis.policy.engine.explain.rules import PairedRule, paired_rules
from propolis.policy.engine.explain.trace import ERROR, UNMET, Node
from propolis.policy.engine.explain.trace import Path as Way
from propolis.policy.model.cel.policy import CelPolicy

MOST_EXPLAINED = 500
"""Findings that are explained; those after them get the line of their rule."""

Pair = PairedRule | CelPair


class Lines:
    """Places for findings; findings of one rule that say the same share one."""

    def __init__(self, policies: ReplayPolicies, read: PolicyInput) -> None:
        self._read = read
        self._pairs: dict[tuple[str, str], list[Pair]] = {}
        for pair in _pairs(policies, read):
            rule = pair.compiled.rule
            self._pairs.setdefault((rule.policy, rule.name), []).append(pair)
        self._book = PlaceBook(b"", STDIN)
        self._known: dict[tuple[str, str, str], Place | None] = {}

    def place(self, finding: Finding, verdict: Verdict) -> Place | None:
        """Where the part stands that a request does not meet."""
        key = (finding.rule.policy, finding.rule.name, finding.message)
        if key not in self._known:
            pairs = self._pairs.get(key[:2], ())
            self._known[key] = self._found(pairs, finding, verdict) if pairs else None
        return self._known[key]

    def _found(self, pairs: Sequence[Pair], finding: Finding, verdict: Verdict) -> Place:
        """The place in the form of the rule that is for the request: generated forms may share its name."""
        way: Way = pairs[0].base
        if len(self._known) < MOST_EXPLAINED:
            told = (self._explained(pair, finding, verdict) for pair in pairs)
            rule = next((one for one in told if one is not None and one.outcome != NO_MATCH), None)
            nodes = reversed(rule.nodes) if rule else ()
            way = next((node.source for node in _unmet(nodes) if node.source), way)
        return self._book.place(pairs[0].policy.origin, way)

    def _explained(self, pair: Pair, finding: Finding, verdict: Verdict) -> RuleExplanation | None:
        now = finding.time
        if now is None:
            return None
        exceptions = self._read.exceptions
        found = complete(
            lambda known: (
                explain_cel(pair, verdict.subject, known, now)
                if isinstance(pair, CelPair)
                else explain(pair, exceptions, verdict.subject, known, now)
            ),
            dict(verdict.answers),
            lambda _keys: {},
        )
        return found.rule if isinstance(found, Explained) else None


def _pairs(policies: ReplayPolicies, read: PolicyInput) -> Iterator[Pair]:
    for policy in policies.policies:
        if isinstance(policy, CelPolicy):
            yield from cel_pairs(policy, read.exceptions, read.bindings)
        else:
            yield from paired_rules(policy, read.exceptions)


def _unmet(nodes: Iterable[Node]) -> Iterator[Node]:
    """Parts that are not met, the innermost first."""
    for node in nodes:
        if node.outcome in (UNMET, ERROR):
            yield from _unmet(node.children)
            yield node
