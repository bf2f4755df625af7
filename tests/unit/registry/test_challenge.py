import pytest

from propolis.registry.challenge import Challenge, parse_challenges


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ['Bearer realm="https://t/a?b=1,2",service=s'],
            [("bearer", {"realm": "https://t/a?b=1,2", "service": "s"})],
        ),
        (['BASIC  realm = "a\\"b"'], [("basic", {"realm": 'a"b'})]),
        (
            ['Basic realm="x", Bearer realm="y",scope="a b"'],
            [("basic", {"realm": "x"}), ("bearer", {"realm": "y", "scope": "a b"})],
        ),
        (["Negotiate abc==, Basic realm=x"], [("negotiate", {}), ("basic", {"realm": "x"})]),
        (["Basic", "Bearer realm=x,realm=y"], [("basic", {}), ("bearer", {"realm": "x"})]),
        (['Bearer realm="never ends'], [("bearer", {})]),
        (["", " , ", "\x00", '"', "=a"], []),
    ],
)
def test_challenges_are_read(headers: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    assert parse_challenges(headers) == tuple(Challenge(*one) for one in expected)
