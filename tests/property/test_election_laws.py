"""Candidates of an election on clocks that run differently, over a network that delays and loses."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from propolis.cluster.candidate import Candidate, Lease, Terms, Write

SECONDS = 600.0
CALM_SECONDS = 60.0
"""After which a candidate that still runs must lead once all goes well."""
TERMS = Terms()


class Server:
    """Keeps one lease; a write needs the version that is there."""

    def __init__(self, shortened_to: int = TERMS.lease_seconds) -> None:
        self.lease: Lease | None = None
        self._most_seconds = shortened_to
        self._versions = itertools.count(1)

    def take(self, write: Write) -> Lease | None:
        if write.version != (self.lease.version if self.lease else ""):
            return None
        acquired = write.acquired or "some time"
        seconds = min(write.seconds, self._most_seconds)
        self.lease = Lease(str(next(self._versions)), write.holder, seconds, write.transitions, acquired)
        return self.lease


@dataclass
class Replica:
    """A process: its clock has an offset and a rate of its own."""

    candidate: Candidate
    rate: float
    offset: float
    epoch: int = 0
    paused_until: float = 0.0

    def clock(self, now: float) -> float:
        return self.offset + self.rate * now


@dataclass
class World:
    """Events in the order of real time."""

    chance: random.Random
    trouble: float
    server: Server = field(default_factory=Server)
    replicas: list[Replica] = field(default_factory=list)
    now: float = 0.0
    terms_begun: int = 0
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), what))

    def run(self, count: int) -> None:
        for _ in range(count):
            self.start()
        while self._events and self._events[0][0] < SECONDS:
            self.now, _, what = heapq.heappop(self._events)
            what()
            assert len(self.leaders()) <= 1, f"two lead at {self.now}"

    def leaders(self) -> list[Replica]:
        return [one for one in self.replicas if one.candidate.leads(one.clock(self.now))]

    def start(self) -> None:
        name = f"replica-{len(self.replicas)}"
        rate, offset = self.chance.uniform(0.85, 1.15), self.chance.uniform(0, 1e6)
        self.replicas.append(Replica(Candidate(name, TERMS), rate, offset))
        one = self.replicas[-1]
        self.at(self.now, lambda: self.attempt(one))

    def goes_wrong(self) -> bool:
        return self.now < SECONDS - CALM_SECONDS and self.chance.random() < self.trouble

    def delay(self) -> float:
        """Of one way of a message; None of it ever is lost here."""
        return self.chance.expovariate(1 / 5) if self.goes_wrong() else self.chance.uniform(0, 0.05)

    def attempt(self, one: Replica) -> None:
        if self.goes_wrong() and self.chance.random() < 0.1:
            self.replace(one)
            return
        one.epoch += 1
        now = one.clock(self.now)
        patience = one.candidate.leads_until - now if one.candidate.leads(now) else TERMS.renewal_seconds
        epoch = one.epoch
        self.at(self.now + patience / one.rate, lambda: self.give_up(one, epoch))
        write = one.candidate.renewal(now)
        if write is not None:
            self.write(one, write)
            return
        self.asked(one, lambda: self.looked(one))

    def asked(self, one: Replica, served: Callable[[], Callable[[], None]]) -> None:
        """A request and its answer, each of which may be late or lost; late ones are served all the same."""
        epoch = one.epoch

        def serve() -> None:
            answer = served()
            if not (self.goes_wrong() and self.chance.random() < 0.3):
                self.at(self.now + self.delay(), lambda: answer() if one.epoch == epoch else None)

        if not (self.goes_wrong() and self.chance.random() < 0.3):
            self.at(self.now + self.delay(), serve)

    def looked(self, one: Replica) -> Callable[[], None]:
        lease = self.server.lease

        def answer() -> None:
            write = one.candidate.looked(lease, one.clock(self.now))
            if write is None:
                self.pause(one)
            else:
                self.write(one, write)

        return answer

    def write(self, one: Replica, write: Write) -> None:
        sent = one.clock(self.now)

        def served() -> Callable[[], None]:
            lease = self.server.take(write)

            def answer() -> None:
                if lease is None:
                    one.candidate.failed()
                else:
                    self.terms_begun += not one.candidate.leads(one.clock(self.now))
                    one.candidate.wrote(lease, sent, one.clock(self.now))
                self.pause(one)

            return answer

        self.asked(one, served)

    def give_up(self, one: Replica, epoch: int) -> None:
        if one.epoch == epoch:
            one.candidate.failed()
            self.pause(one)

    def pause(self, one: Replica) -> None:
        one.epoch += 1
        wait = TERMS.retry_seconds
        if self.goes_wrong() and self.chance.random() < 0.2:
            wait += self.chance.uniform(0, 60)  # the whole process stands still
        self.at(self.now + wait / one.rate, lambda: self.attempt(one))

    def replace(self, one: Replica) -> None:
        """It ends, on purpose or not, and another comes."""
        one.epoch += 1
        one.candidate.resign()
        lease = self.server.lease
        if lease is not None and self.chance.random() < 0.5:
            release = one.candidate.release(lease)
            if release is not None:
                self.server.take(release)
        self.start()


@given(st.integers(min_value=0), st.integers(1, 4), st.sampled_from((0.0, 0.1, 0.3, 0.6)))
@settings(max_examples=150, deadline=None)
def test_never_do_two_lead_and_in_calm_one_does(seed: int, count: int, trouble: float) -> None:
    world = World(random.Random(seed), trouble)  # noqa: S311  # a simulation
    world.run(count)
    assert len(world.leaders()) == 1
    assert world.terms_begun >= 1


def test_the_law_notices_leases_that_end_before_their_leader_gives_up() -> None:
    with pytest.raises(AssertionError, match="two lead"):
        for seed in range(50):
            World(random.Random(seed), 0.2, Server(shortened_to=5)).run(3)  # noqa: S311
