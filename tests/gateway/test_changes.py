"""Gateways over time: made while guests run, and while zones and transit centres fail."""

from collections import Counter
from io import BytesIO

import pytest
from observe.shark import bad_packets, needs_tshark
from scapy.layers.inet import IP

from dcsim.observe.capture import Capture
from dcsim.request import AssociateAddress, CreateInternetGateway, CreateRoute, Request
from netvirt.address import EVERYWHERE, parse_ip
from netvirt.journey import Outcome
from netvirt.overlay import BORDER, INTERNET_VNI, Tunnel

from .lab import HERE, MS, PUBLIC, S, World

CLOSED = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets: {net: {availability_zone: a, cidr_block: 10.0.0.0/24}}
    security_groups: {open: {ingress: [icmp from 0.0.0.0/0, udp 9 from 0.0.0.0/0]}}
    instances: {web: {subnet: net, security_groups: open}}
internet: {instances: [customer, admin]}
"""
"""Nothing leads to the Internet yet."""

GATEWAY = CreateInternetGateway("shop", "igw", mark=HERE)
ROUTE = CreateRoute("shop", "main", EVERYWHERE, "igw", "internet_gateway", mark=HERE)
ADDRESS = AssociateAddress("shop", "web", parse_ip("198.18.0.10"), mark=HERE)


def test_a_gateway_that_is_made_later() -> None:
    """Each verb takes effect when the news is there, on the host and at the border."""
    region = World(CLOSED)
    host = region["web"].host.name
    said = []
    verbs: list[Request] = [GATEWAY, ADDRESS, ROUTE]
    for verb in verbs:
        region.call(verb)
        region.wait(101 * MS)
        said.append((region.asked("customer", "198.18.0.10"), region.asked("web", "198.51.100.10")))
    assert said == [
        # A region without any gateway has no border: the first one brings it.
        ("no such address in the VPC at border", f"no route at {host}"),
        (f"no route at {host}", f"no route at {host}"),
        ("answered", "answered"),
    ]


def test_without_any_gateway_nobody_knows_the_region() -> None:
    region = World(CLOSED)
    assert region.asked("customer", "198.18.0.10") == "no such address in the VPC at border"
    assert region.asked("web", "198.51.100.10") == f"no route at {region['web'].host.name}"


def test_the_border_hears_of_an_address_to_the_nanosecond() -> None:
    """What reaches it one nanosecond earlier finds nobody."""
    region = World(CLOSED)
    for verb in (GATEWAY, ROUTE):
        region.call(verb)
    region.wait(S)
    frame, mark = region.datagram("customer", "198.18.0.10")
    sent = region.now
    region["customer"].send(frame)
    region.wait(100 * MS)
    latency = region.ends(mark)[0].time - sent
    heard = region.now + S
    region.at(heard - region.propagation_ns, region.call, ADDRESS)
    marks = []
    for guest, moment in (("customer", heard - 1), ("admin", heard + 1)):
        frame, mark = region.datagram(guest, "198.18.0.10")
        marks.append(mark)
        region.at(moment - latency, region[guest].send, frame)
    region.wait(2 * S)
    early, late = (region.ends(mark)[0] for mark in marks)
    assert early == ("border", Outcome.NO_MAPPING, heard - 1)
    assert late[:2] == ("web", Outcome.DELIVERED)


def test_another_address_is_used_from_then_on() -> None:
    region = World()
    region.call(AssociateAddress("shop", "web-a", parse_ip("198.18.0.77"), mark=HERE))
    assert region.asked("customer", "198.18.0.10") == "answered", "the news was under way"
    assert region.asked("customer", "198.18.0.10") == "no such address in the VPC at border"
    assert region.asked("customer", "198.18.0.77") == "answered"
    assert region.asked("web-a", "198.51.100.7") == "answered"
    assert region.packets("admin")[-1][1][IP].src == "198.18.0.77"


# Failures


def test_the_internet_reaches_the_other_zone_and_the_dark_one_is_silent() -> None:
    region = World()
    pingers = {}
    for target in ("web-a", "web-b"):
        address = region.world.address_for(region["customer"], region[target])
        pingers[target] = region.pings("customer", address, 100 * MS, 100)
    start = region.now
    region.at(start + 2050 * MS, region.hold, "zone a")
    region.at(start + 4050 * MS, region.release, "zone a")
    region.run(start + 12 * S)
    lost = {
        target: sorted(each.sequence for each in pinger.answers if each.rtt_ns is None)
        for target, pinger in pingers.items()
    }
    assert lost["web-b"] == []
    # Two seconds of darkness and one of booting.
    assert lost["web-a"] == list(range(22, 52))
    dark = range(start + 2050 * MS, start + 5050 * MS)
    assert not any(each.time in dark for each in region.seen if each.guest in ("web-a", "bare", "given", "app"))
    assert any(each.time in dark for each in region.seen if each.guest == "web-b")
    # Detected, told to the border, and powered while the guest boots.
    places = Counter((each.place, each.reason) for each in region.lost)
    assert {place for place, _ in places} <= {
        "transit-1 -> core-a",
        "transit-2 -> core-a",
        "transit-1",
        "transit-2",
        "border",
        "web-a",
    }
    assert places["border", Outcome.UNREACHABLE] >= 15
    assert region.world.unaccounted == 0


@pytest.mark.parametrize("transit", ["transit-1", "transit-2"])
def test_a_transit_centre_is_missed_only_until_the_routing_knows(transit: str) -> None:
    """Flows that go the other way lose nothing; the others, from the cut until it is noticed."""
    region = World()
    cut = region.now + 305 * MS
    marks: dict[int, list[tuple[int, bytes]]] = {}
    for tick in range(80):
        moment = region.now + 10 * MS
        for sport in range(5000, 5016):
            frame, mark = region.datagram("customer", PUBLIC["web-b"], sport=sport)
            marks.setdefault(sport, []).append((moment + 20 * MS, mark))
            region["customer"].send(frame)
        region.run(moment)
        if tick == 29:
            via = {sport: through(region, sport) for sport in marks}
            region.at(cut, region.hold, transit)
    region.wait(S)
    assert set(via.values()) == {"transit-1", "transit-2"}
    for sport, sent in marks.items():
        lost = [moment for moment, mark in sent if region.ends(mark)[0].outcome is not Outcome.DELIVERED]
        if via[sport] != transit:
            assert lost == []
        else:
            assert len(lost) >= 5
            assert cut - 20 * MS < lost[0] and lost[-1] < cut + 260 * MS
    assert region.world.unaccounted == 0


def through(region: World, sport: int) -> str:
    """The centre by which such datagrams come in."""
    guest = region["web-b"]
    flow = region.traced_flow("customer", guest.placed.interface.address, sport)
    tunnel = Tunnel(BORDER, guest.host.id, INTERNET_VNI, 0, flow.key)
    return region.world.outside.path(BORDER, guest.host.id, tunnel.flow).legs[0].name.partition(" -> ")[0]


def test_both_centres_gone_is_the_end_of_the_internet() -> None:
    region = World()
    for transit in ("transit-1", "transit-2"):
        region.hold(transit)
    region.wait(S)
    assert region.asked("customer", PUBLIC["web-a"]).startswith("no path in the physical network at border")
    traced = region.traced("web-a", "198.51.100.7")
    assert traced.forward.outcome is Outcome.UNREACHABLE
    assert region.fate("web-a", "198.51.100.7").outcome is Outcome.UNREACHABLE
    assert region.asked("web-a", "10.1.0.4") == "answered", "the region itself goes on"
    for transit in ("transit-1", "transit-2"):
        region.release(transit)
    region.wait(S)
    assert region.asked("customer", PUBLIC["web-a"]) == "answered"


# The same again


def story(seed: int) -> bytes:
    """Everything that was on any wire while all ask all, and a zone goes dark."""
    region, file = World(seed=seed), BytesIO()
    capture = Capture(region.world, file, "all", [])
    for source, address in [
        ("customer", "198.18.0.10"),
        ("web-a", "198.51.100.7"),
        ("web-a", "198.18.0.11"),
        ("web-b", "10.1.0.4"),
        ("db", "198.18.0.10"),
        ("bare", "198.51.100.7"),
    ]:
        region.fate(source, address)
        region.asked(source, address)
    region.hold("zone a")
    region.fate("customer", "198.18.0.10")
    region.release("zone a")
    region.wait(3 * S)
    region.asked("customer", "198.18.0.10")
    capture.close()
    return file.getvalue()


def test_the_same_seed_gives_the_same_bytes() -> None:
    once, again, other = story(1), story(1), story(2)
    assert once == again
    assert len(once) > 20_000
    assert once != other


@needs_tshark
def test_wireshark_finds_nothing_wrong() -> None:
    assert bad_packets(story(1)) == []
