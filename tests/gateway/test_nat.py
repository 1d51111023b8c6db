"""Through NAT gateways, live and traced: addresses and ports, who may use them, power, and what they count."""

from typing import Any

import pytest
from journeys.lab import HEAD
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from dcsim import build
from dcsim.problem import Refused
from dcsim.request import CreateNatGateway, DeleteNatGateway, ReplaceRoute
from dcsim.topology.load import plan_of
from dcsim.world import Node
from netvirt.address import EVERYWHERE, format_ip
from netvirt.appliance.nat import Nat
from netvirt.journey import Outcome

from .lab import ABROAD, HERE, MS, S, World
from .test_internet import checksums_are_right, ends

PRIVATE = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      public: {per_zone: true, cidr_block: 10.0.0.0/24, route_table: public, network_acl: edge}
      private: {per_zone: true, cidr_block: 10.0.10.0/24, route_table: private}
      walled: {availability_zone: a, cidr_block: 10.0.20.0/24, route_table: walled}
      walls: {availability_zone: a, cidr_block: 10.0.21.0/24}
    route_tables:
      public: {routes: {0.0.0.0/0: igw}}
      private: {per_zone: true, routes: {0.0.0.0/0: nat}}
      walled: {routes: {0.0.0.0/0: inner, 10.0.10.0/24: inner}}
    nat_gateways:
      nat: {per_zone: true, subnet: public}
      inner: {subnet: walls, connectivity_type: private}
    network_acls:
      edge: {ingress: [100 deny tcp 7 from 10.0.0.0/8, 110 allow all from 0.0.0.0/0], egress: 100 allow all to 0.0.0.0/0}
    security_groups:
      shy: {ingress: icmp from 10.0.21.0/24}
    instances:
      app: {per_zone: true, subnet: private, security_groups: shy}
      twin: {subnet: private-a, security_groups: shy}
      walled: {subnet: walled, security_groups: shy}
internet:
  delay: 20 ms
  instances: {customer: {}, admin: {ip_address: 198.51.100.7}}
"""
"""`nat-a` and `nat-b` lead to the Internet, `inner` only to other subnets. Nobody is let in but by `inner`."""

ADMIN = "198.51.100.7"


@pytest.fixture
def region() -> World:
    return World(PRIVATE)


def appliance(region: World, name: str) -> Node:
    return region.world.appliances["shop", name]


def nat(region: World, name: str) -> Nat:
    engine = appliance(region, name).engine
    assert isinstance(engine, Nat)
    return engine


def public(region: World, name: str) -> str:
    placed = appliance(region, name).placed
    return format_ip(placed.vpc.public[placed.interface.address])


def tcp(region: World, sender: str, address: str, flags: str, **fields: Any) -> None:
    region[sender].send(region.to(sender, address, TCP(**{"sport": 4000, "dport": 443, "flags": flags, **fields})))
    region.wait(ABROAD)


# There and back


def test_a_ping_goes_out_by_the_gateways_address_and_its_answer_comes_back(region: World) -> None:
    assert region.asked("app-a", ADMIN) == "answered"
    asked, answer = region.came("admin"), region.came("app-a")
    assert ends(asked) == (public(region, "nat-a"), ADMIN)
    assert ends(answer) == (ADMIN, region["app-a"].ip)
    assert checksums_are_right(asked) and checksums_are_right(answer)
    assert (asked[IP].ttl, asked[ICMP].id >= 1024) == (63, True)


def test_two_behind_one_gateway_are_told_apart_by_port(region: World) -> None:
    for guest in ("app-a", "twin"):
        frame, _ = region.datagram(guest, ADMIN)
        region[guest].send(frame)
    region.wait(ABROAD)
    came = sorted((packet for _, packet in region.packets("admin")), key=lambda packet: bytes(packet[UDP].payload))
    assert {ends(packet)[0] for packet in came} == {public(region, "nat-a")}
    ports = [packet[UDP].sport for packet in came]
    assert len(set(ports)) == 2 and min(ports) >= 1024 and all(map(checksums_are_right, came))
    for packet in came:
        answer = UDP(sport=9, dport=packet[UDP].sport) / Raw(b"to %d" % packet[UDP].sport)
        region["admin"].send(region.to("admin", packet[IP].src, answer))
    region.wait(ABROAD)
    assert [region.came(guest)[UDP].dport for guest in ("app-a", "twin")] == [4000, 4000]
    payloads = [bytes(region.came(guest)[UDP].payload) for guest in ("app-a", "twin")]
    assert payloads == [b"to %d" % port for port in ports]


def test_the_internet_cannot_begin(region: World) -> None:
    """Nothing of its own listens at any port, and it answers no pings."""
    end = region.fate("admin", public(region, "nat-a"))
    assert (end.place, end.outcome) == ("nat-a", Outcome.NO_TRANSLATION)
    assert region.asked("admin", public(region, "nat-a")) == "no translation at nat-a"
    assert region.asked("app-a", "10.0.0.4") == "no translation at nat-a"


def test_what_was_sent_to_one_is_answered_by_nobody_else(region: World) -> None:
    """The port is open for the one destination only."""
    frame, _ = region.datagram("app-a", ADMIN)
    region["app-a"].send(frame)
    region.wait(ABROAD)
    port = region.packets("admin")[0][1][UDP].sport
    stranger = UDP(sport=9, dport=port) / Raw(b"let me in")
    region["customer"].send(region.to("customer", public(region, "nat-a"), stranger))
    region.wait(ABROAD)
    assert region.lost[-1][1:3] == ("nat-a", Outcome.NO_TRANSLATION)


def test_an_error_from_outside_comes_back_about_what_was_sent(region: World) -> None:
    """Nobody listens at the admin's port 9: the guest that asked is told, in its own words."""
    region.fate("app-a", ADMIN)
    region.wait(ABROAD)
    told = region.came("app-a")
    assert (told[ICMP].type, told[ICMP].code, ends(told)) == (3, 3, (ADMIN, region["app-a"].ip))
    quoted = IP(bytes(told[ICMP].payload))
    assert (quoted.src, quoted.dst, quoted.sport, quoted.dport) == (region["app-a"].ip, ADMIN, 4000, 9)
    assert checksums_are_right(told) and checksums_are_right(Ether() / quoted)


