"""What a region's network does when things happen all at once: nothing is lost from the books."""

from collections import Counter
from itertools import permutations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from dcsim.fabric.layout import Kind
from dcsim.fabric.place import Place
from dcsim.fabric.wire import FIRST_LINK_SOURCE, Direction, Shape, any_of
from dcsim.problem import Mark
from dcsim.topology.plan import Impairment, LinkSetting, Plant
from dcsim.topology.plan import Link as Named
from hypervisor.clock import SEQUENCE_BITS
from netvirt.journey import Outcome

from .region import MS, Packet, Region

ENDS = ("a/r1/h1", "a/r2/h1", "b/r1/h1", "b/r2/h3", "c/r1/h1", "border")


def test_what_is_under_way_when_the_power_goes_is_lost_and_counted() -> None:
    """500 us of fibre hold a packet every 10 us when zone b goes dark: those are lost, and so are all that follow."""
    region = Region()
    region.stream("a/r1/h1", "b/r1/h1", 5, range(0, 2 * MS, 10_000))
    region.run(until=MS)
    assert region.conserves()
    region.hold("zone b", "storm")
    region.run()
    assert Counter((reason, place) for _, place, reason in region.lost) == {
        (Outcome.POWER_LOST, "core-a -> core-b"): 50,
        (Outcome.POWER_LOST, "core-b -> spine-b1"): 1,
        (Outcome.POWER_LOST, "b/r1/tor -> b/r1/h1"): 1,
        (Outcome.LINK_DOWN, "core-a -> core-b"): 101,
    }
    assert len(region.received) == 47
    assert region.conserves()


def test_a_dark_rack_sends_nothing_and_a_lit_one_starts_empty() -> None:
    region = Region()
    region.stream("a/r1/h1", "a/r2/h1", 5, range(0, 30 * MS, 10 * MS))
    region.hold("a/r1", "fuse")
    region.run(until=15 * MS)
    region.release("a/r1", "fuse")
    region.run()
    assert [(number // MS, place) for number, place, _ in region.lost] == [
        (0, "a/r1/h1 -> a/r1/tor"),
        (10, "a/r1/h1 -> a/r1/tor"),
    ]
    assert [packet.number for _, packet in region.received] == [20 * MS]


def test_hosts_hear_of_power_after_the_wires_and_in_structural_order() -> None:
    region = Region()
    seen: list[tuple[str, bool]] = []
    for name in ("b/r2/h1", "b/r1/h2", "b/r1/h1"):
        host = region.fabric.host_id(name)
        uplink = region.fabric.attach(host, lambda packet: None, lambda up: None)
        place = region.fabric.host(host)
        place.on_power = lambda up, name=name, uplink=uplink: seen.append((name, uplink.up))
    region.hold("zone b", "storm")
    region.release("zone b", "storm")
    names = ["b/r1/h1", "b/r1/h2", "b/r2/h1"]
    assert seen == [(name, False) for name in names] + [(name, True) for name in names]


def test_a_packet_for_a_host_that_is_not_there_is_counted() -> None:
    region = Region()
    a, nobody = region.host("a/r1/h1"), region.fabric.host_id("a/r1/h2")
    region.send(Packet(a, nobody, 5))
    region.run()
    assert region.lost == [(0, "a/r1/h2", Outcome.UNREACHABLE)]
    region.host("a/r1/h2")
    region.send(Packet(a, nobody, 5))
    region.run()
    assert len(region.received) == 1


def setting(a: str, b: str, both: bool, impairment: Impairment) -> LinkSetting:
    return LinkSetting(Named(a, b, both), impairment, Mark("x.yaml", 1, 1, 2))


def test_the_files_words_shape_links() -> None:
    region = Region("ab", settings=[setting("a", "b", True, Impairment(delay_ns=300_000, rate_bps=10**10))])
    path = region.fabric.path(region.host("a/r1/h1"), region.host("b/r1/h1"), 5)
    (fibre,) = [leg for leg in path.legs if leg.name == "core-a -> core-b"]
    assert (fibre.delay_ns, fibre.rate_bps) == (300_000, 10**10)


def test_faults_lie_on_top_of_each_other_and_are_lifted_in_any_order() -> None:
    region = Region("ab", settings=[setting("a", "b", False, Impairment(loss_ppb=10, delay_ns=300_000))])
    (link,) = region.fabric.links("a -> b")
    link.impose("gray", Impairment(loss_ppb=150))
    link.impose("slow", Impairment(delay_ns=9_000_000))
    assert link.impairment is not None
    assert (link.impairment.loss_ppb, link.line.delay_ns) == (160, 9_300_000)
    link.lift("gray")
    assert (link.impairment.loss_ppb, link.line.delay_ns) == (10, 9_300_000)
    link.lift("slow")
    assert (link.impairment.loss_ppb, link.line.delay_ns) == (10, 300_000)


def test_faults_add_up_as_netem_does() -> None:
    own = Shape(rate_bps=10**10, delay_ns=300_000, limit_bytes=10**6, jitter_ns=10, loss_ppb=5 * 10**8)
    slow = Impairment(delay_ns=5_000_000, jitter_ns=1_000, rate_bps=10**9, limit_bytes=10**7)
    gray = Impairment(delay_ns=1_000, loss_ppb=5 * 10**8, rate_bps=2 * 10**9, corrupt_ppb=7, limit_bytes=10**5)
    both = Shape(10**9, 5_301_000, 10**5, jitter_ns=1_010, loss_ppb=75 * 10**7, corrupt_ppb=7)
    assert own.under(slow, gray) == own.under(gray, slow) == both
    assert own.under() == own
    assert own.set(gray) == Shape(2 * 10**9, 1_000, 10**5, jitter_ns=10, loss_ppb=5 * 10**8, corrupt_ppb=7)


def test_independent_chances_are_exact_to_the_billionth() -> None:
    billion = 10**9
    assert any_of([]) == any_of([0, 0]) == 0
    assert [any_of([chance, 0]) for chance in (1, 123_456_789, billion - 1, billion)] == [
        1,
        123_456_789,
        billion - 1,
        billion,
    ]
    assert any_of([150_000_000, 200_000_000]) == 320_000_000
    assert any_of([1, 1]) == 2
    assert any_of([billion - 1, billion - 1]) == billion - 1, "nothing is certain that was not"
    assert any_of([billion, 5]) == billion


def test_a_link_impaired_again_does_not_relive_its_first_losses() -> None:
    region = Region("ab")
    (link,) = region.fabric.links("a -> b")
    lost: list[list[int]] = []
    for cause in ("first", "second"):
        link.impose(cause, Impairment(loss_ppb=500_000_000))
        before = len(region.lost)
        for number in range(64):
            link.send(Packet(0, 9, 5, number))
        link.lift(cause)
        lost.append([number for number, *_ in region.lost[before:]])
    assert lost[0] != lost[1]
    assert link.detour is None


def random_part(draw: Random, region: Region) -> Place | Direction:
    fabric = region.fabric
    if draw.random() < 0.5:
        kind = draw.choice(list(Kind)[1:])
        return fabric.places.at(kind, draw.randrange(fabric.layout.counts[kind]))
    return draw.choice(fabric.all_links())


def one_deed(draw: Random, region: Region, held: list[tuple[Place | Direction, str]]) -> None:
    fabric, chance = region.fabric, draw.random()
    if chance < 0.4:
        held.append((random_part(draw, region), f"fault {draw.random()}"))
        fabric.hold(*held[-1])
    elif chance < 0.7 and held:
        fabric.release(*held.pop(draw.randrange(len(held))))
    else:
        bad = Impairment(loss_ppb=10**8, duplicate_ppb=10**8, corrupt_ppb=10**8, reorder_ppb=10**8, jitter_ns=50_000)
        draw.choice(fabric.all_links()).impose("bad", bad)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 1 << 32))
