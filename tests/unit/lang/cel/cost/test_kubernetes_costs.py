import pytest

from propolis.lang.cel.cost.calls import Question
from propolis.lang.cel.cost.counter import Counter, Plan
from propolis.lang.cel.cost.estimate import estimate
from propolis.lang.cel.cost.kubernetes_estimates import estimate_kubernetes
from propolis.lang.cel.cost.ranges import ENDLESS, Range, exactly
from propolis.lang.cel.cost.sizes import Sizes, Value
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.libraries.kubernetes.environments import environment_at
from propolis.lang.cel.program import compile_expression
from propolis.lang.cel.types import STRING
from tests.harness.cel import runtime

ENVIRONMENT = Environment(environment_at(), {}, uses_cross_type_numerics=True)
V4, V6 = "ip('192.168.0.1')", "ip('2001:db8:3333:4444:5555:6666:7777:8888')"
NET4, NET6 = "cidr('192.168.0.0/16')", "cidr('2001:db8::/32')"


def _costs(text: str) -> tuple[int, int, int]:
    program = compile_expression(text, ENVIRONMENT)
    bounds = estimate(program.tree)
    counter = Counter(Plan(program.tree))
    program.evaluate_observed({}, runtime(), counter.observe)
    return bounds.low, bounds.high, counter.cost


@pytest.mark.parametrize(("address", "base"), [(V4, 2), (V6, 4)])
def test_addresses_cost_their_text_and_each_question_one(address: str, base: int) -> None:
    assert _costs(address) == (base, base, base)
    for name in ("family", "isUnspecified", "isLoopback", "isLinkLocalMulticast", "isGlobalUnicast"):
        assert _costs(f"{address}.{name}()") == (base + 1, base + 1, base + 1)
    assert _costs(f"{address} == {V4}") == (base + 3, base + 3, base + 3)


@pytest.mark.parametrize("network", [NET4, NET6])
def test_networks_cost_their_text_and_each_question_one(network: str) -> None:
    assert _costs(network) == (2, 2, 2)
    for name in ("ip", "prefixLength", "masked"):
        assert _costs(f"{network}.{name}()") == (3, 3, 3)
    assert _costs(f"{network} == {NET6}") == (5, 5, 5)


@pytest.mark.parametrize(
    ("text", "low", "high", "counted"),
    [
        (f"{NET4}.containsCIDR(cidr('192.0.0.0/30'))", 7, 11, 7),
        (f"{NET4}.containsCIDR('192.168.0.0/16')", 7, 11, 7),
        (f"{NET4}.containsIP(ip('192.0.0.1'))", 4, 7, 4),
        (f"{NET4}.containsIP(ip('192.169.169.250'))", 5, 8, 5),
        (f"{NET4}.containsIP('192.169.0.1')", 5, 8, 5),
        (f"{NET6}.containsCIDR(cidr('2001:db8::/126'))", 7, 11, 7),
        (f"{NET6}.containsCIDR('2001:db8::/32')", 7, 11, 7),
        (f"{NET6}.containsIP({V6})", 7, 10, 7),
        (f"{NET6}.containsIP('2001:db8::1')", 5, 8, 5),
    ],
)
def test_containing_costs_the_bytes_of_both(text: str, low: int, high: int, counted: int) -> None:
    assert _costs(text) == (low, high, counted)


@pytest.mark.parametrize(
    ("text", "old", "new", "result"),
    [
        (exactly(3), exactly(0), exactly(1), exactly(7)),
        (exactly(3), exactly(1), exactly(0), Range(0, 3)),
        (exactly(4), exactly(2), exactly(4), Range(4, 8)),
        (exactly(4), Range(0, 1), Range(0, 2), Range(0, 14)),
        (exactly(4), Range(1, 1), Range(1, 2), Range(4, 8)),
        (exactly(4), Range(1, 2), Range(1, 1), Range(2, 4)),
        (Range(0, ENDLESS), exactly(0), exactly(1), Range(1, ENDLESS)),
    ],
)
def test_a_replacement_has_a_size(text: Range, old: Range, new: Range, result: Range) -> None:
    values = tuple(Value((), STRING, size) for size in (text, old, new))
    question = Question("replace", "string_replace_string_string", values[0], values[1:])
    program = compile_expression("''", ENVIRONMENT)
    found = estimate_kubernetes(question, Sizes(program.tree, None))
    assert found is not None
    assert found.size == result


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("[quantity('1'), quantity('2')].all(q, q == quantity('1')) || true", 25),
        ("format.dns1123Label() == format.dns1123Label()", 3),
        ("semver('1.0.0') == semver('1.0.0')", 3),
        ("url('https://a.example') == url('https://b.example')", 5),
        ("format.dns1123Label().validate('abc').hasValue()", 10),
        ("'a,b,c'.split(',').join('-') == 'a-b-c'", 3),
        ("'abc'.find('[a-z]+') == 'abc'", 3),
    ],
)
def test_values_of_kubernetes_are_compared_at_once(text: str, counted: int) -> None:
    assert _costs(text)[2] == counted
