import pytest

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.network import CIDR_LIBRARY, IP_LIBRARY, parse_cidr, parse_ip
from tests.harness.cel import run


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.168.0.1", "192.168.0.1"),
        ("::", "::"),
        ("2001:DB8::ABCD", "2001:db8::abcd"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
    ],
)
def test_an_address_has_a_canonical_text(text: str, canonical: str) -> None:
    assert str(parse_ip(text)) == canonical
    assert run(IP_LIBRARY, "ip_is_canonical", text) is (text == canonical)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'ParseAddr(""): unable to parse IP'),
        ("localhost", 'ParseAddr("localhost"): unable to parse IP'),
        ("%eth0", 'ParseAddr("%eth0"): missing IPv6 address'),
        ("192.168.0.1.0", 'ParseAddr("192.168.0.1.0"): IPv4 address too long'),
        ("1.2.3", 'ParseAddr("1.2.3"): IPv4 address too short'),
        ("01.2.3.4", "octet with leading zero"),
        ("1.2.3.256", "IPv4 field has value >255"),
        ("1..2.3", 'IPv4 field must have at least one digit (at ".2.3")'),
        ("1.2.3.x", 'unexpected character (at "x")'),
        ("1.2.3.4 ", 'unexpected character (at " ")'),
        ("1.2.3.\u0664", "unexpected character"),
        ("1::2::3", 'multiple :: in address (at ":3")'),
        ("12345::", "each group must have 4 or less digits"),
        ("1:2:3", "address string too short"),
        ("1:2:3:4:5:6:7:8:9", "trailing garbage after address"),
        ("1:2:3:4::5:6:7:8", "the :: must expand to at least one field of zeros"),
        ("1:", "colon must be followed by more characters"),
        (":1", "each colon-separated field must have at least one digit"),
        ("::g", "each colon-separated field must have at least one digit"),
        ("1::2 ", "unexpected character, want colon"),
        ("1:2:1.2.3.4", "embedded IPv4 address must replace the final 2 fields of the address"),
        ("1:2:3:4:5:6:7::1.2.3.4", "too many hex fields"),
        ("fe80::1%", "zone must be a non-empty string"),
        ("fe80::1%eth0", "with zone value is not allowed"),
        ("::ffff:1.2.3.4", "IPv4-mapped IPv6 address"),
    ],
)
def test_what_is_no_address_says_why(text: str, problem: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        parse_ip(text)
    assert problem in caught.value.message
    assert run(IP_LIBRARY, "is_ip", text) is False


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0.0.0.0", {"ip_is_unspecified"}),  # noqa: S104  # an address of a test
        ("::", {"ip_is_unspecified"}),
        ("127.8.9.1", {"ip_is_loopback"}),
        ("::1", {"ip_is_loopback"}),
        ("224.0.0.255", {"ip_is_link_local_multicast"}),
        ("224.0.1.1", set()),
        ("ff02::1", {"ip_is_link_local_multicast"}),
        ("ff12::1", {"ip_is_link_local_multicast"}),
        ("ff05::1", set()),
        ("169.254.1.1", {"ip_is_link_local_unicast"}),
        ("febf::1", {"ip_is_link_local_unicast"}),
        ("fec0::1", {"ip_is_global_unicast"}),
        ("10.0.0.1", {"ip_is_global_unicast"}),
        ("fd00::1", {"ip_is_global_unicast"}),
        ("255.255.255.255", set()),
    ],
)
def test_an_address_knows_what_it_is_for(text: str, names: set[str]) -> None:
    kinds = [
        "ip_is_unspecified",
        "ip_is_loopback",
        "ip_is_link_local_multicast",
        "ip_is_link_local_unicast",
        "ip_is_global_unicast",
    ]
    assert {name for name in kinds if run(IP_LIBRARY, name, parse_ip(text))} == names


def test_an_address_has_a_family() -> None:
    assert run(IP_LIBRARY, "ip_family", parse_ip("1.2.3.4")) == 4
    assert run(IP_LIBRARY, "ip_family", parse_ip("::1")) == 6


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10.0.0.0", "no '/'"),
        ("10.0.0.0/", 'bad bits after slash: ""'),
        ("10.0.0.0/08", 'bad bits after slash: "08"'),
        ("10.0.0.0/+8", 'bad bits after slash: "+8"'),
        ("10.0.0.0/33", "prefix length out of range"),
        ("::/129", "prefix length out of range"),
        ("10.0.0/8", "IPv4 address too short"),
        ("fe80::%eth0/10", "IPv6 zones cannot be present in a prefix"),
        ("::ffff:10.0.0.0/104", "IPv4-mapped IPv6 address"),
    ],
)
def test_what_is_no_network_says_why(text: str, problem: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        parse_cidr(text)
    assert problem in caught.value.message
    assert run(CIDR_LIBRARY, "is_cidr", text) is False


def test_a_network_keeps_the_address_that_was_written() -> None:
    network = parse_cidr("192.168.0.77/24")
    assert str(network) == "192.168.0.77/24"
    assert str(run(CIDR_LIBRARY, "cidr_masked", network)) == "192.168.0.0/24"
    assert network != parse_cidr("192.168.0.0/24")
    assert run(CIDR_LIBRARY, "cidr_ip", network) == parse_ip("192.168.0.77")
    assert run(CIDR_LIBRARY, "cidr_prefix_length", network) == 24


@pytest.mark.parametrize(
    ("network", "other", "expected"),
    [
        ("192.168.0.0/24", "192.168.0.255", True),
        ("192.168.0.9/24", "192.168.0.1", True),
        ("192.168.0.0/24", "192.168.1.0", False),
        ("0.0.0.0/0", "255.255.255.255", True),
        ("0.0.0.0/0", "::1", False),
        ("::/0", "1.2.3.4", False),
        ("2001:db8::/32", "2001:db8:ffff::1", True),
    ],
)
def test_a_network_contains_addresses(network: str, other: str, *, expected: bool) -> None:
    assert run(CIDR_LIBRARY, "cidr_contains_ip_string", parse_cidr(network), other) is expected
    assert run(CIDR_LIBRARY, "cidr_contains_ip_ip", parse_cidr(network), parse_ip(other)) is expected


@pytest.mark.parametrize(
    ("network", "other", "expected"),
    [
        ("10.0.0.0/8", "10.0.0.0/8", True),
        ("10.0.0.0/8", "10.200.0.0/16", True),
        ("10.0.0.0/8", "10.0.0.0/7", False),
        ("10.0.0.0/8", "11.0.0.0/8", False),
        ("0.0.0.0/0", "10.0.0.0/8", True),
        ("0.0.0.0/0", "::/0", False),
    ],
)
def test_a_network_contains_networks(network: str, other: str, *, expected: bool) -> None:
    assert run(CIDR_LIBRARY, "cidr_contains_cidr_string", parse_cidr(network), other) is expected
    assert run(CIDR_LIBRARY, "cidr_contains_cidr", parse_cidr(network), parse_cidr(other)) is expected


def test_a_text_that_is_no_address_is_an_error_where_one_is_needed() -> None:
    with pytest.raises(EvaluationError, match="unable to parse IP"):
        run(CIDR_LIBRARY, "cidr_contains_ip_string", parse_cidr("10.0.0.0/8"), "nowhere")


def test_an_endless_text_is_no_address() -> None:
    assert run(IP_LIBRARY, "is_ip", "1:" * 1_000_000) is False
    assert run(CIDR_LIBRARY, "is_cidr", "1:" * 1_000_000 + "/8") is False
