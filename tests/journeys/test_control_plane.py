"""Verbs at run time: each host decides by what it has heard, and hears after the propagation delay, not sooner."""

from dataclasses import replace

import pytest
from scapy.layers.inet import UDP

from dcsim.problem import Refused
from dcsim.request import RunInstances
from dcsim.trace import trace
from dcsim.traffic_spec import TrafficSpec
from netvirt.address import parse_cidr
from netvirt.journey import Outcome

from .lab import FLIGHT, HERE, MS, PAIR, Region, S, allow_udp, revoke_egress

BLOCKED = ("b/r1/h1", Outcome.SECURITY_GROUP)


def arrival_span(region: Region, frame: bytes) -> int:
    """From sending a frame at left to right's switch, which drops it."""
    began = region.now
    fate = region.post("left", frame)
    assert fate[:2] == BLOCKED
    return fate.time - began


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_rule_holds_when_the_news_arrives_to_the_nanosecond(late: int) -> None:
    region = Region(PAIR)
    frame = region.udp("left", "right", "knock", dport=53)
    span = arrival_span(region, frame)
    asked = region.now
    region.call(allow_udp(53, "friends"))
    region.run(asked + region.propagation_ns + late - span)
    fate = region.post("left", frame)
    assert fate[:2] == (BLOCKED if late < 0 else ("right", Outcome.DELIVERED))


def test_the_control_plane_knows_at_once_what_hosts_do_not() -> None:
    region = Region(PAIR)
    region.call(allow_udp(53, "friends"))
    with pytest.raises(Refused) as refused:
        region.call(allow_udp(53, "friends"))
    assert refused.value.problems[0].code == "InvalidPermission.Duplicate"
    assert region.post("left", region.udp("left", "right", dport=53))[:2] == BLOCKED


def test_a_host_without_power_knows_when_it_boots() -> None:
    region = Region(PAIR.replace("friends}", "friends, boot: 0 s}"))
    frame = region.udp("left", "right", "knock", dport=53)
    arrival_span(region, frame)
    region.hold("host b/r1/h1")
    region.call(allow_udp(53, "friends"))
    region.wait(2 * S)
    assert region["right"].host.vswitch.views == {}
    region.release("host b/r1/h1")
    region.wait(50 * MS)
    assert region.post("left", frame)[:2] == ("right", Outcome.DELIVERED)


def test_a_host_that_boots_before_the_news_is_out_hears_it_with_the_others() -> None:
    slow = PAIR.replace("friends}", "friends, boot: 0 s}")
    region = Region("plant: {propagation: 1 s}\n" + slow)
    frame = region.udp("left", "right", "knock", dport=53)
    span = arrival_span(region, frame)
    region.hold("host b/r1/h1")
    asked = region.now
    region.call(allow_udp(53, "friends"))
    region.wait(200 * MS)
    region.release("host b/r1/h1")
    region.wait(100 * MS)
    assert region.post("left", frame)[:2] == BLOCKED
    region.run(asked + S - span - 1)
    assert region.post("left", frame)[:2] == BLOCKED
    assert region.post("left", frame)[:2] == ("right", Outcome.DELIVERED)


def test_a_verb_is_carried_out_while_a_whole_zone_is_dark() -> None:
    """Control plane and data plane fail apart: the hosts of the other zone hear of it in time."""
    region = Region(PAIR + "      third: {subnet: net-a, security_groups: friends}\n")
    region.hold("zone b")
    region.call(allow_udp(53, "friends"))
    region.wait(region.propagation_ns)
    assert region.post("left", region.udp("left", "third", dport=53))[:2] == ("third", Outcome.DELIVERED)


TRACKED = PAIR.replace("udp 9 from friends", "udp 9 from friends, udp 5 from 0.0.0.0/0")


def test_a_tracked_flow_outlives_the_rule_that_let_it_out() -> None:
    region = Region(TRACKED)
    old, new = region.udp("left", "right", "old", sport=1000), region.udp("left", "right", "new", sport=2000)
    assert region.post("left", old).outcome is Outcome.DELIVERED
    region.call(revoke_egress("friends"))
    region.wait(region.propagation_ns)
    assert region.post("left", old)[:2] == ("right", Outcome.DELIVERED)
    assert region.post("left", new)[:2] == ("a/r1/h1", Outcome.SECURITY_GROUP)
    # It lives as long as it talks: after 30 s of silence it is a new flow too.
    region.wait(29 * S)
    assert region.post("left", old)[:2] == ("right", Outcome.DELIVERED)
    region.wait(31 * S)
    assert region.post("left", old)[:2] == ("a/r1/h1", Outcome.SECURITY_GROUP)


OPEN = PAIR.replace("udp 9 from friends", "all from 0.0.0.0/0")


def test_an_untracked_flow_ends_with_its_rule() -> None:
    """Everybody may come in on every port, so what leaves to everywhere is not tracked (EC2 User Guide)."""
    region = Region(OPEN)
    frame = region.udp("left", "right", "old", sport=1000)
    asked = region.now
    assert region.post("left", frame).outcome is Outcome.DELIVERED
    assert region["left"].nic.port.tracker.table == {}
    region.call(revoke_egress("friends"))
    region.run(asked + region.propagation_ns)
    assert region.post("left", frame)[:2] == ("right", Outcome.DELIVERED), "remembered, and right until the news"
    region.wait(FLIGHT)
    assert region.post("left", frame)[:2] == ("a/r1/h1", Outcome.SECURITY_GROUP)


