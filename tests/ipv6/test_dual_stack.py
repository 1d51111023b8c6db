"""IPv6 through a VPC: rules of its own family, routes, both ways to the Internet."""

from io import BytesIO

import pytest
from journeys.lab import MS, S, Seen
from observe.shark import bad_packets, needs_tshark, shark
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
)
from scapy.packet import Raw
from scapy.utils import PcapWriter

from dcsim.pinging import Payload, Pinger
from dcsim.trace import trace
from dcsim.traffic_spec import parse_traffic
from netvirt.address import parse_address
from netvirt.journey import Outcome

from .lab import REGION, World


def test_everybody_gets_the_next_address_of_its_subnet() -> None:
    world = World()
    names = ("web-a", "twin", "web-b", "app-a", "bold", "customer", "other")
    assert [world.ipv6(name) for name in names] == [
        "2001:db8:0:100::4",
        "2001:db8:0:100::5",
        "2001:db8:0:101::4",
        "2001:db8:0:102::4",
        "2001:db8:0:102::5",
        "3fff::a",
        "2a00:1450::8",
    ]
    assert len(world["plain"].placed.interface.addresses) == 1


@pytest.mark.parametrize(
    ("sender", "receiver", "fate"),
    [
        ("web-a", "twin", "twin"),
        ("web-a", "web-b", "web-b"),
        ("web-a", "app-b", "app-b"),
        ("app-a", "bold", "bold"),
        ("bold", "app-a", Outcome.SECURITY_GROUP),
    ],
)
def test_rules_are_of_a_family(sender: str, receiver: str, fate: object) -> None:
    world = World()
    for frame in (world.datagram(sender, world.ipv6(receiver)), world.echo(sender, world.ipv6(receiver))):
        place, outcome = world.fate(sender, frame)
        assert fate in (place, outcome)


def test_a_rule_of_one_family_says_nothing_of_the_other() -> None:
    """web lets in `udp 9 from ::/0`; by IPv4 the same datagram is stopped."""
    world = World()
    old = world.to_router("plain") / IP(src=world["plain"].ip, dst=world["web-b"].ip) / UDP(sport=1, dport=9)
    assert world.fate("plain", old / Raw(b"x"))[1] is Outcome.SECURITY_GROUP


@pytest.mark.parametrize("source", ["2001:db8:0:100::5", "2001:db8:0:100::77", "::1", "fe80::1"])
def test_nobody_speaks_with_anothers_address(source: str) -> None:
    world = World()
    assert world.fate("web-a", world.datagram("web-a", world.ipv6("web-b"), src=source))[1] is Outcome.SOURCE_DEST_CHECK


