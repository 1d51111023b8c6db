"""The matrix is what a trace of every single packet says, for whatever is built."""

from random import Random

import pytest
from second_opinion.random_vpcs import ZONES, SmallWorld, a_world

from dcsim.problem import Refused
from dcsim.reach.matrix import Answer, Reach, reach
from dcsim.reach.traffic import Kind
from dcsim.topology.plan import DEFAULT_START_NS, Plan, Plant
from dcsim.topology.python import Topology
from dcsim.trace import trace
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import World, build

PLANT = Plant(racks=2, hosts=8)


def plan_of(small: SmallWorld) -> Plan:
    return Plan("random", "eu-west-1", ZONES, DEFAULT_START_NS, PLANT, (), small.requests, (), ())


def specs(kind: Kind, random: Random) -> list[TrafficSpec]:
    """Its ends and one between: what holds for one holds for all."""
    if kind.ports is None:
        return [TrafficSpec(kind.protocol)]
    ports = sorted({kind.ports[0], kind.ports[-1], random.choice(kind.ports)})
    return [TrafficSpec(kind.protocol, port) for port in ports]


def reaches(world: World, source: str, destination: str, traffic: TrafficSpec) -> bool:
    """By a trace in a world of its own. Another guest of the own VPC with that address is not who was meant."""
    a, b = world[source], world[destination]
    address = world.address_for(a, b)
    meant = a.placed.vpc is b.placed.vpc or address not in a.placed.vpc.by_address
    return meant and trace(world, a, address, traffic).reachable


@pytest.mark.parametrize("seed", range(40))
def test_reach_agrees_with_trace(seed: int) -> None:
    random = Random(f"{seed}/reach")
    plan = plan_of(a_world(random))
    try:
        region = reach(plan)
    except Refused:
        pytest.skip("the control plane refuses this world")
    world = build(plan)
    world.clock.run(until=1)
    for source, destination in region.pairs():
        passing = region.passing(source, destination)
        for kind in region.kinds:
            for traffic in specs(kind, random):
                found = reaches(world, source, destination, traffic)
                assert found == (kind in passing), (source, destination, traffic)


def test_random_worlds_are_worth_asking() -> None:
    """Of all answers a good part is yes, and a good part no."""
    counts = [0, 0]
    for seed in range(40):
        try:
            region = reach(plan_of(a_world(Random(f"{seed}/reach"))))
        except Refused:
            continue
        for pair in region.pairs():
            passing = len(region.passing(*pair))
            counts[0] += len(region.kinds) - passing
            counts[1] += passing
    assert min(counts) > sum(counts) / 20


def test_guests_that_nothing_tells_apart_share_their_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty by fifty by ten is a matter of a moment: few pairs are asked."""
    region = many(50)
    asked: list[str] = []
    ask = Reach.ask

    def counted(self: Reach, source: str, destination: str, traffic: TrafficSpec) -> Answer:
        asked.append(source)
        return ask(self, source, destination, traffic)

    monkeypatch.setattr(Reach, "ask", counted)
    assert sum(1 for pair in region.pairs() if region.passing(*pair)) > 1_000
    assert len(region.kinds) == 10
    assert len(asked) <= 6 * 6 * len(region.kinds)


def many(guests: int) -> Reach:
    topology = Topology(region="eu-west-1", zones=["a", "b"], plant={"hosts": 20})
    vpc = topology.vpc("m", cidr_block="10.0.0.0/16")
    vpc.subnet("net", per_zone=True, cidr_block="10.0.1.0/24")
    for name, peer in (("web", "app"), ("app", "db"), ("db", "web")):
        vpc.security_group(name, ingress=[f"tcp 80 from {peer}", "tcp 22 from 10.0.1.0/24", f"udp 53 from {peer}"])
    for number in range(guests):
        group = ("web", "app", "db")[number % 3]
        vpc.instance(f"x{number}", subnet=f"net-{'ab'[number % 2]}", security_groups=group)
    return reach(topology.plan())