@pytest.mark.parametrize(("address", "protocol"), [(ADMIN, 17), (ADMIN, 1), (ADMIN, 6), (ADMIN, 47), ("10.0.0.4", 17)])
def test_the_trace_is_the_live_outcome(region: World, address: str, protocol: int) -> None:
    traced = region.traced("app-a", address, protocol)
    payload = {17: UDP(sport=4000, dport=9), 6: TCP(sport=4000, dport=9, flags="S"), 1: ICMP(id=1), 47: Raw(b"?")}
    before = len(region.lost)
    packet = region.to("app-a", address, payload[protocol] / Raw(b"one of a kind"), proto=protocol)
    region["app-a"].send(packet)
    region.wait(ABROAD)
    blockers = traced.forward.blockers
    lost = [each for each in region.lost[before:] if b"one of a kind" in each.data and each.data[23] == protocol]
    assert [hop.outcome for hop in blockers] == [each.reason for each in lost]
    if not blockers:
        (_, came), *_ = [each for each in region.packets("admin") if b"one of a kind" in bytes(each[1])]
        port = came[ICMP].id if protocol == 1 else came.sport
        (said,) = [hop.rule for hop in traced.forward.hops if hop.kind == "nat"]
        assert said.endswith(f" {port}")


def test_a_trace_changes_nothing(region: World) -> None:
    first = region.traced("app-a", ADMIN)
    assert region.traced("app-a", ADMIN) == first and first.reachable
    assert list(nat(region, "nat-a").table) == []


def test_the_network_acl_of_its_subnet_stands_before_it(region: World) -> None:
    frame = region.to("app-a", ADMIN, TCP(sport=4000, dport=7, flags="S"))
    region["app-a"].send(frame)
    region.wait(ABROAD)
    assert region.lost[-1].reason is Outcome.NETWORK_ACL
    assert list(nat(region, "nat-a").table) == []


# Private gateways


def test_a_private_gateway_translates_between_subnets(region: World) -> None:
    """A route more specific than local leads to it; the group there knows the gateway's address."""
    assert region.asked("walled", region["app-a"].ip) == "answered"
    (_, asked), *_ = region.packets("app-a")
    assert ends(asked) == ("10.0.21.4", region["app-a"].ip)
    assert ends(region.came("walled")) == (region["app-a"].ip, region["walled"].ip)


