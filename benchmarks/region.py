"""A region of 3 zones x 100,000 hosts with two guests: what nobody uses costs nothing."""

import json
import subprocess
import sys
from time import perf_counter

from benchmarks.figure import Figure, alternating
from benchmarks.overlay import Flows
from benchmarks.worlds import Count, load_text
from dcsim.world import build

PACKETS = 20_000
LINKS = 6

REGION = """
version: 1
region: eu-west-1
zones: [a, b, c]
plant: {plant}
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {{availability_zone: a, cidr_block: 10.0.0.0/20}}
    security_groups:
      open: {{ingress: udp 9 from 10.0.0.0/16}}
    instances:
      guest: {{count: 2, subnet: net, security_groups: open}}
"""
SMALL = REGION.format(plant="{racks: 2, hosts: 4, spines: 16}")
LARGE = REGION.format(plant="{datacenters: 2, power_domains: 4, racks: 250, hosts: 50, spines: 16}")

_BUILD = """
import json, resource
from time import perf_counter
from benchmarks.region import LARGE
from benchmarks.worlds import load_text
from dcsim.world import build
begin = perf_counter()
world = build(load_text(LARGE))
took = perf_counter() - begin
print(json.dumps({"seconds": took, "kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


def build_cost() -> tuple[float, float]:
    """Seconds and MB of a fresh process that builds the large region."""
    ran = subprocess.run([sys.executable, "-c", _BUILD], capture_output=True, text=True, check=True)
    cost = json.loads(ran.stdout)
    return cost["seconds"], cost["kib"] * 1024 / 1e6


def seconds_per_packet(text: str) -> float:
    world = build(load_text(text))
    world.clock.run(until=1_000)
    source, target = world
    count = Count()
    source.nic.guest = target.nic.guest = count
    Flows(world, [(source, target)], PACKETS, gap_ns=2_000)
    begin = perf_counter()
    world.clock.run()
    elapsed = perf_counter() - begin
    assert count.frames == PACKETS
    return elapsed / PACKETS


def figures() -> list[Figure]:
    took, megabytes = build_cost()
    large, small = alternating(lambda: seconds_per_packet(LARGE), lambda: seconds_per_packet(SMALL))
    return [
        Figure("300,000 hosts, two guests: built in", took, "s", 5, at_most=True),
        Figure("300,000 hosts, two guests: whole process", megabytes, "MB", 400, at_most=True),
        Figure("300,000 hosts: time per packet beside 24 hosts", large / small, "x", 1.15, at_most=True),
    ]
