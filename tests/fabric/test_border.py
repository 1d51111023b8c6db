"""The transit centres: how packets leave the region and come into it, and what is lost when one of the two fails."""

from collections import Counter
from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.fabric.layout import Kind, Layout
from dcsim.topology.plan import Plant
from hypervisor.clock import SEQUENCE_BITS
from netvirt.address import HostId
from netvirt.journey import Outcome
from netvirt.overlay import BORDER, UNDERLAY, host_of, underlay_ip

from .book import IN, OUT, Book, Node, break_things, inward, outward, random_plant, shortest
from .region import MS, Packet, Region, S
from .test_convergence import outcomes, tell


def crossed(region: Region, source: str, target: str, port: int = 1) -> list[str]:
    """What a packet would come by now, with its outcome."""
    a, b = region.host(source), region.host(target)
    path = region.fabric.path(a, b, Packet(a, b, port).flow)
    return [*(leg.name for leg in path.legs), f"{path.outcome.value} at {path.place}"]


def port_via(region: Region, source: str, target: str, part: str) -> int:
    """The first port whose way touches `part` now."""
    return next(port for port in range(1000) if any(part in leg for leg in crossed(region, source, target, port)))


# Against networkx.


def assert_ways(region: Region, graph: "nx.DiGraph[Node]", at: Node, goal: Node, ends: tuple[HostId, HostId]) -> None:
    """At every switch that a packet between these ends may meet, from `at` on."""
    fabric, seen, frontier = region.fabric, {at}, [at]
    while frontier:
        at = frontier.pop()
        expected = shortest(graph, at, goal)
        ways = fabric.border.ways(ends[1]) if at == IN else fabric.switch(fabric.place(at[0])).ways(*ends)
        assert {way.name for way in ways} == {name for name, _ in expected}, f"at {at} to {goal}"
        frontier += sorted(expected - seen - {OUT, goal} - {("transit-1", "out"), ("transit-2", "out")})
        seen |= expected


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_converged_switches_know_exactly_the_shortest_ways_out_and_in(draw: Random) -> None:
    zones, plant = "abcd"[: draw.randint(1, 4)], random_plant(draw)
    region, book = Region(zones, plant), Book(zones, plant)
    down, cut = break_things(draw, region, book)
    for zone in zones:
        for transit in ("transit-1", "transit-2"):
            if draw.random() < 0.4:
                region.hold(f"{zone} <-> {transit}", "more")
                cut.add(frozenset((f"core-{zone}", transit)))
    region.run(until=S)
    outs, ins = outward(book, down, cut), inward(book, down, cut)
    for host in draw.sample(book.hosts, min(8, len(book.hosts))):
        tor, host_id = host.rsplit("/", 1)[0] + "/tor", region.fabric.host_id(host)
        assert_ways(region, ins, IN, (tor, "down"), (BORDER, host_id))
        if not any(place in down for place in book.inside[tor]):
            assert_ways(region, outs, (tor, "up"), OUT, (host_id, BORDER))


# Ways.


def test_a_packet_leaves_over_its_own_zones_core_and_comes_back() -> None:
    region = Region("abc")
    port = port_via(region, "b/r1/h1", "border", "transit-2")
    spine = crossed(region, "b/r1/h1", "border", port)[1].split(" -> ")[1]
    assert crossed(region, "b/r1/h1", "border", port) == [
        "b/r1/h1 -> b/r1/tor",
        f"b/r1/tor -> {spine}",
        f"{spine} -> core-b",
        "core-b -> transit-2",
        "delivered at transit-2",
    ]
    back = port_via(region, "border", "b/r1/h1", "transit-1")
    assert crossed(region, "border", "b/r1/h1", back)[0] == "transit-1 -> core-b"
    assert crossed(region, "border", "b/r1/h1", back)[-1] == "delivered at b/r1/h1"
    assert [link.name for link in region.fabric.all_links()] == ["b/r1/h1 -> b/r1/tor", "b/r1/tor -> b/r1/h1"]