def test_a_private_gateway_does_not_lead_out(region: World) -> None:
    traced = region.traced("walled", ADMIN)
    assert [hop.outcome for hop in traced.forward.blockers] == [Outcome.NO_ROUTE]


# Time and power


def test_350_seconds_of_silence_end_a_connection_with_a_reset(region: World) -> None:
    tcp(region, "app-a", ADMIN, "S", seq=100)
    port = region.packets("admin")[-1][1][TCP].sport
    region["admin"].send(region.to("admin", public(region, "nat-a"), TCP(sport=443, dport=port, flags="SA", ack=101)))
    region.wait(ABROAD)
    assert region.came("app-a")[TCP].flags == "SA"
    region.wait(349 * S)
    tcp(region, "app-a", ADMIN, "A", seq=101, ack=1)
    assert region.came("admin")[TCP].flags == "A"
    region.wait(350 * S)
    late = region.to("admin", public(region, "nat-a"), TCP(sport=443, dport=port, flags="A"))
    region["admin"].send(late)
    region.wait(ABROAD)
    assert region.lost[-1][1:3] == ("nat-a", Outcome.NO_TRANSLATION)
    tcp(region, "app-a", ADMIN, "A", seq=101, ack=77)
    told = region.came("app-a")
    assert (told[TCP].flags, told[TCP].seq, ends(told)) == ("R", 77, (ADMIN, region["app-a"].ip))
    assert checksums_are_right(told)
    metrics = nat(region, "nat-a").metrics
    counts = metrics.connection_attempt_count, metrics.connection_established_count, metrics.idle_timeout_count
    assert counts == (1, 1, 1)


def test_a_dark_zone_takes_its_gateway_along_and_gives_it_back_empty(region: World) -> None:
    tcp(region, "app-b", ADMIN, "S")
    assert nat(region, "nat-b").active_connection_count(region.world.clock.now) == 1
    region.hold("zone b")
    region.wait(S)
    assert not appliance(region, "nat-b").host.up
    assert region.asked("app-a", ADMIN) == "answered"
    region.release("zone b")
    region.wait(5 * S)
    assert nat(region, "nat-b").active_connection_count(region.world.clock.now) == 0
    tcp(region, "app-b", ADMIN, "A", ack=5)
    assert region.came("app-b")[TCP].flags == "R"
    assert region.asked("app-b", ADMIN) == "answered"


def test_one_that_is_in_the_dark_takes_others_along() -> None:
    one = PRIVATE.replace("nat: {per_zone: true, subnet: public}", "nat: {subnet: public-b}")
    region = World(one)
    assert region.asked("app-a", ADMIN) == "answered"
    assert "AVAILABILITY_ZONE_CROSSED" in region.traced("app-a", ADMIN).notes
    region.hold("zone b")
    region.wait(5 * S)
    assert region.asked("app-a", ADMIN) == "no path in the physical network at a/r1/tor"
    traced = region.traced("app-a", ADMIN)
    assert Outcome.UNREACHABLE in [hop.outcome for hop in traced.forward.blockers]


# While it runs


def test_a_deleted_gateway_leaves_a_black_hole_and_a_new_one_has_to_be_routed_to(region: World) -> None:
    region.call(DeleteNatGateway("shop", "nat-a", mark=HERE))
    region.wait(region.propagation_ns + MS)
    end = region.fate("app-a", ADMIN)
    assert end.outcome is Outcome.BLACKHOLE
    assert [hop.code for hop in region.traced("app-a", ADMIN).blockers] == ["BAD_STATE_ROUTE"]
    region.call(CreateNatGateway("shop", "nat-a", "public-a", "public", (None,), mark=HERE))
    region.wait(2 * S)
    assert region.fate("app-a", ADMIN).outcome is Outcome.BLACKHOLE, "another one of that name"
    region.call(ReplaceRoute("shop", "private-a", EVERYWHERE, "nat-a", "nat_gateway", mark=HERE))
    region.wait(region.propagation_ns + MS)
    assert region.asked("app-a", ADMIN) == "answered"


def test_what_it_counts(region: World) -> None:
    assert region.asked("app-a", ADMIN) == "answered"
    region.fate("admin", public(region, "nat-a"))
    metrics = nat(region, "nat-a").metrics
    assert (metrics.packets_in_from_source, metrics.packets_out_to_source, metrics.packets_drop_count) == (1, 1, 1)
    assert metrics.bytes_in_from_source == metrics.bytes_out_to_source == 20 + 8 + len("echo 000001")


