"""Keeps done what rules want that make resources or change ones that are there.

What is due is a pair of a rule and a trigger (`pairs.py`). One comes with an UpdateRequest, with a policy
that acts on what is there, or because an object changed that it depends on. A pair of a rule that
synchronizes stays; any other ends when it is done.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

from propolis.cluster.discovery import Served
from propolis.cluster.object_writer import ChangedError
from propolis.core import clock
from propolis.core.errors import Error
from propolis.core.evaluation import LookupKey, StoppedError
from propolis.core.resource import ResourceRef
from propolis.policy.controllers.acting_policies import ActingRule, ActingRules, Owner, acting_rules
from propolis.policy.controllers.adoption import adopt, triggers
from propolis.policy.controllers.attempt import Ask, Attempted, Attempts, Deed, World
from propolis.policy.controllers.concerns import Concern, GroupPlural
from propolis.policy.controllers.made import Made
from propolis.policy.controllers.pairs import Pair, Pairs
from propolis.policy.controllers.units import unit_key
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.any import AnyException, AnyPolicy

WORKERS = 4
MOST_TRIES = 10
"""Failures after which a pair is given up until something changes."""
PATIENCE = 6
"""Tries for what a request is about and is not there yet: the object, or the policy."""
FIRST_SECONDS, LONGEST_SECONDS = 0.1, 60.0
MOST_WRITES = 5
"""Times that a pair finds something to do one after the other, before it has to rest in between."""
MOST_DUE = 1_000
"""Pairs that wait, above which no more are made of what is there."""
LOOK_SECONDS = 0.05

Sleep = Callable[[float], Awaitable[None]]
ConcernOf = Callable[[LookupKey], Concern | None]
Settled = Callable[[str, str, bool], None]
"""Takes the name of an UpdateRequest, what failed (empty when it is done), and whether that is the end."""


class Acting:
    """All rules that act on one cluster.

    Attributes:
        rules: In force.
        pairs: What is followed or due.
        made: What rules have made.
        attempts: Who evaluates and carries out.
        settled: Is told what became of UpdateRequests.
        wake: Is called when other kinds are to be followed.
        counts: Attempts by what came of them: done, nothing, failed, ended.
        problems: What failed last, by rule; until it goes well.
    """

    def __init__(
        self,
        world: World,
        ask: Ask,
        concern_of: ConcernOf,
        told: Callable[[Deed], None] = lambda _deed: None,
        is_filtered: Callable[[ResourceRef], bool] = lambda _ref: False,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Makes one without rules.

        Args:
            world: The cluster.
            ask: Answers look-ups.
            concern_of: The objects that a look-up is about.
            told: Is told of all that is done, and of what cannot be.
            is_filtered: Objects that no policy is for.
            sleep: Waits.
        """
        self.rules: ActingRules = {}
        self.pairs = Pairs()
        self.made = Made()
        self.attempts = Attempts(world, ask, self.made, told)
        self.settled: Settled = lambda _name, _problem, _is_end: None
        self.wake: Callable[[], None] = lambda: None
        self.counts: Counter[str] = Counter()
        self.problems: dict[Owner, str] = {}
        self.is_filtered = is_filtered
        self._world = world
        self._concern_of = concern_of
        self._told = told
        self._sleep = sleep
        self._woken = asyncio.Event()
        self._jobs: deque[Callable[[], Awaitable[None]]] = deque()
        self._tasks: asyncio.TaskGroup | None = None
        self._is_working = False
        self._gone: set[Owner] = set()

    # What comes

    def take(self, policies: Sequence[AnyPolicy], exceptions: Sequence[AnyException] = ()) -> None:
        """These are the policies from now on."""
        before, self.rules = self.rules, acting_rules(policies, exceptions, self.rules)
        there = {unit_key(policy) for policy in policies}
        for owner in before.keys() - self.rules.keys():
            rule = before[owner]
            goes = rule.goes_with_rule if rule.policy in there else rule.goes_with_policy
            self._leave(rule, goes=goes)
        self._gone -= self.rules.keys()
        new = [rule for owner, rule in self.rules.items() if _is_other(rule, before.get(owner))]
        for rule in new:
            for pair in self.pairs.of(rule.owner):
                pair.tries, pair.is_changed = 0, True
                self.put(pair)
            if rule.for_existing:
                self._jobs.append(lambda rule=rule: self._act_on_existing(rule))  # type: ignore[misc]
        kept = [rule for rule in new if rule.generates and rule.synchronizes]
        if kept:
            self._jobs.appendleft(lambda: self._adopt(kept))
        self._woken.set()

    def _leave(self, rule: ActingRule, *, goes: bool) -> None:
        """A rule is gone."""
        for pair in self.pairs.of(rule.owner):
            self._end(pair)
        self.problems.pop(rule.owner, None)
        if goes:
            self._gone.add(rule.owner)
            self._jobs.append(lambda: self._delete_all(rule))

    def request(self, name: str, owner: Owner, trigger: ResourceRef, request: PolicySubject | None) -> None:
        """An UpdateRequest asks for what a rule does for a trigger."""
        rule = self.rules.get(owner)
        is_kept = rule is not None and rule.synchronizes
        pair = self.pairs.pair(owner, trigger, "" if is_kept else name)
        pair.waiting.add(name)
        pair.tries = 0
        if request is None:
            pair.deletes = True
        else:
            pair.request, pair.deletes = request, False
        self.put(pair)

    def forget(self, name: str) -> None:
        """An UpdateRequest is gone."""
        for pair in self.pairs.waiting_for(name):
            pair.waiting.discard(name)

    def put(self, pair: Pair) -> None:
        """Has a pair evaluated."""
        self.pairs.put(pair)
        self._woken.set()

    def touched(self, kind: Served, ref: ResourceRef, labels: dict[str, str] | None) -> None:
        """An object is new, another, or gone (without labels then)."""
        if labels is None:
            self.made.drop((ref.group, ref.kind, ref.namespace, ref.name))
        else:
            self.made.put(ref, labels)
        if self.pairs.touched((kind.group, kind.plural), ref.namespace, ref.name):
            self._woken.set()

    def listed(self, kind: Served) -> None:
        """A kind is known whole from now on."""
        self.pairs.listed((kind.group, kind.plural))
        self._woken.set()

    @property
    def kinds(self) -> set[GroupPlural]:
        """Kinds of which it must be told."""
        return self.pairs.kinds

    @property
    def is_idle(self) -> bool:
        """Whether nothing is due or being done."""
        return not (self.pairs.waiting or self.pairs.busy or self._jobs or self._is_working)

    # What is done

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for _ in range(WORKERS):
                tasks.create_task(self._work())
            tasks.create_task(self._work_on_jobs())

    async def _work(self) -> None:
        while True:
            pair = self.pairs.next()
            if pair is None:
                self._woken.clear()
                await self._woken.wait()
            else:
                await self.carry(pair)

    async def _work_on_jobs(self) -> None:
        while True:
            if not await self.do_job():
                self._woken.clear()
                await self._woken.wait()

    async def do_job(self) -> bool:
        """Does what is next of what is about many pairs; whether there was anything."""
        if not self._jobs:
            return False
        job = self._jobs.popleft()
        self._is_working = True
        try:
            await job()
        except Error as error:
            self.problems[Owner("", "")] = str(error)
            self._jobs.append(job)
            await self._sleep(1.0)
        else:
            self.problems.pop(Owner("", ""), None)
        finally:
            self._is_working = False
        return True

    async def carry(self, pair: Pair) -> None:
        """Makes one attempt on a pair that `Pairs.next` gave."""
        try:
            await self._attempt(pair)
        except ChangedError as error:
            self._failed(pair, str(error), seconds=FIRST_SECONDS)
        except Error as error:
            self._failed(pair, str(error))
        except (StoppedError, Exception) as error:  # noqa: BLE001  # a fault in one rule must not end all
            self.counts["faults"] += 1
            self._failed(pair, f"the rule could not be carried out: {type(error).__name__}")
        finally:
            self.pairs.done(pair)
            self._woken.set()

    async def _attempt(self, pair: Pair) -> None:
        """Raises `SourceError`."""
        rule = self.rules.get(pair.owner)
        if rule is None:
            self._wait_or_end(pair)
            return
        if self._rests(pair):
            return
        if pair.deletes:
            await self.attempts.delete_made(rule, pair.trigger)
            self._end(pair)
            return
        is_changed, pair.is_changed = pair.is_changed, False
        attempted = await self.attempts.attempt(rule, pair.trigger, pair.request, is_changed=is_changed)
        if not attempted.is_there:
            await self._without_trigger(rule, pair)
            return
        if not self.pairs.is_there(pair):
            self._too_late(rule)
            return
        await self._delete_for_gone(rule, pair)
        self._take(rule, pair, attempted)

    def _too_late(self, rule: ActingRule) -> None:
        """The rule went while it was carried out."""
        if rule.owner in self._gone:
            self._jobs.append(lambda: self._delete_all(rule))

    async def _without_trigger(self, rule: ActingRule, pair: Pair) -> None:
        """The trigger is gone, or not there yet. Raises `SourceError`."""
        is_new = pair.waiting and pair.request is not None and pair.request.operation == "CREATE"
        if is_new and pair.tries < PATIENCE:
            self._again(pair)
            return
        if rule.generates and rule.synchronizes and not rule.on_delete:
            await self._delete_for_gone(rule, pair)
            await self.attempts.delete_made(rule, pair.trigger)
        self._end(pair)

    async def _delete_for_gone(self, rule: ActingRule, pair: Pair) -> None:
        """Deletes what was made for triggers that had the name before. Raises `SourceError`."""
        for uid in sorted(pair.gone):
            if rule.generates and rule.synchronizes and not rule.on_delete:
                gone = ResourceRef("", pair.trigger.kind, pair.trigger.name, pair.trigger.namespace, uid=uid)
                await self.attempts.delete_made(rule, gone)
            pair.gone.discard(uid)

    def _take(self, rule: ActingRule, pair: Pair, attempted: Attempted) -> None:
        """What an attempt has given decides how it goes on."""
        is_kept = rule.generates and rule.synchronizes and attempted.is_for
        if is_kept:
            self.pairs.depend(pair, self._concerns(pair, attempted))
            self.wake()
        pair.writes = pair.writes + 1 if attempted.has_changed else 0
        if attempted.problem:
            if not pair.tries:
                self._told(Deed(rule, pair.trigger, error=attempted.problem))
            self._failed(pair, attempted.problem)
            return
        self.problems.pop(pair.owner, None)
        self.counts["done" if attempted.has_changed else "nothing"] += 1
        pair.tries = 0
        self._settle(pair, "", is_end=True)
        if is_kept and pair.alone:
            self._join(pair)
        elif not is_kept:
            self._end(pair)

    def _join(self, pair: Pair) -> None:
        """Goes on with the pair that stands for all requests: the rule was not known when this one came."""
        whole = self.pairs.pair(pair.owner, pair.trigger)
        whole.request = pair.request
        self._end(pair)
        self.put(whole)

    def _concerns(self, pair: Pair, attempted: Attempted) -> Iterable[Concern]:
        for key in attempted.used:
            concern = self._concern_of(key)
            if concern is not None:
                yield concern
        trigger = pair.trigger
        if pair.request is None or pair.request.operation != "DELETE":
            for kind in self._world.served:
                if (kind.group, kind.kind) == (trigger.group, trigger.kind):
                    yield Concern((kind.group, kind.plural), trigger.namespace, trigger.name)

    # What fails

    def _rests(self, pair: Pair) -> bool:
        """Whether a pair that always finds something to do has to wait: somebody else wants it otherwise."""
        left = pair.rests_until - clock.monotonic()
        if left > 0:
            self._later(pair, left)
            return True
        over = pair.writes - MOST_WRITES
        pair.rests_until = clock.monotonic() + min(2.0**over, LONGEST_SECONDS) if over >= 0 else 0.0
        return False

    def _wait_or_end(self, pair: Pair) -> None:
        """The rule is not there: it may come, as policies and requests come by different ways."""
        if pair.waiting and pair.tries < PATIENCE:
            self._again(pair)
        else:
            self._end(pair)

    def _failed(self, pair: Pair, problem: str, seconds: float | None = None) -> None:
        if not self.pairs.is_there(pair):
            return
        self.counts["failed"] += 1
        self.problems[pair.owner] = problem
        is_end = pair.tries >= MOST_TRIES
        self._settle(pair, problem, is_end=is_end)
        if not is_end:
            self._again(pair, seconds)
        elif not pair.concerns:
            self._end(pair)

    def _again(self, pair: Pair, seconds: float | None = None) -> None:
        pair.tries += 1
        waits = FIRST_SECONDS * 2.0**pair.tries if seconds is None else seconds
        self._later(pair, min(waits, LONGEST_SECONDS))

    def _later(self, pair: Pair, seconds: float) -> None:
        async def put() -> None:
            await self._sleep(seconds)
            self.put(pair)

        self._begin(put())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        if self._tasks is None:
            raise RuntimeError("nothing is done before it runs")
        self._tasks.create_task(work)

    def _settle(self, pair: Pair, problem: str, *, is_end: bool) -> None:
        for name in sorted(pair.waiting):
            self.settled(name, problem, is_end)
        if is_end:
            pair.waiting.clear()

    def _end(self, pair: Pair) -> None:
        self.counts["ended"] += 1
        self._settle(pair, "", is_end=True)
        self.pairs.end(pair)

    # What is about many

    async def _delete_all(self, rule: ActingRule) -> None:
        if rule.owner not in self.rules:
            await self.attempts.delete_made(rule, None)

    async def _adopt(self, rules: Sequence[ActingRule]) -> None:
        """Finds what rules have made before, and follows the triggers again."""
        for rule, trigger, is_there in await adopt(self._world, self.made, rules):
            if is_there:
                self.put(self.pairs.pair(rule.owner, trigger))
            elif not rule.on_delete:
                await self.attempts.delete_made(rule, trigger)

    async def _act_on_existing(self, rule: ActingRule) -> None:
        async for trigger in triggers(self._world, rule, self.is_filtered):
            if self.rules.get(rule.owner) is not rule:
                return
            self.put(self.pairs.pair(rule.owner, trigger))
            while self.pairs.waiting > MOST_DUE:
                await self._sleep(LOOK_SECONDS)


def _is_other(rule: ActingRule, before: ActingRule | None) -> bool:
    return before is None or before.digest != rule.digest
