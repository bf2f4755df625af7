"""The time of day is set while admission serves, on a real API server: nothing gets in unjudged."""

import pytest

from tests.harness.admission import PRIVILEGED, Admission, pod, policy, until
from tests.harness.set_clock import SetClock

DAY = 86_400.0


@pytest.mark.parametrize(
    "ahead",
    [
        pytest.param(-100 * DAY, id="its certificate has ended"),
        pytest.param(30 * DAY, id="its authority has not begun"),
    ],
)
def test_a_wrong_clock_lets_nothing_in_and_is_overcome_once_it_is_set_right(
    admission: Admission, ahead: float
) -> None:
    clock = SetClock(admission.folder.parent / "clock", ahead)
    admission.environment = clock.environment
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: "failed calling webhook" in admission.refuses(pod("a")))
    assert "certificate has expired or is not yet valid" in admission.refuses(pod("a"))
    clock.set(0)
    until(lambda: not admission.refuses(pod("a")))
    assert "never" in admission.refuses(pod("a", privileged=True))


def test_the_certificate_follows_a_clock_that_goes_ahead_and_comes_back(admission: Admission) -> None:
    clock = SetClock(admission.folder.parent / "clock")
    admission.environment = clock.environment
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    until(lambda: "never" in admission.refuses(pod("a", privileged=True)))
    for ahead in (80 * DAY, 0.0):
        admission.told.clear()
        clock.set(ahead)
        until(lambda: "the certificate was renewed" in admission.told)
    until(lambda: "never" in admission.refuses(pod("a", privileged=True)))
    assert not admission.refuses(pod("a"))
