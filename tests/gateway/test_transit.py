"""Through a transit gateway, live and traced: zones, tables, appliance mode, what it carries and what it does not."""

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.packet import Raw

from dcsim.problem import Refused
from dcsim.topology.expand import expanded
from dcsim.topology.load import plan_of
from dcsim.transit_request import CreateTransitGatewayRoute
from dcsim.world import build
from netvirt.address import parse_cidr
from netvirt.journey import Outcome
from netvirt.mtu import TRANSIT_MTU_BYTES

from .lab import HERE, MS, World
from .test_internet import checksums_are_right, ends

HUB = """
vpcs:
  shop:
    cidr_block: 10.1.0.0/16
    subnets:
      app: {per_zone: true, cidr_block: 10.1.0.0/24, route_table: out}
      tgw: {per_zone: true, cidr_block: 10.1.9.0/28, network_acl: doors}
    route_tables: {out: {routes: {10.0.0.0/8: core}}}
    network_acls:
      doors: {ingress: [90 deny udp 7 from 0.0.0.0/0, 100 allow all from 0.0.0.0/0], egress: [90 deny udp 8 to 0.0.0.0/0, 100 allow all to 0.0.0.0/0]}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances: {shop: {per_zone: true, subnet: app, security_groups: open}}
  data:
    cidr_block: 10.2.0.0/16
    subnets:
      cache: {per_zone: true, cidr_block: 10.2.0.0/24, route_table: out}
      tgw: {per_zone: true, cidr_block: 10.2.9.0/28, network_acl: doors}
    route_tables: {out: {routes: {10.0.0.0/8: core}}}
    network_acls:
      doors: {ingress: [90 deny udp 6 from 0.0.0.0/0, 100 allow all from 0.0.0.0/0], egress: [90 deny udp 5 to 0.0.0.0/0, 100 allow all to 0.0.0.0/0]}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances: {data: {per_zone: true, subnet: cache, security_groups: open}}
  half:
    cidr_block: 10.3.0.0/16
    subnets:
      net: {per_zone: true, cidr_block: 10.3.0.0/24, route_table: out}
      tgw: {availability_zone: b, cidr_block: 10.3.9.0/28}
    route_tables: {out: {routes: {10.0.0.0/8: core}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances: {half: {per_zone: true, subnet: net, security_groups: open}}
  loner:
    cidr_block: 10.4.0.0/16
    subnets:
      net: {availability_zone: a, cidr_block: 10.4.0.0/24, route_table: out}
    route_tables: {out: {routes: {10.0.0.0/8: core}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances: {loner: {subnet: net, security_groups: open}}
transit_gateways:
  core:
    attachments:
      shop: {vpc: shop, subnets: tgw}
      data: {vpc: data, subnets: tgw}
      half: {vpc: half, subnets: tgw}
      loner: {vpc: loner, subnets: net}
    route_tables:
      main: {associations: [shop, data, half], propagations: [shop, data, half], routes: {10.2.7.0/24: blackhole, 10.8.0.0/16: data}}
"""
"""`half` is attached in zone b only; `loner` is associated with no table."""


@pytest.fixture
def region() -> World:
    return World(HUB)


def place(fate: object) -> tuple[str, Outcome]:
    return fate[:2]  # type: ignore[index, no-any-return]


@pytest.mark.parametrize("sender, receiver", [("shop-a", "data-a"), ("shop-a", "data-b"), ("half-b", "shop-a")])
def test_attached_vpcs_speak(region: World, sender: str, receiver: str) -> None:
    address = region[receiver].ip
    assert region.asked(sender, address) == "answered"
    came = region.came(receiver)
    # Untranslated, its checksum right, and one router nearer to its end.
    assert ends(came) == (region[sender].ip, address)
    assert checksums_are_right(came) and came[IP].ttl == 63
    traced = region.traced(sender, address)
    assert [hop.kind for hop in traced.forward.hops].count("tgw") == 1
    assert traced.reachable