def test_the_way_shown_is_the_way_taken() -> None:
    region = Region("abc")
    for port in range(20):
        for ends in (("a/r1/h1", "border"), ("border", "c/r2/h4")):
            a, b = (region.host(end) for end in ends)
            path = region.fabric.path(a, b, Packet(a, b, port).flow)
            before = {link.name: link.line.frames for link in region.fabric.all_links()}
            sent = region.clock.now
            region.send(Packet(a, b, port, port))
            region.run()
            used = [link.name for link in region.fabric.all_links() if link.line.frames > before.get(link.name, 0)]
            assert sorted(used) == sorted(leg.name for leg in path.legs)
            assert region.received[-1][0] - sent == sum(leg.transit_ns(1000) for leg in path.legs)
            if b == BORDER:
                assert region.left[-1] == (port, path.place)


def test_flows_share_both_centres_each_way() -> None:
    region = Region("ab")
    out = Counter(crossed(region, "a/r1/h1", "border", port)[-1] for port in range(1000))
    back = Counter(crossed(region, "border", "a/r1/h1", port)[0] for port in range(1000))
    assert set(out) == {"delivered at transit-1", "delivered at transit-2"}
    assert set(back) == {"transit-1 -> core-a", "transit-2 -> core-a"}
    # Standard deviation 16: five of them either way.
    assert all(420 < count < 580 for count in (*out.values(), *back.values()))


def test_a_core_without_transit_goes_over_another() -> None:
    region = Region("ab")
    for wire in ("a <-> transit-1", "a -> transit-2"):
        region.hold(wire, "dig")
    region.run(until=S)
    assert crossed(region, "a/r1/h1", "border")[3] == "core-a -> core-b"
    assert crossed(region, "border", "a/r1/h1")[1] == "core-b -> core-a"
    region.hold("a <-> b", "dig")
    region.run(until=2 * S)
    assert crossed(region, "a/r1/h1", "border")[-1] == "no path in the physical network at a/r1/tor"
    assert crossed(region, "border", "a/r1/h1") == ["no path in the physical network at border"]
    assert crossed(region, "border", "b/r1/h1")[-1] == "delivered at b/r1/h1"


def test_zones_do_not_talk_over_the_transit_centres() -> None:
    region = Region("ab")
    region.hold("a <-> b", "dig")
    region.run(until=S)
    assert crossed(region, "a/r1/h1", "b/r1/h1") == [
        "a/r1/h1 -> a/r1/tor",
        "no path in the physical network at a/r1/tor",
    ]


# Failures.


def test_a_dead_centre_costs_what_detection_takes_out_and_in() -> None:
    """Cores and border are both beside it."""
    region = Region("abc")
    out = port_via(region, "a/r1/h1", "border", "transit-1")
    back = port_via(region, "border", "b/r1/h1", "transit-1")
    region.stream("a/r1/h1", "border", out, range(0, 500 * MS, 10 * MS))
    region.stream("border", "b/r1/h1", back, range(5 * MS, 500 * MS, 10 * MS))
    region.run(until=93 * MS)
    region.hold("transit-1", "fire")
    region.run()
    assert [place for _, place, _ in region.lost] == ["transit-1 -> core-b", "core-a -> transit-1"] * 5
    assert {transit for number, transit in region.left if number >= 150 * MS} == {"transit-2"}
    assert len(region.received) == 90
    assert region.conserves()
    assert tell(region) == [
        "143 ms core-a stops using transit-1",
        "143 ms core-b stops using transit-1",
        "143 ms core-c stops using transit-1",
        "143 ms border stops using transit-1",
        "343 ms fabric routes around transit-1",
    ]


def test_a_centre_that_comes_back_is_used_again() -> None:
    region = Region("ab")
    port = port_via(region, "border", "a/r1/h1", "transit-1")
    region.hold("transit-1", "fire")
    region.run(until=S)
    assert crossed(region, "border", "a/r1/h1", port)[0] == "transit-2 -> core-a"
    region.release("transit-1", "fire")
    region.run(until=2 * S)
    assert crossed(region, "border", "a/r1/h1", port)[0] == "transit-1 -> core-a"


def test_a_cut_wire_is_gone_around_until_the_border_hears_of_it() -> None:
    """The centre notices after 50 ms and goes over another zone; after 200 ms more the border takes the other one."""
    region = Region("ab")
    port = port_via(region, "border", "a/r1/h1", "transit-1")
    region.stream("border", "a/r1/h1", port, range(0, 500 * MS, 10 * MS))
    region.run(until=95 * MS)
    region.hold("a <-> transit-1", "dig")
    region.run(until=200 * MS)
    assert crossed(region, "border", "a/r1/h1", port)[:2] == ["transit-1 -> core-b", "core-b -> core-a"]
    region.run()
    assert crossed(region, "border", "a/r1/h1", port)[0] == "transit-2 -> core-a"
    assert outcomes(region) == [
        (0, 90, "delivered"),
        (100, 140, "link down at transit-1 -> core-a"),
        (150, 490, "delivered"),
    ]


