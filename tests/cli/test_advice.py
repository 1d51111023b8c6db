"""`would take`: whoever follows all of a trace's advice gets through."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from second_opinion.random_nats import with_nats
from second_opinion.random_vpcs import MARK, ZONES, SmallWorld, a_world

from dcsim.request import (
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateNetworkAclEntry,
    Request,
)
from dcsim.topology.plan import DEFAULT_START_NS, INTERNET, Internet, Plan, Plant
from dcsim.topology.rule import Direction, parse_numbered_rule, parse_rule
from dcsim.trace import Traced, trace
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import Guest, World, build
from netvirt.journey import Hop, Outcome
from netvirt.vpc.traffic import ICMP, TCP, UDP

FLOWS = 12
"""Asked in each world."""
RULES = (Outcome.SECURITY_GROUP, Outcome.NETWORK_ACL)


def plan_of(world: SmallWorld) -> Plan:
    return Plan("random", "eu-west-1", ZONES, DEFAULT_START_NS, Plant(), (), world.requests, (), ())


def a_flow(random: Random, world: World) -> tuple[Guest, Guest, TrafficSpec]:
    source = random.choice(list(world))
    others = [each for each in world if each.placed.vpc is source.placed.vpc and each is not source]
    return source, random.choice(others), some_traffic(random, (TCP, TCP, UDP, ICMP, 47))


def some_traffic(random: Random, protocols: tuple[int, ...]) -> TrafficSpec:
    protocol = random.choice(protocols)
    ports = (random.choice((22, 80, 443, 8080)), random.choice((None, 53, 40000))) if protocol in (TCP, UDP) else ()
    return TrafficSpec(protocol, *ports)


def entry_of(vpc: str, hop: Hop) -> Request:
    """An ACL's advice, as the control plane is asked for it."""
    direction: Direction = "egress" if " to " in hop.advice else "ingress"
    rule = parse_numbered_rule(hop.advice, direction)
    traffic = rule.traffic
    return CreateNetworkAclEntry(
        vpc, hop.name, direction == "egress", rule.number, rule.allow, traffic.protocol, traffic.ports,
        traffic.icmp_type, traffic.icmp_code, rule.cidr_block, rule.text, mark=MARK,
    )  # fmt: skip


def authorization_of(vpc: str, hop: Hop) -> Request:
    """A group's advice; any of an interface's groups will do."""
    direction: Direction = "egress" if " to " in hop.advice else "ingress"
    rule = parse_rule(hop.advice, direction)
    verb = AuthorizeSecurityGroupEgress if direction == "egress" else AuthorizeSecurityGroupIngress
    traffic = rule.traffic
    return verb(
        vpc, hop.name.partition(",")[0], traffic.protocol, traffic.ports,
        traffic.icmp_type, traffic.icmp_code, rule.peer, rule.text, mark=MARK,
    )  # fmt: skip


def follow(world: World, vpc: str, traced: Traced) -> None:
    """Everything advised, appended to groups and ACLs."""
    for hop in traced.blockers:
        ask = authorization_of if hop.outcome is Outcome.SECURITY_GROUP else entry_of
        world.control.call(ask(vpc, hop))
    world.propagation.settle(world.control.view(vpc))


def blocked_flows(random: Random, world: World) -> Iterator[tuple[Guest, Guest, TrafficSpec, Traced]]:
    """Those that nothing but rules is in the way of."""
    for _ in range(FLOWS):
        source, target, traffic = a_flow(random, world)
        traced = trace(world, source, target.placed.interface.address, traffic)
        only_rules = traced.reply is not None and all(hop.outcome in RULES for hop in traced.blockers)
        if not traced.reachable and only_rules and not any("before" in hop.advice for hop in traced.blockers):
            yield source, target, traffic, traced


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_who_follows_all_advice_gets_through(seed: int) -> None:
    random = Random(seed)
    small = a_world(random)
    world = build(plan_of(small))
    world.clock.run(until=1)
    for source, target, traffic, traced in blocked_flows(random, world):
        follow(world, source.placed.vpc.name, traced)
        again = trace(world, source, target.placed.interface.address, traffic)
        assert again.reachable, (
            f"{source.name} {target.name} {traffic}\n{again.blockers}\nafter\n{traced.blockers}\n{small}"
        )


def out_by_nat(random: Random, world: World) -> Iterator[tuple[Guest, Guest, TrafficSpec, Traced]]:
    """To outsiders, through a NAT gateway, with nothing but rules in the way."""
    inside = [each for each in world if each.placed.vpc.name != INTERNET]
    outside = [each for each in world if each.placed.vpc.name == INTERNET]
    for _ in range(FLOWS // 3):
        source, target = random.choice(inside), random.choice(outside)
        traffic = some_traffic(random, (TCP, UDP, ICMP))
        traced = trace(world, source, target.placed.interface.address, traffic)
        translated = any(hop.kind == "nat" and not hop.blocked for hop in traced.forward.hops)
        only_rules = traced.reply is not None and all(hop.outcome in RULES for hop in traced.blockers)
        if translated and only_rules and traced.blockers and not any("before" in hop.advice for hop in traced.blockers):
            yield source, target, traffic, traced


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_it_leads_through_nat_gateways_too(seed: int) -> None:
    """Of rules for the Internet's answers, the gateway's ports are asked for, whatever the client's is."""
    random = Random(seed)
    small = with_nats(random, a_world(random), walls=1)
    plan = replace(plan_of(small), internet=Internet(instances=small.outsiders))
    world = build(plan)
    world.clock.run(until=1)
    for source, target, traffic, traced in out_by_nat(random, world):
        follow(world, source.placed.vpc.name, traced)
        again = trace(world, source, target.placed.interface.address, traffic)
        assert again.reachable, (
            f"{source.name} {target.name} {traffic}\n{again.blockers}\nafter\n{traced.blockers}\n{small}"
        )


def test_the_advice_is_asked_for() -> None:
    """Enough of the random flows above are blocked by rules, in every place that rules stand in."""
    kinds = set()
    for seed in range(30):
        random = Random(seed)
        world = build(plan_of(a_world(random)))
        world.clock.run(until=1)
        for *_, traced in blocked_flows(random, world):
            for way, journey in (("forward", traced.forward), ("reply", traced.reply)):
                kinds |= {(way, hop.kind, " to " in hop.advice) for hop in journey.blockers} if journey else set()
    assert {(way, "acl", leaving) for way in ("forward", "reply") for leaving in (True, False)} <= kinds
    assert {("forward", "sg", True), ("forward", "sg", False)} <= kinds


def test_the_advice_is_asked_for_at_nat_gateways() -> None:
    places = set()
    for seed in range(60):
        random = Random(seed)
        small = with_nats(random, a_world(random), walls=1)
        world = build(replace(plan_of(small), internet=Internet(instances=small.outsiders)))
        world.clock.run(until=1)
        for *_, traced in out_by_nat(random, world):
            for way, journey in (("forward", traced.forward), ("reply", traced.reply)):
                kinds = [hop.kind for hop in journey.hops] if journey else []
                at = kinds.index("nat") if "nat" in kinds else 0
                places |= (
                    {(way, number > at) for number, hop in enumerate(journey.hops) if hop.blocked} if journey else set()
                )
    assert places >= {("forward", False), ("forward", True), ("reply", False), ("reply", True)}