def test_traffic_stays_in_its_zone_until_the_last_vpc(region: World) -> None:
    """There by zone a's doors of both VPCs, and back, where it began in zone b, by zone b's."""
    assert region.asked("shop-a", region["data-b"].ip) == "answered"
    sent = {name: node.nic.sent for (_, name), node in region.world.appliances.items()}
    used = {name for name, frames in sent.items() if frames}
    assert used == {"core-shop-a", "core-data-a", "core-shop-b", "core-data-b"}
    assert {sent[name] for name in used} == {1}


@pytest.mark.parametrize(
    "port, at, kind", [(7, "shop", "ingress"), (6, None, ""), (5, "data", "egress"), (8, None, "")]
)
def test_the_acls_of_its_subnets_are_asked(region: World, port: int, at: str | None, kind: str) -> None:
    """Into the gateway by the sender's side, out of it by the receiver's; each in the packet's own direction."""
    mark = b"to port %d" % port
    lost = len(region.lost)
    packet = region.to("shop-a", region["data-a"].ip, UDP(sport=4000, dport=port) / Raw(mark))
    region["shop-a"].send(packet)
    region.wait(10 * MS)
    (end,) = region.ends(mark, lost)
    if at is None:
        assert place(end) == ("data-a", Outcome.DELIVERED)
    else:
        door = region.world.appliances[at, f"core-{at}-a"]
        assert place(end) == (door.host.name, Outcome.NETWORK_ACL)
    traced = region.traced("shop-a", region["data-a"].ip)
    assert traced.reachable


def test_a_zone_without_an_interface_has_no_way(region: World) -> None:
    host = region["half-a"].host.name
    assert place(region.fate("half-a", region["data-a"].ip)) == (host, Outcome.GATEWAY)
    traced = region.traced("half-a", region["data-a"].ip)
    assert [hop.code for hop in traced.blockers] == ["TGW_ROUTE_AZ_RESTRICTION"]
    # What comes for it comes by zone b.
    assert place(region.fate("data-a", region["half-a"].ip)) == ("half-a", Outcome.DELIVERED)


