"""Statements that are shared."""

import pytest

from propolis.core.finding import Finding, Outcome, Rule
from propolis.core.resource import ResourceRef
from propolis.policy.controllers import statements
from propolis.policy.controllers.statements import Statements

RULE = Rule("policy", "p", "r")


def finding(message: str, name: str = "a") -> Finding:
    return Finding(RULE, ResourceRef("v1", "Pod", name), Outcome.FAIL, message)


def test_what_says_the_same_of_two_resources_is_one() -> None:
    found = Statements()
    one, other = found.of("u", finding("m")), found.of("u", finding("m", "b"))
    assert one is other
    assert found.shared([one]) is found.shared([other])
    assert len(found) == 1


def test_lists_go_with_their_last_user() -> None:
    found = Statements()
    told = found.shared([found.of("u", finding("m"))])
    found.shared(told)
    found.release(told)
    assert len(found) == 1
    found.release(told)
    found.release(told)
    assert len(found) == 0
    assert found.shared([]) == ()


def test_statements_that_nobody_uses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "FEWEST", 10)
    found = Statements()
    kept = found.shared([found.of("u", finding("kept"))])
    for number in range(100):
        found.release(found.shared([found.of("u", finding(str(number)))]))
    assert len(found._single) <= 12
    assert found.of("u", finding("kept")) is kept[0]
