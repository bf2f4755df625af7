"""Runs a scan on a live cluster: follows kinds, asks look-ups, and judges in slices of time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from typing import Any

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.core import clock
from propolis.core.evaluation import Answer, LookupKey
from propolis.lang.quiet_gc import quiet_gc
from propolis.policy.controllers.concerns import GroupPlural
from propolis.policy.controllers.following import Following, Versions, can_be_judged
from propolis.policy.controllers.scan import Scan
from propolis.policy.controllers.units import ScanRules
from propolis.policy.lookups import NAMESPACE

SLICE_SECONDS = 0.02
"""Of judging, after which the loop has its turn."""
AT_ONCE = 32
"""Look-ups under way."""
ANSWER_SECONDS = 10.0
"""After which a look-up counts as an error; what waits for it is judged with that."""
PAUSE_SECONDS = 0.25
"""Between two questions for one look-up, however often the objects that it is about change."""
REST = 4.0
"""The same, in times of what the answer took: long lists are not read again and again."""
AGAIN_SECONDS = 30.0
"""Between two questions for a look-up of which no change is told, as who may do what."""
SETTLE_SECONDS = 60.0
"""After which a kind that cannot be listed keeps nobody from calling the beginning ended."""
LONGEST_WAIT_SECONDS = 5.0
FIRST_SECONDS = 0.01
"""Between two looks whether namespaces are known."""
NAMESPACES: GroupPlural = ("", "namespaces")

Ask = Callable[[LookupKey], Awaitable[Answer]]


class Background:
    """A scan as it runs.

    Attributes:
        scan: What holds.
        following: The kinds that are followed.
        is_settled: Set once everything that was there at the beginning is judged.
    """

    def __init__(self, client: ApiClient, scan: Scan, ask: Ask) -> None:
        self.scan = scan
        self.is_settled = asyncio.Event()
        self.ask = ask
        self._served: dict[GroupPlural, Served] = {}
        self._doubted: dict[GroupPlural, Served] = {}
        self._woken = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._open = 0
        self._begun = 0.0
        self._not_before: dict[LookupKey, float] = {}
        self.following = Following(client, self._begin)
        scan.local = self._local
        scan.wake = self._woken.set

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._tasks is None:
            raise RuntimeError("nothing is followed before it runs")
        return self._tasks.create_task(work)

    def take_served(self, served: Iterable[Served]) -> None:
        """These are the kinds of the server now. One that is missing is left only when it is missing again.

        A server whose discovery is incomplete for a moment would else have all findings on a group forgotten.
        """
        found = {(one.group, one.plural): one for one in served}
        doubted = {kind: one for kind, one in self._served.items() if kind not in found | self._doubted}
        self._served, self._doubted = found | doubted, doubted
        self._woken.set()

    def take_rules(self, rules: ScanRules) -> None:
        """Judges by these policies from now on."""
        self.scan.take_rules(rules)
        self._woken.set()

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks, self._begun = tasks, clock.monotonic()
            tasks.create_task(self._ask_again())
            await self._know_namespaces()
            while True:
                self._woken.clear()
                self.scan.look_at_clock()
                self._follow()
                is_busy = self._judge()
                self._ask_what_is_wanted()
                if is_busy:
                    await asyncio.sleep(0)
                    continue
                self._settle()
                await self._wait()

    async def _know_namespaces(self) -> None:
        """Their labels decide about much else, so they are listed first."""
        served = Served("", "v1", "Namespace", "namespaces", is_namespaced=False)
        store = self.scan.subjects_of(served)
        followed = self.following.follow(served, store, is_judged=True)
        while not (followed.reflector.is_synced.is_set() or followed.reflector.problem):  # noqa: ASYNC110  # of two the first
            await asyncio.sleep(FIRST_SECONDS)

    def _judge(self) -> bool:
        """Judges for a slice of time; whether more is to be judged."""
        end = clock.monotonic() + SLICE_SECONDS
        with quiet_gc():
            while self.scan.step():
                if clock.monotonic() > end:
                    return True
        return False

    async def _wait(self) -> None:
        """Until something is to be done, or a moment comes at which something may change by itself."""
        moment = self.scan.next_moment()
        left = moment - clock.now().timestamp() if moment else LONGEST_WAIT_SECONDS
        try:
            async with asyncio.timeout(min(max(left, 0.0), LONGEST_WAIT_SECONDS)):
                await self._woken.wait()
        except TimeoutError:
            return

    def _settle(self) -> None:
        """Says once that everything is judged that was there at the beginning."""
        if self.is_settled.is_set() or self._open or not self.scan.is_done:
            return
        judged = [one.reflector for one in self.following.kinds.values() if one.is_judged]
        is_late = clock.monotonic() > self._begun + SETTLE_SECONDS
        if all(one.is_synced.is_set() or (is_late and one.problem) for one in judged):
            self.is_settled.set()

    # Which kinds are followed

    def _follow(self) -> None:
        wanted = self._wanted()
        for kind, followed in list(self.following.kinds.items()):
            served_before = followed.served
            if kind not in wanted or wanted[kind] != (served_before, followed.is_judged):
                self.following.end(kind)
                if followed.is_judged:
                    self.scan.leave(served_before.group, served_before.kind)
        for kind, (served, is_judged) in wanted.items():
            if kind not in self.following.kinds:
                store = self.scan.subjects_of(served) if is_judged else self._versions(kind)
                self.following.follow(served, store, is_judged=is_judged)

    def _wanted(self) -> dict[GroupPlural, tuple[Served, bool]]:
        rules, about = self.scan.rules, self.scan.answers.kinds
        wanted: dict[GroupPlural, tuple[Served, bool]] = {}
        for kind, one in self._served.items():
            is_judged = kind == NAMESPACES or (
                can_be_judged(one) and bool(rules.for_kind(one.group, one.version, one.kind))
            )
            if is_judged or kind in about:
                wanted[kind] = one, is_judged
        if NAMESPACES not in wanted and NAMESPACES in self.following.kinds:
            wanted[NAMESPACES] = self.following.kinds[NAMESPACES].served, True
        return wanted

    def _versions(self, kind: GroupPlural) -> Versions:
        answers = self.scan.answers

        def touched(key: tuple[str, str]) -> None:
            answers.touched(kind, *key)
            self._woken.set()

        return Versions(touched, partial(self._listed, kind))

    def _listed(self, kind: GroupPlural) -> None:
        self.scan.answers.listed(kind)
        self._woken.set()

    # Look-ups

    def _local(self, key: LookupKey) -> Answer | None:
        """Namespaces are answered from what is followed."""
        if key.kind != NAMESPACE or NAMESPACES not in self.following.synced:
            return None
        kind = self.scan.kinds.get(("", "Namespace"))
        subject = kind.objects.get(("", key.arguments[0])) if kind else None
        if kind is None or subject is None:
            return None
        return Answer(kind.document(subject), subject.version)

    def _ask_what_is_wanted(self) -> None:
        for key in self.scan.answers.to_ask(AT_ONCE - self._open):
            self._open += 1
            self._begin(self._answered(key))

    async def _answered(self, key: LookupKey) -> None:
        try:
            self.scan.answered(key, self._local(key) or await self._asked(key))
        finally:
            self._open -= 1
            self._woken.set()

    async def _asked(self, key: LookupKey) -> Answer:
        """The answer of the world, in time or as an error, and not too often."""
        begin = clock.monotonic()
        pause = self._not_before.get(key, 0.0) - begin
        if pause > 0:
            await asyncio.sleep(pause)
            begin = clock.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.ask(key)
        except TimeoutError:
            return Answer(error=f"no answer within {ANSWER_SECONDS:.0f} seconds")
        finally:
            end = clock.monotonic()
            self._not_before[key] = end + max(PAUSE_SECONDS, REST * (end - begin))

    async def _ask_again(self) -> None:
        """Asks now and then what nobody tells of; a change of the answer is what counts."""
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            answers = self.scan.answers
            answers.ask_again(self.following.synced)
            self.scan.tidy()
            self._not_before = {key: one for key, one in self._not_before.items() if key in answers}
            self._woken.set()
