"""What is random is still worth asking: about half of it arrives, by every road, and every ending is common."""

from collections import Counter
from contextlib import suppress
from random import Random

from dcsim.topology.plan import INTERNET

from .evaluator import Evaluator
from .later import apply
from .packet import Ending, Place, Verdict
from .random_changes import Change
from .random_flows import Step, a_flow
from .random_stories import Event, a_script
from .random_vpcs import SmallWorld, a_world

WORLDS = 150
ROADS = ("inside", "peering", "transit gateway", "out", "in", "outside", "back in", "to another VPC and back in")


def _verdicts() -> tuple[Counter[tuple[Ending, Place]], Counter[str]]:
    counts: Counter[tuple[Ending, Place]] = Counter()
    roads: Counter[str] = Counter()
    for seed in range(WORLDS):
        random = Random(f"{seed}/coverage")
        world = a_world(random)
        evaluator = Evaluator(world.requests, world.addresses, world.outsiders)
        now_s = 0.0
        for event in a_script(random, world):
            now_s += event.gap_s
            if isinstance(event, Change):
                # What is not there cannot be changed: EC2 would refuse.
                with suppress(KeyError, ValueError):
                    apply(evaluator, event.request)
            else:
                verdict = evaluator.send(event.src, event.dst, event.packet, now_s)
                counts[verdict.ending, verdict.place] += 1
                roads[_road(world, event, verdict)] += 1
    return counts, roads


def _road(world: SmallWorld, step: Step, verdict: Verdict) -> str:
    """Which way a packet took that arrived."""
    if verdict.arrived is None:
        return "none"
    homes = {somebody.name: somebody.vpc for somebody in world.everybody}
    start, end = step.src[0], homes.get(verdict.receiver, step.src[0])
    if start == INTERNET:
        return "outside" if end == INTERNET else "in"
    if end == INTERNET:
        return "out"
    if verdict.arrived.dst != step.dst:
        return "back in" if start == end else "to another VPC and back in"
    if start == end:
        return "inside"
    peers = [peer.name for peer in world.region.vpcs[start].peers.values()]
    return "peering" if end in peers else "transit gateway"


RARE = (Ending.OTHER, Ending.NAT)
"""NAT gateways have worlds of their own: `random_nats`."""


def test_about_half_is_delivered_and_every_ending_is_common() -> None:
    counts, roads = _verdicts()
    total = counts.total()
    by_ending: Counter[Ending] = Counter()
    for (ending, _), count in counts.items():
        by_ending[ending] += count
    assert 0.4 <= by_ending[Ending.DELIVERED] / total <= 0.6
    assert all(by_ending[ending] >= total / 200 for ending in Ending if ending not in RARE), by_ending
    places = Counter(place for _, place in counts.elements())
    assert all(places[place] >= total / 200 for place in Place if place is not Place.NAT), places
    assert all(roads[road] >= total / 500 for road in ROADS), roads


def test_half_of_all_worlds_have_a_way_out_or_a_peering() -> None:
    worlds = [a_world(Random(f"{seed}/coverage")) for seed in range(WORLDS)]
    gateways = sum(any(vpc.has_gateway for vpc in world.region.vpcs.values()) for world in worlds)
    peerings = sum(any(vpc.peers for vpc in world.region.vpcs.values()) for world in worlds)
    assert gateways >= WORLDS / 2 and peerings >= WORLDS / 4, (gateways, peerings)


def test_a_seed_names_a_world_and_its_story() -> None:
    def told(seed: int) -> tuple[str, list[Event], Step]:
        random = Random(seed)
        world = a_world(random)
        return str(world), a_script(random, world), a_flow(random, world)

    assert told(7) == told(7)
    assert told(7) != told(8)