def test_a_centre_without_wires_is_avoided_once_the_border_hears_of_it() -> None:
    region = Region("ab")
    port = port_via(region, "border", "a/r1/h1", "transit-1")
    region.stream("border", "a/r1/h1", port, range(0, 500 * MS, 10 * MS))
    region.run(until=95 * MS)
    for zone in "ab":
        region.hold(f"{zone} <-> transit-1", "dig")
    region.run()
    assert outcomes(region) == [
        (0, 90, "delivered"),
        (100, 140, "link down at transit-1 -> core-a"),
        (150, 340, "no path in the physical network at transit-1"),
        (350, 490, "delivered"),
    ]
    assert region.conserves()


def test_a_zone_outage_leaves_the_border_to_the_others() -> None:
    region = Region("abc")
    region.stream("a/r1/h1", "border", 5, range(0, 500 * MS, 10 * MS))
    region.stream("border", "c/r1/h1", 5, range(0, 500 * MS, 10 * MS))
    region.run(until=95 * MS)
    region.hold("zone b", "storm")
    region.run()
    assert (len(region.received), region.lost) == (100, [])
    assert crossed(region, "border", "b/r1/h1") == ["no path in the physical network at border"]
    beside = ("core-a", "core-c", "transit-1", "transit-2")
    assert tell(region)[:4] == [f"145 ms {name} stops using zone b" for name in beside]


def test_packets_for_a_dark_zone_are_lost_ever_further_out() -> None:
    region = Region("ab")
    port = port_via(region, "border", "b/r1/h1", "transit-1")
    region.stream("border", "b/r1/h1", port, range(0, 500 * MS, 10 * MS))
    region.run(until=95 * MS)
    region.hold("zone b", "storm")
    region.run()
    assert outcomes(region) == [
        (0, 90, "delivered"),
        (100, 140, "link down at transit-1 -> core-b"),
        (150, 340, "no path in the physical network at transit-1"),
        (350, 490, "no path in the physical network at border"),
    ]
    assert region.conserves()


def test_both_centres_gone_is_the_end_of_the_internet() -> None:
    region = Region("ab")
    region.host("border")
    for transit in ("transit-1", "transit-2"):
        region.hold(transit, "fire")
    region.run(until=60 * MS)
    assert crossed(region, "border", "a/r1/h1") == ["no path in the physical network at border"]
    assert crossed(region, "a/r1/h1", "border")[-1] == "no path in the physical network at core-a"
    region.send(Packet(BORDER, region.host("a/r1/h1"), 5))
    region.run()
    assert region.lost == [(0, "border", Outcome.UNREACHABLE)]
    assert crossed(region, "a/r1/h1", "border")[-1] == "no path in the physical network at a/r1/tor"
    assert crossed(region, "a/r1/h1", "b/r1/h1")[-1] == "delivered at b/r1/h1"


def test_overlapping_causes_on_a_centre_are_all_waited_for() -> None:
    region = Region("ab")
    (link,) = region.fabric.links("a -> transit-1")
    region.hold("transit-1", "fire")
    region.hold("a <-> transit-1", "dig")
    region.hold("transit-1", "repair")
    region.release("transit-1", "fire")
    assert not link.up
    region.release("transit-1", "repair")
    assert not link.up
    region.release("a <-> transit-1", "dig")
    assert link.up


def test_a_dark_region_takes_its_centres_with_it() -> None:
    region = Region("ab")
    region.host("border")
    region.hold("eu-west-1", "war")
    assert not region.fabric.place("transit-1").up
    region.run(until=60 * MS)
    region.send(Packet(BORDER, HostId(0), 5))
    assert region.lost == [(0, "border", Outcome.UNREACHABLE)]
    assert not region.fabric.place("transit-1").within(region.fabric.place("zone a"))