def test_packets_are_conserved_through_any_faults(seed: int) -> None:
    draw = Random(seed)
    plant = Plant(detection_ns=MS, convergence_ns=2 * MS, nic_limit_bytes=5_000)
    region = Region("abc", plant)
    ends = [region.host(name) for name in ENDS]
    for _ in range(200):
        source, target = draw.sample(ends, 2)
        region.send_at(draw.randrange(20 * MS), Packet(source, target, draw.randrange(8)))
    held: list[tuple[Place | Direction, str]] = []
    for time in range(MS, 20 * MS, 2 * MS):
        region.run(until=time)
        assert region.conserves()
        one_deed(draw, region, held)
    region.run()
    assert region.conserves() and region.in_flight == 0
    for part, cause in held:
        region.fabric.release(part, cause)
    region.run()
    assert all(link.up for link in region.fabric.all_links())
    for source, target in permutations(ends, 2):
        ways = region.fabric.path(source, target, Packet(source, target, 1).flow)
        assert ways.outcome is Outcome.DELIVERED, "all is well that ends well"


def test_a_region_of_300_000_hosts_is_made_of_what_is_used() -> None:
    """Counts, not seconds: 3 zones x 100,000 hosts, 100 of them in use, and one zone's power."""
    plant = Plant(datacenters=2, power_domains=4, racks=250, hosts=50, spines=16)
    region = Region("abc", plant)
    fabric = region.fabric
    assert fabric.layout.counts[Kind.HOST] == 300_000
    assert (len(fabric.places), len(fabric.all_links())) == (0, 0)
    names = [f"{zone}/d1/p1/r{rack}/h1" for zone in "ab" for rack in range(1, 51)]
    for name in names:
        region.host(name)
    # A host, its rack and its ToR each; 2 zones, datacenters, power domains; the region.
    assert len(fabric.places) == 3 * 100 + 3 * 2 + 1
    assert len(fabric.all_links()) == 2 * 100
    region.hold("zone b", "storm")
    assert [name for _, name, _ in region.power] == names[50:]
    assert len(fabric.places) == 3 * 100 + 3 * 2 + 1, "what is not used is not touched"


def test_every_link_has_its_own_place_in_the_order() -> None:
    region = Region("abc", Plant(datacenters=2, power_domains=1, racks=2, hosts=2, spines=2))
    layout = region.fabric.layout
    names = [
        f"links into {layout.name(kind, i)}"
        for kind in (Kind.HOST, Kind.TOR, Kind.SPINE, Kind.TRANSIT)
        for i in range(layout.counts[kind])
    ]
    names += [name.replace("into", "out of") for name in names] + ["a <-> b", "a <-> c", "b <-> c"]
    links = [link for name in reversed(names) for link in region.fabric.links(name)]
    ids = [link.key >> SEQUENCE_BITS for link in region.fabric.all_links()]
    assert len(set(map(id, links))) == len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    assert ids[0] == FIRST_LINK_SOURCE and ids[-1] < FIRST_LINK_SOURCE + 2 * layout.wires
