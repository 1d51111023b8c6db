"""From a failure to packets flowing again: 50 ms until the switches beside it notice, 200 ms more for all others."""

from dcsim.topology.plan import Plant
from netvirt.journey import Outcome

from .region import MS, Region, S


def outcomes(region: Region) -> list[tuple[int, int, str]]:
    """What became of the packets, as spans of equal outcome: from (ms), to (ms), outcome and place."""
    ends = {packet.number: "delivered" for _, packet in region.received}
    ends |= {number: f"{reason.value} at {place}" for number, place, reason in region.lost}
    spans: list[tuple[int, int, str]] = []
    for number in sorted(ends):
        if spans and spans[-1][2] == ends[number]:
            spans[-1] = (spans[-1][0], number // MS, ends[number])
        else:
            spans.append((number // MS, number // MS, ends[number]))
    return spans


def tell(region: Region) -> list[str]:
    return [f"{time // MS} ms {switch} {text}" for time, switch, text in region.heard]


def test_a_dead_spine_costs_what_detection_takes() -> None:
    region = Region()
    port = region.port_via("a/r1/h1", "a/r2/h1", "spine-a1")
    region.stream("a/r1/h1", "a/r2/h1", port, range(0, 500 * MS, 10 * MS))
    region.run(until=95 * MS)
    region.hold("spine-a1", "crash")
    region.run()
    assert outcomes(region) == [
        (0, 90, "delivered"),
        (100, 140, "link down at a/r1/tor -> spine-a1"),
        (150, 490, "delivered"),
    ]
    assert tell(region) == [
        "145 ms core-a stops using spine-a1",
        "145 ms racks of a stops using spine-a1",
        "345 ms fabric routes around spine-a1",
    ]


def test_a_cut_far_away_costs_detection_and_convergence() -> None:
    """The spine notices and has no other way down; the rack's switch learns of it 200 ms later."""
    region = Region()
    port = region.port_via("a/r1/h1", "a/r2/h1", "spine-a1")
    region.stream("a/r1/h1", "a/r2/h1", port, range(0, 500 * MS, 10 * MS))
    region.run(until=95 * MS)
    region.hold("spine-a1 <-> a/r2", "dig")
    region.run()
    assert outcomes(region) == [
        (0, 90, "delivered"),
        (100, 140, "link down at spine-a1 -> a/r2/tor"),
        (150, 340, "no path in the physical network at spine-a1"),
        (350, 490, "delivered"),
    ]
    assert tell(region) == [
        "145 ms a/r2/tor stops using a/r2/tor <-> spine-a1",
        "145 ms spine-a1 stops using a/r2/tor <-> spine-a1",
        "345 ms fabric routes around a/r2/tor <-> spine-a1",
    ]
    assert region.conserves()


def test_what_comes_back_is_used_again_after_the_same_time() -> None:
    region = Region()
    port = region.port_via("a/r1/h1", "a/r2/h1", "spine-a1")
    region.hold("spine-a1", "crash")
    region.run(until=S)
    (link,) = region.fabric.links("a/r1 -> spine-a1")
    region.release("spine-a1", "crash")
    region.stream("a/r1/h1", "a/r2/h1", port, range(S, 2 * S, 10 * MS))
    region.run()
    assert len(region.received) == 100
    assert link.line.frames == 95, "the first 50 ms still go the other way"
    assert tell(region)[3:] == [
        "1050 ms core-a uses spine-a1 again",
        "1050 ms racks of a uses spine-a1 again",
        "1250 ms fabric routes through spine-a1 again",
    ]


def test_an_interruption_shorter_than_detection_is_not_noticed() -> None:
    region = Region()
    region.hold("spine-a1", "hiccup")
    region.run(until=49 * MS)
    region.release("spine-a1", "hiccup")
    region.run()
    assert region.heard == []


def test_a_change_of_mind_overtakes_the_news() -> None:
    """Down is noticed, but up is noticed before the rest of the fabric heard of down: it never routes around it."""
    region = Region()
    region.hold("spine-a1", "crash")
    region.run(until=100 * MS)
    region.release("spine-a1", "crash")
    region.run()
    assert [switch for _, switch, _ in region.heard] == ["core-a", "racks of a"] * 2


def test_detection_counts_from_the_last_change() -> None:
    region = Region()
    for time, verb in ((0, region.hold), (10, region.release), (20, region.hold)):
        region.run(until=time * MS)
        verb("spine-a1", "loose plug")
    region.run()
    assert [(time // MS, switch) for time, switch, _ in region.heard] == [
        (70, "core-a"),
        (70, "racks of a"),
        (270, "fabric"),
    ]


def test_convergence_counts_from_the_last_notice() -> None:
    region = Region()
    for time, verb in ((0, region.hold), (60, region.release), (120, region.hold)):
        region.run(until=time * MS)
        verb("spine-a1", "loose plug")
    region.run()
    assert [time // MS for time, switch, _ in region.heard if switch == "core-a"] == [50, 110, 170]
    assert [time // MS for time, switch, _ in region.heard if switch == "fabric"] == [370]


def test_a_second_cause_does_not_restart_detection() -> None:
    region = Region("ab")
    region.hold("a -> b", "dig")
    region.run(until=40 * MS)
    region.hold("b -> a", "dig")
    region.run()
    assert [time for time, switch, _ in region.heard if switch != "fabric"] == [50 * MS, 50 * MS]


def test_a_dark_zone_is_unreachable_once_noticed() -> None:
    region = Region("abc")
    region.stream("a/r1/h1", "b/r1/h1", 5, range(0, 500 * MS, 10 * MS))
    region.run(until=95 * MS)
    region.hold("zone b", "storm")
    region.run()
    assert [span[2] for span in outcomes(region)] == [
        "delivered",
        "link down at core-a -> core-b",
        "no path in the physical network at core-a",
        "no path in the physical network at a/r1/tor",
    ]
    assert tell(region) == [
        "145 ms core-a stops using zone b",
        "145 ms core-c stops using zone b",
        "345 ms fabric routes around zone b",
    ]


def test_a_zone_cut_off_does_not_make_packets_circle() -> None:
    """a and c each know their own fibre to b is gone, and each believes in the other's."""
    region = Region("abc")
    region.stream("a/r1/h1", "b/r1/h1", 5, range(0, 500 * MS, 10 * MS))
    for fibre in ("a <-> b", "b <-> c"):
        region.hold(fibre, "dig")
    region.run()
    assert [(reason, place) for _, place, reason in region.lost[5:25]] == [(Outcome.UNREACHABLE, "core-c")] * 20
    assert region.conserves()


def test_a_dead_host_is_its_own_racks_business() -> None:
    region = Region()
    region.stream("a/r1/h1", "a/r2/h1", 5, range(0, 200 * MS, 10 * MS))
    region.run(until=95 * MS)
    region.hold("a/r2/h1", "crash")
    region.run()
    assert outcomes(region) == [
        (0, 90, "delivered"),
        (100, 140, "link down at a/r2/tor -> a/r2/h1"),
        (150, 190, "no path in the physical network at a/r2/tor"),
    ]
    assert tell(region) == ["145 ms a/r2/tor stops using a/r2/h1"]


def test_one_dead_direction_takes_the_wire_out_of_use() -> None:
    region = Region()
    port = region.port_via("a/r1/h1", "a/r2/h1", "spine-a1")
    region.hold("spine-a1 -> a/r1", "dirty optics")
    region.run(until=S)
    a, b = region.host("a/r1/h1"), region.host("a/r2/h1")
    path = region.fabric.path(a, b, a << 48 | b << 16 | port)
    assert [leg.name for leg in path.legs][1] == "a/r1/tor -> spine-a2"


def test_times_are_the_plants() -> None:
    region = Region(plant=Plant(detection_ns=3 * MS, convergence_ns=0))
    region.hold("a/r1", "fuse")
    region.run()
    assert [(time, switch) for time, switch, _ in region.heard] == [
        (3 * MS, "spine-a1"),
        (3 * MS, "spine-a2"),
        (3 * MS, "fabric"),
    ]
