"""How often a client asks: bursts are let through, what is beyond waits its turn.

The generic cell rate algorithm (ITU-T I.371): one number, the time at which all that was asked is paid for.
"""


class Pace:
    """At most some requests a second, in the long run."""

    def __init__(self, per_second: float, burst: int) -> None:
        """Makes one that has not been used.

        Args:
            per_second: Requests; 0 for any number.
            burst: How many may come at once after a rest.
        """
        self._seconds_each = 1 / per_second if per_second else 0.0
        self._ahead_seconds = self._seconds_each * burst
        self._paid_until = 0.0

    def wait_seconds(self, now: float) -> float:
        """How long the next request has to wait; it counts as made then.

        Args:
            now: Of a clock that never goes back, in seconds.
        """
        self._paid_until = max(self._paid_until, now) + self._seconds_each
        return max(self._paid_until - now - self._ahead_seconds, 0.0)
