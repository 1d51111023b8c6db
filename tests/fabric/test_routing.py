"""Next hops against networkx: shortest paths in a graph whose nodes are switches on their way up or down."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.fabric.place import Place
from dcsim.fabric.wire import Direction
from dcsim.topology.plan import Plant
from hypervisor.link import Link, OnWire
from netvirt.address import HostId

from .book import Book, Node, break_things, random_plant
from .region import MS, Packet, Region, S


def assert_same_ways(region: Region, book: Book, graph: Any, source: str, goal: str) -> None:
    """At every switch that a packet from `source` to `goal` may meet."""
    fabric = region.fabric
    source_id, goal_id = fabric.host_id(source), fabric.host_id(goal)
    seen: set[Node] = set()
    tor = next(upper for lower, upper in book.wires if lower == source)
    frontier: list[Node] = [(tor, "up")]
    while frontier:
        at = frontier.pop()
        expected = book.next_hops(graph, at, goal)
        ways = fabric.switch(fabric.place(at[0])).ways(source_id, goal_id)
        assert {way.name for way in ways} == {name for name, _ in expected}, f"at {at} from {source} to {goal}"
        frontier += [node for node in sorted(expected) if node not in seen and book.level[node[0]] != "host"]
        seen |= expected


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_converged_switches_know_exactly_the_shortest_ways(draw: Random) -> None:
    zones, plant = "abcd"[: draw.randint(1, 4)], random_plant(draw)
    region, book = Region(zones, plant), Book(zones, plant)
    down, cut = break_things(draw, region, book)
    region.run(until=S)
    alive = [host for host in book.hosts if not any(place in down for place in book.inside[host])]
    if not alive:
        return
    for _ in range(5):
        source, goal = draw.choice(alive), draw.choice(book.hosts)
        graph = book.graph(goal, down, cut)
        if not any(place in down for place in book.inside[source.rsplit("/", 1)[0] + "/tor"]):
            assert_same_ways(region, book, graph, source, goal)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_what_is_repaired_is_as_if_it_had_never_failed(draw: Random) -> None:
    plant = random_plant(draw)
    region, book = Region("abc", plant), Book("abc", plant)
    down, _ = break_things(draw, region, book)
    region.run(until=S)
    held: list[Place | Direction] = [region.fabric.place(name) for name in sorted(down)]
    held += [link for link in region.fabric.all_links() if link.causes]
    for part in held:
        for cause in list(part.causes):
            region.fabric.release(part, cause)
    region.run(until=2 * S)
    graph = book.graph(book.hosts[-1], set(), set())
    assert_same_ways(region, book, graph, book.hosts[0], book.hosts[-1])


def test_a_cut_between_two_zones_goes_around_through_the_third() -> None:
    region = Region("abc")
    a, b = region.host("a/r1/h1"), region.host("b/r1/h1")
    region.hold("a <-> b", "dig")
    region.run(until=S)
    path = region.fabric.path(a, b, Packet(a, b, 1).flow)
    cores = [leg.name for leg in path.legs if leg.name.startswith("core") and "-> core" in leg.name]
    assert cores == ["core-a -> core-c", "core-c -> core-b"]


def test_the_path_shown_is_the_path_taken() -> None:
    region = Region("abc")
    a, b = region.host("a/r1/h1"), region.host("c/r2/h4")
    crossed: list[str] = []

    def see(link: Link, frame: OnWire) -> None:
        crossed.append(link.name)

    for port in range(20):
        packet = Packet(a, b, port, port)
        path = region.fabric.path(a, b, packet.flow)
        for leg in path.legs:
            region.fabric.links(leg.name)[0].tap(see)
        sent = region.clock.now
        region.send(packet)
        region.run()
        assert crossed == [leg.name for leg in path.legs]
        assert region.received[-1][0] - sent == sum(leg.transit_ns(packet.size) for leg in path.legs)
        crossed.clear()
        for link in region.fabric.all_links():
            link.untap(see)


def test_asking_for_a_path_makes_no_link() -> None:
    region = Region()
    region.fabric.path(HostId(0), HostId(9), 5)
    assert region.fabric.all_links() == []


def test_equal_ways_share_the_flows_and_switches_choose_independently() -> None:
    """16 spines on each side: whichever spine a flow takes up, all spines are equally likely on its way down."""
    region = Region(plant=Plant(spines=16))
    a, b = HostId(0), HostId(9)
    tor, core = (
        region.fabric.switch(region.fabric.place("a/r1/tor")),
        region.fabric.switch(region.fabric.place("core-b")),
    )
    counts: dict[tuple[str, str], int] = {}
    flows = 64_000
    for port in range(flows):
        flow = Packet(a, b, port % 65536).flow
        up, down = tor.next_hop(flow, a, b), core.next_hop(flow, a, b)
        assert up is not None and down is not None
        counts[up.name, down.name] = counts.get((up.name, down.name), 0) + 1
    assert len(counts) == 256
    # 250 expected in each pair, standard deviation 16: five of them either way.
    assert all(170 < count < 330 for count in counts.values()), sorted(counts.values())


def test_one_flow_stays_on_one_path() -> None:
    region = Region(plant=Plant(spines=16))
    region.stream("a/r1/h1", "b/r2/h1", 77, range(0, 100 * MS, MS))
    region.run()
    used = [link.name for link in region.fabric.all_links() if link.line.frames]
    assert len(used) == 7
    assert len(region.received) == 100
