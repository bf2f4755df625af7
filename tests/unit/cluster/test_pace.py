from propolis.cluster.pace import Pace


def test_a_burst_is_let_through_and_what_is_beyond_waits_its_turn() -> None:
    pace = Pace(per_second=10, burst=3)
    assert [round(pace.wait_seconds(100.0), 6) for _ in range(6)] == [0, 0, 0, 0.1, 0.2, 0.3]


def test_after_a_rest_there_is_a_burst_again() -> None:
    pace = Pace(per_second=10, burst=3)
    for _ in range(6):
        pace.wait_seconds(100.0)
    assert [round(pace.wait_seconds(110.0), 6) for _ in range(4)] == [0, 0, 0, 0.1]


def test_requests_at_the_rate_never_wait() -> None:
    pace = Pace(per_second=8, burst=1)
    assert [round(pace.wait_seconds(number / 8), 9) for number in range(50)] == [0.0] * 50


def test_no_rate_means_no_wait() -> None:
    pace = Pace(per_second=0, burst=1)
    assert [pace.wait_seconds(1.0) for _ in range(1000)] == [0.0] * 1000