def test_it_is_none_of_the_guests(region: World) -> None:
    assert "nat-a" not in {guest.name for guest in region.world}
    with pytest.raises(KeyError):
        region.world["nat-a"]


def test_a_peer_gets_nothing_from_it() -> None:
    """Nothing leads there from another VPC but its own address; even that is refused before it is looked at."""
    other = """
  data:
    cidr_block: 10.1.0.0/16
    subnets: {net: {availability_zone: a, cidr_block: 10.1.0.0/24, route_table: out}}
    route_tables: {out: {routes: {10.0.0.0/16: pcx, 0.0.0.0/0: pcx}}}
    instances: {db: {subnet: net}}
vpc_peering_connections: {pcx: {vpc: shop, peer_vpc: data}}
internet:"""
    region = World(PRIVATE.replace("\ninternet:", other))
    end = region.fate("db", "10.0.0.4")
    assert (end.outcome, end.place) == (Outcome.GATEWAY, appliance(region, "nat-a").host.name)
    traced = region.traced("db", "10.0.0.4")
    assert traced.forward.blockers[0].code == "NGW_REQUIRES_SOURCE_IN_VPC"
    assert region.fate("db", ADMIN).outcome is Outcome.NOT_TRANSITIVE


EGRESS = """
vpcs:
  spoke:
    cidr_block: 10.1.0.0/16
    subnets:
      app: {per_zone: true, cidr_block: 10.1.0.0/24, route_table: out}
      tgw: {per_zone: true, cidr_block: 10.1.9.0/28}
    route_tables: {out: {routes: {0.0.0.0/0: core}}}
    instances: {app: {per_zone: true, subnet: app}}
  shop:
    cidr_block: 10.9.0.0/16
    internet_gateway: igw
    subnets:
      public: {per_zone: true, cidr_block: 10.9.0.0/24, route_table: public}
      tgw: {per_zone: true, cidr_block: 10.9.9.0/28, route_table: tgw}
    route_tables:
      public: {routes: {0.0.0.0/0: igw, 10.0.0.0/8: core}}
      tgw: {per_zone: true, routes: {0.0.0.0/0: nat}}
    nat_gateways: {nat: {per_zone: true, subnet: public}}
transit_gateways:
  core:
    attachments: {spoke: {vpc: spoke, subnets: tgw}, shop: {vpc: shop, subnets: tgw}}
    route_tables:
      spokes: {associations: spoke, routes: {0.0.0.0/0: shop}}
      hub: {associations: shop, propagations: spoke}
internet:
  delay: 20 ms
  instances: {admin: {ip_address: 198.51.100.7}}
"""


def test_another_vpc_gets_out_over_a_transit_gateway() -> None:
    """Centralised egress: what comes from the transit gateway comes from inside, and each zone has its own way."""
    region = World(EGRESS)
    for zone in "ab":
        assert region.asked(f"app-{zone}", ADMIN) == "answered"
        assert region.came("admin")[IP].src == public(region, f"nat-{zone}")
        assert region.traced(f"app-{zone}", ADMIN, 1).reachable


def test_called_by_name() -> None:
    world = build(plan_of((HEAD + PRIVATE).encode(), "region.yaml", "region"))
    assert world.call("DeleteNatGateway", nat_gateway="shop/nat-a").startswith("nat-")
    made = world.call("CreateNatGateway", name="other", subnet="public-a", elastic_ip="198.18.0.55")
    world.call("ReplaceRoute", route_table="private-a", destination="0.0.0.0/0", target=made)
    world.clock.run(until=2 * S)
    hops = world.trace("app-a", "admin", "tcp 443").forward.hops
    assert [hop.rule for hop in hops if hop.kind == "igw"] == ["source becomes 198.18.0.55"]
    with pytest.raises(Refused) as refused:
        world.call("DeleteNatGateway", nat_gateway="nat-a")
    assert [each.code for each in refused.value.problems] == ["NatGatewayNotFound"]
    world.call("CreateNatGateway", name="quiet", subnet="walls", connectivity_type="private")
    shop = world.control.vpcs["shop"]
    assert shop.nat_gateways["quiet"].interface.address not in shop.public
