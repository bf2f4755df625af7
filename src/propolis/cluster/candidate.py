"""One candidate of an election by lease, without any I/O: what it asks next, and what answers mean.

Follows client-go tools/leaderelection @ v0.36.3, which keeps the same object: a candidate that did not see
the lease change for its whole duration, by its own clock, takes it over; the version of the object decides
between two who try at once. Times on the object are for people only: clocks that differ or jump do no harm.

A leader counts its time from when it *sent* its last good renewal and gives up `Terms.renewal_seconds` after
that; others count from when they *saw* it, and wait for `Terms.lease_seconds`. So it has stopped before.
"""

import msgspec


class Terms(msgspec.Struct, frozen=True):
    """How long things last.

    Attributes:
        lease_seconds: Others wait so long for a leader that is not heard of.
        renewal_seconds: A leader that could not renew for so long leads no more.
        retry_seconds: Between two attempts.
    """

    lease_seconds: int = 15
    renewal_seconds: float = 10.0
    retry_seconds: float = 2.0

    def __post_init__(self) -> None:
        """Refuses terms under which two could lead at once.

        Raises:
            ValueError: A leader would give up no sooner than others take over, or would never try again.
        """
        if not 0 < 1.2 * self.retry_seconds < self.renewal_seconds < self.lease_seconds:
            raise ValueError("1.2 * retry_seconds < renewal_seconds < lease_seconds must hold")


class Lease(msgspec.Struct, frozen=True):
    """What a lease object says.

    Attributes:
        version: Of the object.
        holder: Who leads; empty where nobody does.
        seconds: For how long after it was renewed.
        transitions: How often the leader changed.
        acquired: When the leader began, as the server has it.
    """

    version: str
    holder: str = ""
    seconds: int = 0
    transitions: int = 0
    acquired: str = ""


class Write(msgspec.Struct, frozen=True):
    """A lease to be written.

    Attributes:
        version: That the object must have; empty: there must be none.
        acquired: When the leader began; empty for now.
    """

    version: str
    holder: str
    seconds: int
    transitions: int
    acquired: str = ""


class Candidate:
    """What one candidate knows. Times are seconds of its own clock that never goes back."""

    def __init__(self, identity: str, terms: Terms) -> None:
        self.identity = identity
        self.terms = terms
        self._seen: Lease | None = None
        self._seen_at = 0.0
        self._is_certain = False
        self._leads_until: float | None = None

    @property
    def holder(self) -> str:
        """Who led when it was last looked."""
        return self._seen.holder if self._seen is not None else ""

    @property
    def leads_until(self) -> float:
        """When it leads no more unless it renews; in the past where it does not lead."""
        return float("-inf") if self._leads_until is None else self._leads_until

    def leads(self, now: float) -> bool:
        """Whether it leads."""
        return now < self.leads_until

    def renewal(self, now: float) -> Write | None:
        """The renewal that a leader tries without looking first; None where it has to look."""
        seen = self._seen
        if seen is None or not self._is_certain or seen.holder != self.identity or not self.leads(now):
            return None
        return self._write(seen)

    def looked(self, lease: Lease | None, now: float) -> Write | None:
        """Takes over what was read; what is to be written now, None where somebody else leads.

        Args:
            lease: What is there; None where there is no lease.
            now: When the answer had come.
        """
        if lease is None:
            self._seen, self._leads_until = None, None
            return Write("", self.identity, self.terms.lease_seconds, 0)
        if self._seen is None or lease.version != self._seen.version:
            self._seen, self._seen_at = lease, now
        self._is_certain = True
        if lease.holder == self.identity:
            return self._write(lease)
        self._leads_until = None
        seconds = lease.seconds if lease.seconds > 0 else self.terms.lease_seconds
        if lease.holder and now < self._seen_at + seconds:
            return None
        return self._write(lease)

    def wrote(self, lease: Lease, sent: float, now: float) -> None:
        """The server took what was written.

        Args:
            lease: As it is now.
            sent: When the request was begun.
            now: When the answer had come.
        """
        self._seen, self._seen_at, self._is_certain = lease, now, True
        self._leads_until = sent + self.terms.renewal_seconds if lease.holder == self.identity else None

    def failed(self) -> None:
        """A request failed or was not answered: what it wrote may be there or not, so look first."""
        self._is_certain = False

    def resign(self) -> None:
        """It leads no more, whatever the lease says."""
        self._leads_until = None

    def release(self, lease: Lease) -> Write | None:
        """What gives a lease up; None where it is another's."""
        if lease.holder != self.identity:
            return None
        return Write(lease.version, "", 1, lease.transitions, lease.acquired)

    def _write(self, lease: Lease) -> Write:
        stays = lease.holder == self.identity
        return Write(
            lease.version,
            self.identity,
            self.terms.lease_seconds,
            lease.transitions if stays else lease.transitions + 1,
            lease.acquired if stays else "",
        )
