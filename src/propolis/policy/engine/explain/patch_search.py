"""The smallest change of a resource with which the engine lets it pass.

A search by cost: cheapest first, the engine is asked about each, and only a change that the engine lets
pass is told. What mends a part only is looked at again with the rest.
"""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count

from propolis.core.evaluation import Lookups, MissingLookups
from propolis.core.finding import Outcome
from propolis.core.resource import Document
from propolis.lang.jmespath import Environment, ExpressionError
from propolis.lang.json_patch import find_patch
from propolis.policy.engine.asked import Asked
from propolis.policy.engine.evaluate import lazy_context
from propolis.policy.engine.exceptions import compile_exceptions
from propolis.policy.engine.explain.check_edits import CheckEdits
from propolis.policy.engine.explain.edits import UNCHANGED, Candidate, edited, leaves
from propolis.policy.engine.explain.explanation import Advice, OtherChange
from propolis.policy.engine.explain.near_values import PLACEHOLDER
from propolis.policy.engine.explain.rule_trace import RuleTracer
from propolis.policy.engine.explain.rules import PairedRule
from propolis.policy.engine.explain.subjects import with_document
from propolis.policy.engine.explain.trace import Budget, Path
from propolis.policy.engine.request import Request
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.any import AnyException
from propolis.policy.model.exception import PolicyException

MOST_EVALUATIONS = 400
"""How often the engine is asked before the search gives up."""
MOST_WORK = 200_000
"""Scalars of all resources that the engine is asked about; of a large resource fewer changes are tried."""
LEAST_EVALUATIONS = 8
MOST_STEPS = 24
"""Partly mended resources that are looked at further."""
MOST_OTHERS = 2
"""Changes beside the cheapest that are told."""
MOST_FOR_OTHERS = 40
"""How often the engine is asked for them."""
MOST_WEIGHT = 200
"""Scalars that a change may touch; more is no small change."""

Judge = Callable[[Document], Outcome | None]
"""What the engine says of the rule on a document; None for nothing or for a question that is open."""


def smallest_patch(
    pair: PairedRule,
    exceptions: Sequence[AnyException],
    subject: PolicySubject,
    judge: Judge,
    lookups: Lookups,
    now: datetime,
    most: int = MOST_EVALUATIONS,
) -> Advice:
    """The cheapest change found with which a failing rule passes; it was verified by ``judge``."""
    search = _Search(pair, exceptions, subject, judge, lookups, now, most)
    try:
        return search.run()
    except RecursionError:
        return Advice(evaluations=search.evaluations, note="the resource is nested too deep")


class _Search:
    def __init__(
        self,
        pair: PairedRule,
        exceptions: Sequence[AnyException],
        subject: PolicySubject,
        judge: Judge,
        lookups: Lookups,
        now: datetime,
        most: int,
    ) -> None:
        self._pair = pair
        self._exceptions = exceptions
        self._subject = subject
        self._judge = judge
        self._lookups = lookups
        self._now = now
        size = leaves(subject.resource.document)
        self._most = min(most, max(MOST_WORK // size, LEAST_EVALUATIONS))
        self._seen: set[str] = set()
        self._steps = 0
        self._kept: list[set[Path]] = []
        self.evaluations = 0

    def run(self) -> Advice:
        """Candidates by cost until enough pass or the budget is used up."""
        validation = self._pair.rule.validation
        if validation is not None and validation.cel is not None:
            return Advice(note="no change is looked for where a rule is written in CEL")
        document = self._subject.resource.document
        numbers = count()
        failing, ways = self._ways(document)
        queue = [(way.cost, next(numbers), UNCHANGED, way, failing) for way in ways]
        heapq.heapify(queue)
        found: list[Document] = []
        while queue and len(found) <= MOST_OTHERS and self.evaluations < self._most:
            _, _, base, way, left = heapq.heappop(queue)
            whole = base.joined(way)
            changed = self._changed(document, whole)
            if changed is None:
                continue
            if self._judge(changed) is Outcome.PASS:
                self._keep(whole, changed, found)
                continue
            for more in [] if found else self._further(changed, left):
                entry = (whole.joined(more).cost, next(numbers), whole, more, left - 1)
                heapq.heappush(queue, entry)
        if found:
            return self._advice(document, found)
        note = "no change was found within the budget" if queue else "no change was found"
        return Advice(evaluations=self.evaluations, note=note)

    def _keep(self, whole: Candidate, changed: Document, found: list[Document]) -> None:
        """Keeps the first change that passes, and more where they are about other places."""
        places = {_place(edit.path) for edit in whole.edits}
        if found and any(edit.is_loss for edit in whole.edits):
            return
        if any(earlier <= places or places <= earlier for earlier in self._kept):
            return
        if not found:
            self._most = min(self._most, self.evaluations + MOST_FOR_OTHERS)
        self._kept.append(places)
        found.append(changed)

    def _changed(self, document: Document, whole: Candidate) -> Document | None:
        """The document after a candidate, where it is a new one that still names the same resource."""
        if whole.weight > MOST_WEIGHT:
            return None
        changed = edited(document, whole.edits)
        if changed is None or not _is_same_resource(document, changed):
            return None
        key = repr(changed)
        if key in self._seen:
            return None
        self._seen.add(key)
        self.evaluations += 1
        return changed

    def _further(self, changed: Document, left: int) -> list[Candidate]:
        """What else to change where a change mended a part."""
        if self._steps >= min(MOST_STEPS, self._most):
            return []
        failing, ways = self._ways(changed)
        if failing and failing >= left:
            return []
        self._steps += 1
        return ways

    def _ways(self, document: Document) -> tuple[int, list[Candidate]]:
        """Failing elements of lists (0 where the rule has none), and ways to mend."""
        validation = self._pair.rule.validation
        if validation is None:
            return 0, []
        asked = Asked(self._lookups)
        request = Request(with_document(self._subject, document), asked.ask)
        policy = self._pair.policy
        try:
            context_of = lazy_context(request, Environment(self._now, asked.ask))
            tracer = RuleTracer(policy, self._pair.rule, self._exceptions)
            context = tracer.context(request, context_of, Budget())
            own = [one for one in self._exceptions if isinstance(one, PolicyException)]
            excepted = compile_exceptions(own, policy, self._pair.rule.name)
            kept = [one for one in excepted if one.pod_security and one.lets_off(request, context)]
            finder = CheckEdits(document, policy.namespace, kept)
            ways = finder.ways(validation, context)
        except (ExpressionError, MissingLookups):
            return 0, []
        return finder.failing, ways

    def _advice(self, document: Document, found: list[Document]) -> Advice:
        first, *others = found
        operations = tuple(find_patch(document, first))
        told = tuple(OtherChange(tuple(find_patch(document, one)), one) for one in others)
        is_open = PLACEHOLDER in repr((operations, told))
        note = f"put your own value where it says {PLACEHOLDER}" if is_open else ""
        return Advice(operations, document, first, told, self.evaluations, note)


def _place(path: Path) -> Path:
    """A place without the indexes of lists: the same field of two containers is one place."""
    return tuple(part for part in path if isinstance(part, str))


def _is_same_resource(document: Document, changed: Document) -> bool:
    """Whether a change leaves a resource what it is: kind, name, namespace."""
    old, new = document.get("metadata"), changed.get("metadata")
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return old is None and new is None
    names = ("name", "namespace", "generateName")
    kinds = ("apiVersion", "kind")
    return all(old.get(name) == new.get(name) for name in names) and all(
        document.get(name) == changed.get(name) for name in kinds
    )
