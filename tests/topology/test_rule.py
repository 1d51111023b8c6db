"""Rules as sentences."""

import pytest

from dcsim.problem import Mistake
from dcsim.topology.rule import Direction, Traffic, parse_numbered_rule, parse_rule
from netvirt.address import parse_cidr


@pytest.mark.parametrize(
    ("text", "traffic"),
    [
        ("all from app", Traffic(-1, None, -1, -1)),
        ("tcp from app", Traffic(6, None, -1, -1)),
        ("tcp 443 from app", Traffic(6, (443, 443), -1, -1)),
        ("tcp 1024-65535 from app", Traffic(6, (1024, 65535), -1, -1)),
        ("udp 0-65535 from app", Traffic(17, None, -1, -1)),
        ("icmp from app", Traffic(1, None, -1, -1)),
        ("icmp echo from app", Traffic(1, None, 8, -1)),
        ("icmp 8 from app", Traffic(1, None, 8, -1)),
        ("icmp 3/4 from app", Traffic(1, None, 3, 4)),
        ("icmp fragmentation-needed from app", Traffic(1, None, 3, 4)),
        ("proto 47 from app", Traffic(47, None, -1, -1)),
    ],
)
def test_a_rule_says_which_traffic(text: str, traffic: Traffic) -> None:
    rule = parse_rule(text, "ingress")
    assert (rule.traffic, rule.peer, rule.text) == (traffic, "app", text)


def test_host_bits_and_spare_spaces_go_silently() -> None:
    rule = parse_rule("  tcp   443 from 10.0.1.7/16 ", "ingress")
    assert rule.peer == parse_cidr("10.0.0.0/16")
    assert rule.text == "tcp 443 from 10.0.0.0/16"


def test_an_egress_rule_says_to() -> None:
    assert parse_rule("tcp 5432 to db", "egress").peer == "db"
    assert parse_numbered_rule("100 deny all to 0.0.0.0/0", "egress").allow is False


def test_a_numbered_rule_is_a_verdict_and_a_rule() -> None:
    rule = parse_numbered_rule("100 allow tcp 80 from 0.0.0.0/0", "ingress")
    assert (rule.number, rule.allow, rule.traffic) == (100, True, Traffic(6, (80, 80), -1, -1))
    assert (str(rule.cidr_block), rule.text) == ("0.0.0.0/0", "100 allow tcp 80 from 0.0.0.0/0")


@pytest.mark.parametrize(
    ("text", "culprit", "message", "advice"),
    [
        ("tpc 80 from a", "tpc", "'tpc' where a protocol belongs",
         "there are all, icmp, icmpv6, tcp, udp, proto. Did you mean tcp?"),
        ("allow tcp 80 from a", "allow", "a security group only allows", "leave allow out"),
        ("deny tcp 80 from a", "deny", "a security group only allows", "a network ACL can deny"),
        ("100 allow tcp 80 from a", "100", "a security group's rules have no numbers", "leave 100 out"),
        ("tcp http from a", "http", "'http' is no port", "write 443, or 1024-65535, or nothing for all"),
        ("tcp 80-20 from a", "80-20", "ports 80-20 run backwards", "write 20-80"),
        ("tcp 70000 from a", "70000", "port 70000 is out of range", "ports go from 0 to 65535"),
        ("tcp 1-70000 from a", "1-70000", "port 70000 is out of range", "ports go from 0 to 65535"),
        ("tcp -1 from a", "-1", "'-1' is no port", "write 443, or 1024-65535, or nothing for all"),
        ("tcp 80 to a", "to", "an ingress rule says from, not to", ""),
        ("tcp 80 frm a", "frm", "'frm' where from belongs", ""),
        ("tcp 80 from 1.2.3.4", "1.2.3.4", "'1.2.3.4' is no block", "write 1.2.3.4/32"),
        ("tcp 80 from 10.0.0.0/33", "10.0.0.0/33", "'10.0.0.0/33' is not an IPv4 block", "write it like 10.0.0.0/16"),
        ("tcp 80 from a b", "b", "the rule goes on after its end: 'b'", ""),
        ("icmp 256 from a", "256", "'256' is no ICMP type",
         "write 8, or 3/4, or echo-reply, unreachable, fragmentation-needed, echo, time-exceeded"),
        ("proto 300 from a", "300", "'300' where a protocol number from 0 to 255 belongs", ""),
    ],
)  # fmt: skip
def test_a_bad_word_is_pointed_at(text: str, culprit: str, message: str, advice: str) -> None:
    mistake = refused(text, "ingress")
    assert (mistake.message, mistake.advice) == (message, advice)
    assert mistake.span is not None
    assert text[slice(*mistake.span)] == culprit


def test_a_rule_that_stops_short_says_what_is_missing() -> None:
    assert refused("", "ingress").message == "the rule is empty"
    assert refused("tcp 80", "egress").message == "the rule ends where to belongs"
    assert refused("tcp 80 from", "ingress").message == "the rule ends where a block or a security group belongs"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 allow all from 0.0.0.0/0", "rule number 0 is out of range"),
        ("32767 allow all from 0.0.0.0/0", "rule number 32767 is out of range"),
        ("allow all from 0.0.0.0/0", "'allow' is no rule number"),
        ("100 alow all from 0.0.0.0/0", "'alow' where allow or deny belongs"),
        ("100 allow all from app", "'app' is not an IPv4 block"),
        ("", "the rule is empty"),
    ],
)
def test_a_numbered_rule_has_a_number_a_verdict_and_a_block(text: str, message: str) -> None:
    with pytest.raises(Mistake) as raised:
        parse_numbered_rule(text, "ingress")
    assert raised.value.message == message


def refused(text: str, direction: Direction) -> Mistake:
    with pytest.raises(Mistake) as raised:
        parse_rule(text, direction)
    return raised.value
