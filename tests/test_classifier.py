"""The classifier held against asking every rule in turn."""

from itertools import product
from random import Random
from typing import NamedTuple

import pytest

from netvirt.address import V6, Cidr, Ip, block_around
from netvirt.frame import Flow
from netvirt.vpc.classifier import MOST_KINDS, Classifier
from netvirt.vpc.traffic import ALL_PORTS, ANY, ICMP, NO_PORT, TCP, UDP, Traffic

GRE = 47
PORTS = (0, 1, 79, 80, 81, 443, 1024, 65534, 65535)
ADDRESSES = tuple(Ip(10 << 24 | low) for low in (0, 1, 2, 3, 256, 257, 65536)) + (
    Ip(11 << 24),
    Ip(V6 | 10 << 24),
    Ip(V6 | 1),
)
MEMBERS = {"sg-1": frozenset(ADDRESSES[:2]), "sg-2": frozenset(ADDRESSES[1:4]), "sg-3": frozenset[Ip]()}


class Rule(NamedTuple):
    traffic: Traffic
    peer: Cidr | str


def random_rule(random: Random) -> Rule:
    protocol = random.choice((-1, ICMP, TCP, TCP, UDP, GRE))
    if protocol == ICMP:
        traffic = Traffic(ICMP, *ALL_PORTS, random.choice((ANY, 0, 3, 8)), random.choice((ANY, 0, 4)))
    elif protocol in (TCP, UDP):
        traffic = Traffic(protocol, *sorted(random.choices(PORTS, k=2)))
    else:
        traffic = Traffic(protocol)
    prefix = random.choice((0, 8, 16, 24, 30, 31, 32))
    blocks: list[Cidr | str] = [block_around(random.choice(ADDRESSES), prefix)] * 3
    return Rule(traffic, random.choice([*blocks, "sg-1", "sg-2", "sg-3", "sg-unknown"]))


def random_flow(random: Random) -> Flow:
    protocol = random.choice((ICMP, TCP, UDP, GRE))
    if protocol == ICMP:
        return Flow(ICMP, Ip(1), Ip(2), icmp_type=random.choice((0, 3, 8, 13)), icmp_code=random.choice((0, 4)))
    port = random.choice((*PORTS, NO_PORT)) if protocol in (TCP, UDP) else NO_PORT
    return Flow(protocol, Ip(1), Ip(2), port, port)


def speaks_of(rule: Rule, flow: Flow, peer: Ip) -> bool:
    means = rule.peer.holds(peer) if isinstance(rule.peer, Cidr) else peer in MEMBERS.get(rule.peer, ())
    return means and rule.traffic.matches(flow)


@pytest.mark.parametrize("seed", range(200))
def test_the_first_rule_that_speaks_of_a_packet_is_found(seed: int) -> None:
    random = Random(seed)
    rules = [random_rule(random) for _ in range(random.choice((0, 1, 5, 40)))]
    classifier = Classifier(rules)
    for _ in range(100):
        flow, peer = random_flow(random), random.choice(ADDRESSES)
        first = next((rule for rule in rules if speaks_of(rule, flow, peer)), None)
        assert classifier.first(flow, peer, MEMBERS) is first


@pytest.mark.parametrize("seed", range(50))
def test_who_means_everyone_on_which_ports(seed: int) -> None:
    random = Random(seed)
    rules = [random_rule(random) for _ in range(random.choice((1, 5, 20)))]
    classifier = Classifier(rules)
    for protocol, ipv6 in product((TCP, UDP), (False, True)):
        everyone = Cidr(Ip(V6 if ipv6 else 0), 0)
        open_to_all = [rule for rule in rules if rule.peer == everyone and rule.traffic.protocol in (-1, protocol)]
        for port in PORTS:
            wanted = any(rule.traffic.first_port <= port <= rule.traffic.last_port for rule in open_to_all)
            assert classifier.for_everyone(protocol, port, ipv6) == wanted
        assert classifier.for_everyone(protocol, NO_PORT, ipv6) == any(rule.traffic.every_port for rule in open_to_all)


def test_who_sends_every_kind_of_icmp_costs_no_memory() -> None:
    rule = Rule(Traffic(ICMP), Cidr(Ip(0), 0))
    classifier = Classifier([rule])
    for kind in range(3 * MOST_KINDS):
        flow = Flow(ICMP, Ip(1), Ip(2), icmp_type=kind >> 8, icmp_code=kind & 255)
        assert classifier.first(flow, Ip(1), {}) is rule
        assert len(classifier._kinds) <= MOST_KINDS