def test_a_power_cut_forgets_tracked_flows() -> None:
    region = Region(TRACKED.replace("friends}", "friends, boot: 0 s}"))
    old = region.udp("left", "right", "old", sport=1000)
    assert region.post("left", old).outcome is Outcome.DELIVERED
    region.call(revoke_egress("friends"))
    region.wait(region.propagation_ns)
    region.hold("host a/r1/h1")
    region.release("host a/r1/h1")
    region.wait(MS)
    assert region.post("left", old)[:2] == ("a/r1/h1", Outcome.SECURITY_GROUP)


STRANGERS = PAIR.replace("    instances:\n", "      strangers: {ingress: udp 9 from strangers}\n    instances:\n")
for stranger, net in (("one", "net-a"), ("two", "net-b")):
    STRANGERS += f"      {stranger}: {{subnet: {net}, security_groups: strangers}}\n"


def remembered(region: Region) -> list[tuple[str, int]]:
    """Decisions to let a guest's flows leave, and to let flows in on its host."""
    guests = [region[name] for name in ("left", "right", "one", "two")]
    return [
        (guest.name, len(guest.nic.port.departures.entries) + len(guest.host.vswitch.arrivals.entries))
        for guest in guests
    ]


def test_a_change_forgets_what_rests_on_it_and_nothing_else() -> None:
    region = Region(STRANGERS)
    for sport in range(1000, 1010):
        for ends in (("left", "right"), ("one", "two")):
            assert region.post(ends[0], region.udp(*ends, sport=sport)).outcome is Outcome.DELIVERED
    all_remembered = [("left", 10), ("right", 10), ("one", 10), ("two", 10)]
    assert remembered(region) == all_remembered
    region.call(allow_udp(53, "friends"))
    region.wait(region.propagation_ns - 1)
    assert remembered(region) == all_remembered, "until the news"
    region.wait(2)
    assert remembered(region) == [("left", 0), ("right", 0), ("one", 10), ("two", 10)]


# An instance at run time.


def late_instance(name: str = "late", **changes: object) -> RunInstances:
    asked = RunInstances(
        vpc="main",
        name=name,
        subnet="net-b",
        security_groups=("friends",),
        image="agent",
        private_ip_address=None,
        source_dest_check=True,
        instance_type="m7i.large",
        frequency_hz=None,
        boot_ns=2 * S,
        mark=HERE,
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def test_an_instance_is_run_boots_and_answers() -> None:
    region = Region(PAIR)
    asked = region.now
    region.call(late_instance())
    late = region["late"]
    assert (late.ip, late.host.name, late.running) == ("10.0.2.5", "b/r2/h1", None)
    region.run(asked + 2 * S)
    assert late.running is None
    region.wait(MS)
    assert late.running is not None
    assert late.running.address == late.placed.interface.address
    region.watch(late)
    assert region.post("left", region.udp("left", "late"))[:2] == ("late", Outcome.DELIVERED)


def test_who_has_not_heard_of_an_instance_has_no_way_to_it() -> None:
    region = Region(PAIR)
    region.call(late_instance())
    region.watch(region["late"])
    early = region.post("left", region.udp("left", "late", "early"))
    assert early[:2] == ("a/r1/h1", Outcome.NO_MAPPING)
    region.wait(region.propagation_ns)
    heard = region.post("left", region.udp("left", "late", "heard"))
    assert heard[:2] == ("late", Outcome.GUEST_DOWN), "it is still booting"


@pytest.mark.parametrize("boot_ns", [0, 50 * MS])
@pytest.mark.parametrize("subnet", ["net-a", "net-b"])
def test_an_instance_that_boots_before_its_host_has_heard_of_it(boot_ns: int, subnet: str) -> None:
    """Its first questions go nowhere; it asks again and comes up."""
    region = Region("plant: {racks: 1, hosts: 1}\n" + PAIR)
    region.call(late_instance(boot_ns=boot_ns, subnet=subnet))
    region.wait(60 * S)
    late = region["late"]
    assert late.running is not None
    assert late.running.address == late.placed.interface.address


def test_a_frame_of_an_instance_that_its_host_has_not_heard_of_is_dropped() -> None:
    region = Region(PAIR)
    region.call(late_instance(image=None, boot_ns=0))
    fate = region.post("late", region.packet("late", "left", UDP(sport=1, dport=9)))
    assert fate[:2] == ("b/r2/h1", Outcome.STALE_MAPPING)
    assert (
        trace(region.world, region["late"], region["left"].placed.interface.address, TrafficSpec(1)).blockers[0].outcome
        is Outcome.STALE_MAPPING
    )


def test_an_instance_on_a_dark_host_boots_when_there_is_power() -> None:
    region = Region("plant: {racks: 1, hosts: 1}\n" + PAIR)
    region.hold("zone b")
    region.call(late_instance(boot_ns=0))
    region.wait(10 * S)
    assert region["late"].running is None
    region.release("zone b")
    region.wait(10 * S)
    assert region["late"].running is not None
    assert region["late"].instance.boots == 1


def test_an_instance_on_a_host_that_is_new_and_dark_waits_for_power_too() -> None:
    """Nobody was on that host when its zone lost power."""
    region = Region(PAIR)
    region.hold("zone b")
    region.call(late_instance(boot_ns=0))
    region.wait(10 * S)
    assert region["late"].running is None
    region.release("zone b")
    region.wait(10 * S)
    assert region["late"].running is not None


def test_a_block_as_peer_reaches_everybody_in_it() -> None:
    region = Region(PAIR)
    region.call(allow_udp(53, parse_cidr("10.0.1.0/24")))
    region.wait(region.propagation_ns)
    assert region.post("left", region.udp("left", "right", dport=53)).outcome is Outcome.DELIVERED
    assert region.post("right", region.udp("right", "left", dport=53))[:2] == ("a/r1/h1", Outcome.SECURITY_GROUP)
