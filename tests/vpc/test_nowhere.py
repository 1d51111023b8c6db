"""Routes to what is gone, and to what is not simulated."""

import pytest
from topology.files import said_of, topology

from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.trace import trace
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import build
from netvirt.address import parse_ip
from netvirt.journey import Outcome

REGION = """\
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets: {n: {availability_zone: a, cidr_block: 10.0.0.0/24, route_table: out}}
    route_tables: {out: {routes: {192.168.0.0/16: unknown, 192.168.7.0/24: blackhole, 0.0.0.0/0: other}}}
    instances: {guest: {subnet: n}, other: {subnet: n}}
"""


@pytest.mark.parametrize(
    "destination, outcome, code",
    [
        ("192.168.1.1", Outcome.UNKNOWN, "UNSUPPORTED_COMPONENT"),
        ("192.168.7.1", Outcome.BLACKHOLE, "BAD_STATE_ROUTE"),
    ],
)
def test_a_packet_ends_at_the_route(destination: str, outcome: Outcome, code: str) -> None:
    world = build(topology(REGION))
    (blocker,) = trace(world, world["guest"], parse_ip(destination), TrafficSpec(17, 9)).forward.blockers
    assert (blocker.kind, blocker.name, blocker.outcome, blocker.code) == ("rt", "out", outcome, code)


def test_they_are_written_back() -> None:
    plan = topology(REGION)
    assert "192.168.7.0/24: blackhole" in expanded(plan)
    assert plan_of(expanded(plan).encode(), "b.yaml", "a") == plan


def test_an_instance_cannot_be_meant_by_the_same_word() -> None:
    assert "unknown is an instance of main and what leads nowhere" in said_of(REGION.replace("other", "unknown"))
