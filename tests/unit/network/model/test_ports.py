from propolis.network.model.ports import EVERY_PORT, NO_PORT, port_set


def test_ranges_that_touch_are_merged() -> None:
    assert port_set([("TCP", 81, 90), ("UDP", 53, 53), ("TCP", 80, 80), ("TCP", 85, 95)]).ranges == (
        ("TCP", 80, 95),
        ("UDP", 53, 53),
    )


def test_union_and_intersection_keep_protocols_apart() -> None:
    web, range_ = port_set([("TCP", 80, 80), ("UDP", 80, 80)]), port_set([("TCP", 1, 100)])
    assert str(web & range_) == "TCP/80"
    assert str(web | range_) == "TCP/1-100, UDP/80"
    assert web & NO_PORT == NO_PORT
    assert (web | EVERY_PORT).is_everything


def test_sets_read_well() -> None:
    assert [str(one) for one in (EVERY_PORT, NO_PORT, port_set([("SCTP", 1, 65535)]))] == [
        "all ports",
        "no port",
        "SCTP",
    ]