@pytest.mark.parametrize("sender, address, outcome, code", [
    ("shop-a", "10.2.7.9", Outcome.BLACKHOLE, "TGW_RTB_BAD_STATE_ROUTE"),
    ("shop-a", "10.7.0.9", Outcome.NO_ROUTE, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"),
    ("loner", "10.2.0.4", Outcome.GATEWAY, "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"),
    ("shop-a", "10.2.0.99", Outcome.NO_MAPPING, "NO_POSSIBLE_DESTINATION"),
    ("shop-a", "10.2.0.2", Outcome.NO_MAPPING, "NO_POSSIBLE_DESTINATION"),
])  # fmt: skip
def test_what_its_tables_refuse(region: World, sender: str, address: str, outcome: Outcome, code: str) -> None:
    assert region.fate(sender, address).outcome is outcome
    assert [hop.code for hop in region.traced(sender, address).blockers] == [code]


def test_a_route_that_comes_back_goes_in_circles_until_its_time_is_over(region: World) -> None:
    """10.8.0.0/16 leads to data, whose own table leads it back: AWS warns of such routes."""
    text = HUB.replace(
        "tgw: {per_zone: true, cidr_block: 10.2.9.0/28, network_acl: doors}",
        "tgw: {per_zone: true, cidr_block: 10.2.9.0/28, route_table: out}",
    )
    round_and_round = World(text)
    assert round_and_round.fate("shop-a", "10.8.0.9").outcome is Outcome.TTL_EXPIRED
    assert round_and_round.traced("shop-a", "10.8.0.9").forward.outcome is Outcome.TTL_EXPIRED


def test_it_carries_8500_octets_and_is_silent_about_what_may_be_cut(region: World) -> None:
    most = TRANSIT_MTU_BYTES.value
    assert region.fate("shop-a", region["data-a"].ip, size=most).outcome is Outcome.DELIVERED
    end = region.fate("shop-a", region["data-a"].ip, size=most + 1)
    assert place(end) == ("core-shop-a", Outcome.OVERSIZE)
    errors = [packet for _, packet in region.packets("shop-a") if packet[IP].proto == 1]
    assert {packet[ICMP].code for packet in errors} == {3}  # nobody listens; nobody says "fragmentation needed"


def test_nobody_but_its_own_interfaces_uses_the_backplane(region: World) -> None:
    packet = region.to("shop-a", region["data-a"].ip, UDP(sport=1, dport=9) / Raw(b"sneaking"))
    packet.dst = "0a:fe:00:00:00:01"
    lost = len(region.lost)
    region["shop-a"].send(packet)
    region.wait(10 * MS)
    assert [end.outcome for end in region.ends(b"sneaking", lost)] == [Outcome.UNKNOWN_MAC]
    packet.dst = packet.src
    packet.src = "0a:fe:00:00:00:01"
    region["shop-a"].send(packet)
    region.wait(10 * MS)
    assert region.ends(b"sneaking", lost)[-1].outcome is Outcome.SPOOFED


def test_a_dark_zone_takes_its_interfaces_along(region: World) -> None:
    """Without zone b, half cannot be reached at all: its only door stood there."""
    assert region.fate("shop-a", region["half-a"].ip).outcome is Outcome.DELIVERED
    region.hold("zone b")
    assert region.fate("shop-a", region["data-a"].ip).outcome is Outcome.DELIVERED
    assert region.fate("shop-a", region["half-a"].ip).outcome is not Outcome.DELIVERED
    region.release("zone b")
    region.wait(5_000 * MS)
    assert region.fate("shop-a", region["half-a"].ip).outcome is Outcome.DELIVERED


def test_a_route_at_run_time_acts_when_hosts_have_heard_of_it(region: World) -> None:
    assert region.fate("shop-a", region["data-a"].ip).outcome is Outcome.DELIVERED
    region.world.call(CreateTransitGatewayRoute("core", "main", parse_cidr("10.2.0.0/24"), None, mark=HERE))
    region.wait(2_000 * MS)
    assert region.fate("shop-a", region["data-a"].ip).outcome is Outcome.BLACKHOLE
    assert region.fate("shop-a", region["data-b"].ip).outcome is Outcome.DELIVERED


def test_flows_over_it_are_tracked_whatever_the_rules(region: World) -> None:
    """Open to all, both ways: inside a VPC that leaves no record."""
    tracked = {name: region[name].nic.port.tracker.table for name in ("shop-a", "shop-b", "data-a")}
    assert region.fate("shop-a", region["shop-b"].ip).outcome is Outcome.DELIVERED
    assert not any(key[0] == 17 for table in tracked.values() for key in table)
    assert region.fate("shop-a", region["data-a"].ip).outcome is Outcome.DELIVERED
    assert {name: sum(key[0] == 17 for key in table) for name, table in tracked.items()} == {
        "shop-a": 2,  # under its own key and its answer's
        "shop-b": 0,
        "data-a": 2,
    }


APPLIANCE = HUB.replace("loner: {vpc: loner, subnets: net}", "loner: {vpc: loner, subnets: net}\n      eye: {vpc: eye, subnets: tgw, appliance_mode_support: enable}").replace(
    "main: {associations: [shop, data, half], propagations: [shop, data, half], routes: {10.2.7.0/24: blackhole, 10.8.0.0/16: data}}",
    "spokes: {associations: [shop, data], routes: {10.0.0.0/8: eye}}\n      hub: {associations: eye, propagations: [shop, data]}",
).replace("transit_gateways:", """\
  eye:
    cidr_block: 10.9.0.0/16
    subnets:
      tgw: {per_zone: true, cidr_block: 10.9.0.0/28, route_table: inspect}
      fw: {per_zone: true, cidr_block: 10.9.1.0/24}
    route_tables: {inspect: {per_zone: true, routes: {10.0.0.0/8: fw}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances: {fw: {per_zone: true, subnet: fw, security_groups: open, source_dest_check: false}}
transit_gateways:""")  # fmt: skip


@pytest.mark.parametrize("mode, same", [("enable", True), ("disable", False)])
def test_in_appliance_mode_both_directions_meet_one_appliance(mode: str, same: bool) -> None:
    """Between zones: without it, each direction stays in the zone where it began."""
    region = World(APPLIANCE.replace("appliance_mode_support: enable", f"appliance_mode_support: {mode}"))
    firewalls = set()
    for sport in range(4000, 4016):
        there = region.fate("shop-a", region["data-b"].ip, sport=sport).place
        answer = region.to("data-b", region["shop-a"].ip, UDP(sport=9, dport=sport) / Raw(b"answer %d" % sport))
        region["data-b"].send(answer)
        region.wait(10 * MS)
        (back,) = region.ends(b"answer %d" % sport)
        assert {there, back.place} <= {"fw-a", "fw-b"}
        assert (there == back.place) is same
        firewalls.add(there)
    assert firewalls == ({"fw-a", "fw-b"} if same else {"fw-a"})


def test_a_router_between_them_passes_everything_on() -> None:
    """In appliance mode a conversation between zones goes through it, there and back; without, its answers are lost."""
    text = APPLIANCE.replace("source_dest_check: false}", "source_dest_check: false, image: router}").replace(
        "fw: {per_zone: true, cidr_block: 10.9.1.0/24}",
        "fw: {per_zone: true, cidr_block: 10.9.1.0/24, route_table: home}",
    ).replace("route_tables: {inspect: {per_zone: true", "route_tables: {home: {routes: {10.0.0.0/8: core}}, inspect: {per_zone: true")  # fmt: skip
    region = World(text)
    assert region.asked("shop-a", region["data-b"].ip) == "answered"
    came = region.came("data-b")
    assert checksums_are_right(came) and came[IP].ttl == 64 - 3
    assert region.traced("shop-a", region["data-b"].ip).reachable
    # It answers for itself, too.
    assert region.asked("shop-a", region["fw-a"].ip) == "answered"
    assert region.traced("shop-a", region["fw-a"].ip, protocol=1).reachable


@pytest.mark.parametrize("old, new, said", [
    ("shop: {vpc: shop, subnets: tgw}", "shop: {vpc: shop, subnets: [tgw, app-a]}", "DuplicateSubnetsInSameZone tgw-a and app-a are both in zone a"),
    ("shop: {vpc: shop, subnets: tgw}", "shop: {vpc: shop, subnets: tgw}\n      twin: {vpc: shop, subnets: tgw}", "DuplicateTransitGatewayAttachment shop is attached to core already"),
    ("shop: {vpc: shop, subnets: tgw}", "shop: {vpc: shop, subnets: []}", "MissingParameter shop has no subnet"),
    ("shop: {vpc: shop, subnets: tgw}", "shop: {vpc: show, subnets: tgw}", " no vpc 'show'"),
    ("shop: {vpc: shop, subnets: tgw}", "shop: {vpc: shop, subnets: tgx}", " no subnet 'tgx'"),
    ("associations: [shop, data, half]", "associations: [shop, data, hall]", " no attachment 'hall'"),
    ("10.8.0.0/16: data}", "10.8.0.0/16: date}", " no attachment 'date'"),
    ("10.8.0.0/16: data}", "10.8.0.0: data}", " '10.8.0.0' is not an IPv4 block"),
    ("main: {associations", "more: {associations: shop}\n      main: {associations", "Resource.AlreadyAssociated shop is associated with more already"),
    ("      half: {vpc: half, subnets: tgw}\n", "", " half cannot route through core"),
])  # fmt: skip
def test_gateways_that_cannot_be(old: str, new: str, said: str) -> None:
    text = HUB.replace(old, new)
    if "half" in said:
        text = text.replace(", half]", "]")
    with pytest.raises(Refused) as caught:
        build(plan_of(f"version: 1\nregion: eu-west-1\nzones: [a, b]\n{text}".encode(), "a.yaml", "a"))
    assert said in [f"{each.code or ''} {each.message}" for each in caught.value.problems]


def test_written_out_it_is_the_same() -> None:
    for text in (HUB, APPLIANCE):
        plan = plan_of(f"version: 1\nregion: eu-west-1\nzones: [a, b]\n{text}".encode(), "a.yaml", "a")
        assert plan_of(expanded(plan).encode(), "b.yaml", "a").requests == plan.requests


def test_without_tables_of_its_own_everybody_reaches_everybody() -> None:
    head, _, _ = HUB.partition("    route_tables:\n      main: {associations")
    region = World(head)
    assert region.asked("loner", region["data-b"].ip) == "answered"
    assert region.traced("loner", region["data-b"].ip).reachable