CHAINS = {
    "options": IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt(),
    "first fragment": IPv6ExtHdrFragment(m=1, id=9),
    "twice": IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt(),
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize(("port", "passes"), [(9, True), (10, False)])
def test_no_extension_header_hides_the_port(name: str, port: int, passes: bool) -> None:
    world = World()
    head = world.to_router("web-a") / IPv6(src=world.ipv6("web-a"), dst=world.ipv6("web-b"))
    fate = world.fate("web-a", head / CHAINS[name] / UDP(sport=1, dport=port) / Raw(bytes(24)))
    assert fate == (("web-b", "delivered") if passes else (world["web-b"].host.name, Outcome.SECURITY_GROUP))


def test_a_later_fragment_has_no_port_to_pass_by() -> None:
    world = World()
    head = world.to_router("web-a") / IPv6(src=world.ipv6("web-a"), dst=world.ipv6("web-b"))
    fate = world.fate("web-a", head / IPv6ExtHdrFragment(nh=17, offset=4, id=9) / Raw(bytes(24)))
    assert fate[1] is Outcome.SECURITY_GROUP
    to_bold = world.to_router("app-b") / IPv6(src=world.ipv6("app-b"), dst=world.ipv6("bold"))
    fate = world.fate("app-b", to_bold / IPv6ExtHdrFragment(nh=17, offset=4, id=9) / Raw(bytes(24)))
    assert fate == ("bold", "delivered")


# The Internet.


def test_the_internet_gateway_changes_no_address() -> None:
    world = World()
    inside, outside = world["web-a"].watch(), world["customer"].watch()
    assert world.fate("web-a", world.datagram("web-a", world.ipv6("customer"))) == ("customer", "delivered")
    assert world.fate("customer", world.datagram("customer", world.ipv6("web-a"))) == ("web-a", "delivered")
    ends = [(each.packet[IPv6].src, each.packet[IPv6].dst) for each in (outside[0], inside[0])]
    assert ends == [(world.ipv6("web-a"), world.ipv6("customer")), (world.ipv6("customer"), world.ipv6("web-a"))]
    sent = bytes(world.datagram("web-a", world.ipv6("customer")))
    assert outside[0].data[14:] == sent[14:], "not an octet"


def test_neighbours_outside_reach_each_other_by_their_providers() -> None:
    world = World()
    assert world.fate("customer", world.datagram("customer", world.ipv6("other"))) == ("other", "delivered")


def test_nothing_begins_outside_through_an_egress_only_gateway() -> None:
    world = World()
    to_bold = world.datagram("customer", world.ipv6("bold"), "knock")
    assert world.fate("customer", to_bold) == ("border", Outcome.GATEWAY)
    asked = world.datagram("bold", world.ipv6("customer"), "ask", dport=53, sport=4000)
    assert world.fate("bold", asked) == ("customer", "delivered")
    answer = world.datagram("customer", world.ipv6("bold"), "told", sport=53, dport=4000)
    assert world.fate("customer", answer) == ("bold", "delivered")
    for sport, dport, sender in ((53, 4001, "customer"), (54, 4000, "customer"), (53, 4000, "other")):
        frame = world.datagram(sender, world.ipv6("bold"), "no", sport=sport, dport=dport)
        assert world.fate(sender, frame) == ("border", Outcome.GATEWAY)


def test_what_it_remembers_ends_with_its_time() -> None:
    """30 s for UDP of one exchange, as connection tracking has it; the group's own memory is longer or equal."""
    world = World()
    assert world.fate("bold", world.datagram("bold", world.ipv6("customer"), dport=53)) == ("customer", "delivered")
    world.wait(31 * S)
    late = world.datagram("customer", world.ipv6("bold"), "late", sport=53, dport=4000)
    assert world.fate("customer", late) == ("border", Outcome.GATEWAY)


def test_pings_and_errors_come_back_through_it() -> None:
    world = World()
    heard = world["bold"].watch()
    world["bold"].send(world.echo("bold", world.ipv6("customer")))
    world.wait(200 * MS)
    assert [frame for frame in heard if ICMPv6EchoReply in frame.packet]
    quoted = bytes(world.datagram("bold", world.ipv6("other"), "large", dport=53)[IPv6])
    assert world.fate("bold", world.datagram("bold", world.ipv6("other"), "large", dport=53)) == ("other", "delivered")
    head = world.to_router("customer") / IPv6(src=world.ipv6("customer"), dst=world.ipv6("bold"))
    assert world.fate("customer", head / ICMPv6PacketTooBig(mtu=1400) / Raw(quoted)) == ("bold", "delivered")
    other = quoted[:40] + b"\x0f\xa1" + quoted[42:]
    assert world.fate("customer", head / ICMPv6PacketTooBig(mtu=1400) / Raw(other)) == ("border", Outcome.GATEWAY)


def test_both_ends_learn_what_fits() -> None:
    """No router cuts IPv6: the first request is too big, then the first answer; then both come in fragments."""
    world = World()
    pinger = Pinger(world.world, world["bold"], parse_address("3fff::a"), S, S, Payload(3000))
    pinger.start(2 * S, 4)
    world.wait(8 * S)
    assert [answer.rtt_ns is not None for answer in pinger.answers] == [False, False, True, True]
    places = [(lost.place, lost.reason) for lost in world.lost]
    assert places == [(world["bold"].host.name, Outcome.OVERSIZE), ("customer", Outcome.OVERSIZE)]


def test_what_leaves_by_it_is_tracked_whatever_the_rules_say() -> None:
    """bold lets everything in and out, so that other flows are untracked (connection tracking guide)."""
    world = World()
    world.fate("bold", world.datagram("bold", world.ipv6("customer"), dport=53))
    world.fate("bold", world.datagram("bold", world.ipv6("web-a"), sport=4001))
    table = world["bold"].nic.port.tracker.table
    assert [track.reply_key[-4:] for track in table.values()] == [b"\x00\x35\x0f\xa0"] * 2


def test_its_memory_is_bounded() -> None:
    world = World()
    border = world.world.outside.border
    border.tracker(world["bold"].placed.vpc.vni).limit = 1
    for sport, outcome in ((4000, "delivered"), (4001, Outcome.TRACKING_FULL), (4000, "delivered")):
        assert world.fate("bold", world.datagram("bold", world.ipv6("customer"), sport=sport))[1] == outcome


@pytest.mark.parametrize(
    ("source", "to", "traffic", "reachable"),
    [
        ("web-a", "web-b", "icmpv6", True),
        ("web-a", "app-b", "udp6 9", True),
        ("app-a", "web-b", "udp6 9", True),
        ("app-b", "bold", "tcp6 22", True),
        ("bold", "app-a", "tcp6 22", False),
        ("customer", "web-a", "udp6 9", True),
        ("customer", "app-a", "icmpv6", False),
        ("app-a", "customer", "tcp6 443", True),
        ("bold", "other", "icmpv6", True),
    ],
)
def test_trace_and_packet_agree(source: str, to: str, traffic: str, reachable: bool) -> None:
    world = World()
    traced = trace(world.world, world[source], parse_address(world.ipv6(to)), parse_traffic(traffic))
    assert traced.reachable is reachable
    if traffic != "tcp6 443" and traffic != "tcp6 22":
        frame = world.echo(source, world.ipv6(to)) if traffic == "icmpv6" else world.datagram(source, world.ipv6(to))
        outcome = world.fate(source, frame)[1]
        assert (outcome == "delivered") is traced.delivered
        if not traced.delivered:
            assert outcome is traced.forward.outcome


def test_a_trace_names_both_gateways() -> None:
    world = World()
    hops = {
        name: [
            (hop.kind, hop.rule)
            for hop in trace(world.world, world[name], parse_address("3fff::a"), parse_traffic("udp6 9")).forward.hops
        ]
        for name in ("web-a", "app-a")
    }
    assert ("igw", "IPv6 passes untranslated") in hops["web-a"]
    assert ("eigw", "IPv6 passes untranslated") in hops["app-a"]
    assert ("rt", "::/0 -> eigw") in hops["app-a"]


def test_both_families_ping_at_once() -> None:
    world = World()
    heard = world["plain"].watch()
    world["plain"].send(world.to_router("plain") / IP(src=world["plain"].ip, dst=world["bold"].ip) / ICMP())
    world.wait(10 * MS)
    assert [frame for frame in heard if ICMP in frame.packet]


def test_the_same_bytes_twice() -> None:
    def story() -> list[Seen]:
        world = World()
        for name in ("web-a", "bold", "customer"):
            world[name].send(world.echo(name, world.ipv6("web-b")))
        world.wait(S)
        return world.seen

    first = story()
    assert len(first) > 6
    assert first == story()


@needs_tshark
def test_wireshark_finds_nothing_wrong() -> None:
    world = World()
    for name in ("web-a", "bold", "customer"):
        world[name].send(world.echo(name, world.ipv6("web-b")))
        world[name].send(world.solicit(name, "fe80:ec2::1"))
        world[name].send(world.datagram(name, world.ipv6("web-b"), sport=40_001, dport=40_009))
    world.wait(S)
    file = BytesIO()
    with PcapWriter(file, linktype=1) as capture:
        for seen in world.seen:
            capture.write(seen.data)
        capture.flush()
        data = file.getvalue()
    assert len(shark(data, "frame.number", keep="icmpv6")) > 12
    assert bad_packets(data) == []


PEERS = """
vpcs:
  one:
    cidr_block: 10.0.0.0/16
    amazon_provided_ipv6_cidr_block: true
    subnets: {n: {availability_zone: a, cidr_block: 10.0.0.0/24, ipv6_cidr_block: true,
                  assign_ipv6_address_on_creation: true, route_table: t}}
    route_tables: {t: {routes: {"2001:db8:0:200::/56": pcx, "3fff::/20": pcx}}}
    security_groups: {g: {ingress: "udp 9 from ::/0"}}
    instances: {left: {subnet: n, security_groups: g}}
  two:
    cidr_block: 10.1.0.0/16
    amazon_provided_ipv6_cidr_block: true
    internet_gateway: igw
    subnets: {n: {availability_zone: b, cidr_block: 10.1.0.0/24, ipv6_cidr_block: true,
                  assign_ipv6_address_on_creation: true, route_table: t}}
    route_tables: {t: {routes: {"2001:db8:0:100::/56": pcx, "::/0": igw}}}
    security_groups: {g: {ingress: "udp 9 from one/g"}, shy: {ingress: "udp 9 from 10.0.0.0/8"}}
    instances: {right: {subnet: n, security_groups: g}, shy: {subnet: n, security_groups: shy}}
vpc_peering_connections: {pcx: {vpc: one, peer_vpc: two}}
internet: {instances: {customer: {ipv6_address: true}}}
"""


def test_a_peering_carries_ipv6_to_the_peers_own_block_only() -> None:
    """The peer's group means its members' IPv6 addresses too; the peer's gateway is not for others (edge to edge)."""
    world = World(PEERS)
    assert world.fate("left", world.datagram("left", world.ipv6("right"))) == ("right", "delivered")
    assert world.fate("left", world.datagram("left", world.ipv6("shy")))[1] is Outcome.SECURITY_GROUP
    assert world.fate("right", world.datagram("right", world.ipv6("left"))) == ("left", "delivered")
    assert world.fate("left", world.datagram("left", world.ipv6("customer")))[1] is Outcome.NOT_TRANSITIVE
    assert world.fate("left", world.datagram("left", "2001:db8:0:200::99"))[1] is Outcome.NO_MAPPING
    assert world.fate("right", world.datagram("right", world.ipv6("customer"))) == ("customer", "delivered")
    assert world.fate("customer", world.datagram("customer", world.ipv6("left"))) == ("border", Outcome.GATEWAY)


def test_a_nat_gateway_does_not_translate_ipv6_here() -> None:
    """NAT64 is not modelled, so that neither a packet nor a trace says more."""
    gateway = "    nat_gateways: {nat: {subnet: web-a}}\n    security_groups:\n"
    text = REGION.replace('private: {routes: {"::/0": eigw}}', 'private: {routes: {"64:ff9b::/96": nat}}')
    world = World(
        text.replace("    security_groups:\n", gateway, 1).replace('{"::/0": igw}', '{"::/0": igw, 0.0.0.0/0: igw}')
    )
    for frame in (world.datagram("bold", "64:ff9b::c633:640a"), world.echo("bold", "64:ff9b::c633:640a")):
        assert world.fate("bold", frame) == ("nat", Outcome.UNKNOWN)
    for traffic in ("udp6 9", "tcp6 443", "icmpv6"):
        traced = trace(world.world, world["bold"], parse_address("64:ff9b::c633:640a"), parse_traffic(traffic))
        assert traced.forward.outcome is Outcome.UNKNOWN
