"""The physical network under faults: cut, impaired, and routed around, to the nanosecond and the frame."""

from collections import Counter

import pytest
from scapy.layers.inet import ICMP
from scapy.layers.l2 import Ether

from dcsim.fabric.wire import Direction
from dcsim.pinging import Pinger
from dcsim.topology.plan import Impairment
from netvirt.journey import Outcome

from .lab import AGENTS, MS, PAIR, Lost, Region, S, lost_ticks, round_trips

EVERY, TICKS = 10 * MS, 100
AFTER = 1005 * MS
"""Ticks are at 1.005 s, 1.015 s ...; faults at whole hundreds of ms, so no tick is on an edge."""


def impair(region: Region, name: str, impairment: Impairment) -> None:
    for link in region.world.fabric.links(name):
        link.impose("weather", impairment)


def lift(region: Region, name: str) -> None:
    for link in region.world.fabric.links(name):
        link.lift("weather")


def during(text: str, name: str, impairment: Impairment) -> tuple[Region, list[int], list[int]]:
    """Pings every 10 ms; the link is impaired from 1.3 s to 1.7 s. Lost ticks, and all round trips."""
    region = Region(text, until=AFTER)
    pinger = region.ping("left", "right", EVERY, TICKS)
    region.at(1300 * MS, impair, region, name, impairment)
    region.at(1700 * MS, lift, region, name)
    region.run(3 * S)
    return region, lost_ticks(pinger.answers), round_trips(pinger.answers)


STEADY = AGENTS.replace("image: agent}", "image: agent, frequency: 1 GHz}")
"""At 3 GHz an instruction is a third of a nanosecond, and a round trip is now and then one shorter."""
FAULTY = list(range(31, 71))
"""The ticks between 1.3 s and 1.7 s."""


def which(lost: list[Lost]) -> Counter[tuple[str, Outcome, int]]:
    """Lost pings by place, reason, and ICMP type: 8 asks, 0 answers."""
    return Counter((each.place, each.reason, Ether(each.data)[ICMP].type) for each in lost)


@pytest.mark.parametrize(
    ("link", "place", "kind"),
    [("a -> b", "core-a -> core-b", 8), ("b -> a", "core-b -> core-a", 0), ("a <-> b", "core-a -> core-b", 8)],
)
def test_a_link_that_loses_everything_one_way_or_both(link: str, place: str, kind: int) -> None:
    region, lost, _ = during(AGENTS, link, Impairment(loss_ppb=10**9))
    assert lost == FAULTY
    assert which(region.lost) == {(place, Outcome.LOST, kind): len(FAULTY)}
    assert region.routing == [], "a gray link is not noticed"


@pytest.mark.parametrize(("link", "ways"), [("a -> b", 1), ("b -> a", 1), ("a <-> b", 2)])
def test_a_millisecond_more_is_a_millisecond_more_to_the_nanosecond(link: str, ways: int) -> None:
    _, lost, times = during(STEADY, link, Impairment(delay_ns=MS))
    assert lost == []
    assert len(times) == TICKS
    steady = times[10]
    # The first ping also asks who the router is, and the last one has no next to think of.
    assert times[1:30] == [steady] * 29
    assert times[30:70] == [steady + ways * MS] * 40
    assert times[70:-1] == [steady] * 29
    assert steady - 50 < times[-1] < steady


def test_a_cut_fibre_is_silence_until_it_is_mended_and_heard_of() -> None:
    region = Region(AGENTS, until=AFTER)
    pinger = region.ping("left", "right", EVERY, TICKS)
    region.at(1300 * MS, region.hold, "a <-> b")
    region.at(1700 * MS, region.release, "a <-> b")
    region.run(3 * S)
    # Good news travels as slowly as bad: 50 ms to the cores, 200 ms more to the rest.
    assert lost_ticks(pinger.answers) == list(range(31, 96))
    assert [(time, who) for time, who, _ in region.routing] == [
        (1350 * MS, "core-a"),
        (1350 * MS, "core-b"),
        (1550 * MS, "fabric"),
        (1750 * MS, "core-a"),
        (1750 * MS, "core-b"),
        (1950 * MS, "fabric"),
    ]
    assert which(region.lost) == {
        ("core-a -> core-b", Outcome.LINK_DOWN, 8): 5,
        ("core-a", Outcome.UNREACHABLE, 8): 20,
        ("a/r1/tor", Outcome.UNREACHABLE, 8): 40,
    }


def test_a_fibre_cut_one_way_is_used_by_nobody_once_it_is_noticed() -> None:
    """Switches watch both ways: for 50 ms only answers are lost, then nobody sends."""
    region = Region(AGENTS, until=AFTER)
    pinger = region.ping("left", "right", EVERY, TICKS)
    region.at(1300 * MS, region.hold, "b -> a")
    region.at(1700 * MS, region.release, "b -> a")
    region.run(3 * S)
    assert lost_ticks(pinger.answers) == list(range(31, 96))
    assert which(region.lost) == {
        ("core-b -> core-a", Outcome.LINK_DOWN, 0): 5,
        ("core-a", Outcome.UNREACHABLE, 8): 20,
        ("a/r1/tor", Outcome.UNREACHABLE, 8): 40,
    }