def test_what_is_under_way_to_a_dying_centre_is_lost_and_counted() -> None:
    region = Region("ab")
    port = port_via(region, "a/r1/h1", "border", "transit-1")
    region.stream("a/r1/h1", "border", port, range(0, MS, 10_000))
    region.run(until=MS)
    region.hold("transit-1", "fire")
    assert region.conserves()
    region.run()
    assert {(place, reason) for _, place, reason in region.lost} >= {("core-a -> transit-1", Outcome.POWER_LOST)}
    assert region.conserves() and region.in_flight == 0


@pytest.mark.parametrize("cuts", [("a <-> c", "b <-> c", "c <-> transit-1"), ("a <-> c", "c <-> transit-1")])
def test_nothing_circles_while_the_cores_disagree(cuts: tuple[str, ...]) -> None:
    """a and b each know their own fibre to c is gone, and each believes in the other's."""
    region = Region("abc")
    port = port_via(region, "border", "c/r1/h1", "transit-1")
    for name in cuts:
        region.hold(name, "dig")
    region.run(until=100 * MS)
    region.stream("border", "c/r1/h1", port, [110 * MS])
    region.run()
    assert not any(link.line.frames for link in region.fabric.links("a <-> b"))
    assert region.conserves()


def test_nothing_circles_on_its_way_out_either() -> None:
    region = Region("abc")
    for transit in ("transit-1", "transit-2"):
        region.hold(f"a <-> {transit}", "dig")
    region.run(until=S)
    for wire in ("b <-> transit-1", "b <-> transit-2", "c <-> transit-1", "c <-> transit-2"):
        region.hold(wire, "dig")
    region.stream("a/r1/h1", "border", 5, [S + 100 * MS])
    region.run()
    assert [place in ("core-b", "core-c") and reason for _, place, reason in region.lost] == [Outcome.UNREACHABLE]
    assert not any(link.line.frames for link in region.fabric.links("b <-> c"))


# Nobody there, nothing made, nothing moved.


def test_without_anybody_at_the_border_packets_for_it_are_dropped_there() -> None:
    region = Region()
    region.send(Packet(region.host("a/r1/h1"), BORDER, 5))
    region.run()
    assert region.lost == [(0, "border", Outcome.UNREACHABLE)]
    region.host("border")
    region.send(Packet(region.host("a/r1/h1"), BORDER, 5))
    region.run()
    assert len(region.left) == 1


def test_a_region_without_internet_makes_no_centre_and_hears_of_none() -> None:
    region = Region("ab")
    region.stream("a/r1/h1", "b/r1/h1", 5, [0])
    region.hold("zone b", "storm")
    region.run()
    assert [switch for _, switch, _ in region.heard] == ["core-a", "fabric"]
    root = region.fabric.place("eu-west-1")
    assert {kind for kind, _ in root.children} == {Kind.ZONE}


def test_the_numbers_of_the_other_wires_are_what_they_were() -> None:
    layout = Layout("eu-west-1", ("a", "b", "c"), Plant())
    cores = [(Kind.CORE, index) for index in range(3)]
    assert layout.first_wire[Kind.CORE] == 24 + 12 + 6
    assert layout.wire(cores[1], cores[2]) == 42 + 3 + 2
    transits = [layout.wire(core, (Kind.TRANSIT, index)) for core in cores for index in range(2)]
    assert transits == list(range(42 + 9, 42 + 9 + 6)) and layout.wires == 57


def test_links_of_a_centre_have_the_same_number_whoever_makes_them() -> None:
    def numbers(order: int) -> dict[str, int]:
        region = Region("abc")
        names = [f"{zone} <-> transit-{number}" for zone in "abc" for number in (1, 2)]
        for name in Random(order).sample(names, 6):
            region.fabric.links(name)
        return {link.name: link.key >> SEQUENCE_BITS for link in region.fabric.all_links()}

    assert numbers(1) == numbers(2)
    assert list(numbers(1).items()) == list(numbers(2).items()), "in structural order"


def test_the_border_has_an_address_of_the_underlay() -> None:
    assert underlay_ip(BORDER) in range(UNDERLAY.network + 1, UNDERLAY.network + (1 << 22) - 1)
    assert underlay_ip(BORDER) == 100 << 24 | 127 << 16 | 255 << 8 | 254
    assert host_of(underlay_ip(BORDER)) == BORDER