# One zone, two racks, two spines.

RACKS = """
plant: {racks: 2, hosts: 1, spines: 2}
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {availability_zone: a, cidr_block: 10.0.1.0/24}
    instances:
      left: {subnet: net, image: agent, frequency: 1 GHz}
      right: {subnet: net, image: agent, frequency: 1 GHz}
"""


def carried(region: Region, spine: str) -> list[int]:
    """Frames on the links of a spine: up and down from the first rack, up and down from the second."""
    fabric = region.world.fabric
    links: list[Direction] = [link for rack in ("a/r1", "a/r2") for link in fabric.links(f"{rack} <-> {spine}")]
    return [link.line.frames for link in links]


def pinging(seed: int) -> tuple[Region, Pinger, str, str]:
    """1,000 pings, one a millisecond, tick n at n + 999.5 ms. 100 are sent; the spines there and back."""
    region = Region(RACKS, seed, until=1000_500_000)
    pinger = region.ping("left", "right", MS, 1000, timeout=20 * MS)
    region.run(1100 * MS)
    loads = {spine: carried(region, spine) for spine in ("spine-a1", "spine-a2")}
    there = next(spine for spine, (up, _, _, _) in loads.items() if up)
    back = next(spine for spine, (_, _, up, _) in loads.items() if up)
    assert (loads[there][0], loads[back][2]) == (100, 100)
    return region, pinger, there, back


OTHER = {"spine-a1": "spine-a2", "spine-a2": "spine-a1"}


def test_another_spine_takes_over_once_the_loss_of_one_is_noticed() -> None:
    """The spine that carries requests and answers dies at 1.3 s, is noticed 50 ms later, and is back at 1.6 s."""
    stages = (pinging(seed) for seed in range(20))
    region, pinger, spine, _ = next(stage for stage in stages if stage[2] == stage[3])
    other = OTHER[spine]
    region.at(1300 * MS, region.hold, spine)
    region.run(1350 * MS)
    assert carried(region, other) == [0, 0, 0, 0]
    region.at(1600 * MS, region.release, spine)
    region.run(1650 * MS)
    # 300 crossed before, 50 were lost, and since then all go the other way.
    assert carried(region, spine) == [300, 300, 300, 300]
    assert carried(region, other) == [300, 300, 300, 300]
    region.run(3 * S)
    assert lost_ticks(pinger.answers) == list(range(301, 351))
    assert which(region.lost) == {(f"a/r1/tor -> {spine}", Outcome.LINK_DOWN, 8): 50}
    # It is used again, without a loss.
    assert (carried(region, spine), carried(region, other)) == ([650] * 4, [300] * 4)
    assert region.routing == [
        (1350 * MS, "core-a", f"stops using {spine}"),
        (1350 * MS, "racks of a", f"stops using {spine}"),
        (1550 * MS, "fabric", f"routes around {spine}"),
        (1650 * MS, "core-a", f"uses {spine} again"),
        (1650 * MS, "racks of a", f"uses {spine} again"),
        (1850 * MS, "fabric", f"routes through {spine} again"),
    ]
    assert len(set(round_trips(pinger.answers)[1:-1])) == 1, "both ways are equally long"


def test_requests_and_answers_are_flows_of_their_own() -> None:
    """Losing the spine of the answers costs answers only."""
    stages = (pinging(seed) for seed in range(20))
    region, pinger, there, back = next(stage for stage in stages if stage[2] != stage[3])
    region.at(1300 * MS, region.hold, back)
    region.run(3 * S)
    assert lost_ticks(pinger.answers) == list(range(301, 351))
    assert which(region.lost) == {(f"a/r2/tor -> {back}", Outcome.LINK_DOWN, 0): 50}
    assert carried(region, there)[:2] == [1000, 650]


def test_a_cut_uplink_is_the_loss_of_a_spine_to_its_rack() -> None:
    """The other rack's switch hears of it only when the fabric has converged, 250 ms after the cut."""
    stages = (pinging(seed) for seed in range(20))
    region, pinger, there, back = next(stage for stage in stages if stage[2] != stage[3])
    region.at(1300 * MS, region.hold, f"{there} <-> a/r2")
    region.run(3 * S)
    assert lost_ticks(pinger.answers) == list(range(301, 551))
    assert which(region.lost) == {
        (f"{there} -> a/r2/tor", Outcome.LINK_DOWN, 8): 50,
        (there, Outcome.UNREACHABLE, 8): 200,
    }
    assert carried(region, back)[0] == 450


def test_two_idle_friends_lose_what_is_in_flight_when_the_fibre_is_cut() -> None:
    """A frame in the fibre at that moment is lost in it, the next one at its door."""
    region = Region(PAIR)
    region.at(region.now + 300_000, region.hold, "a -> b")
    fate = region.post("left", region.udp("left", "right", "in flight"))
    assert fate[:2] == ("core-a -> core-b", Outcome.POWER_LOST)
    fate = region.post("left", region.udp("left", "right", "too late"))
    assert fate[:2] == ("core-a -> core-b", Outcome.LINK_DOWN)
