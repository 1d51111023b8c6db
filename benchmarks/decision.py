"""What the first packet of a flow costs each end, with every list as full as EC2 lets it be."""

from collections.abc import Callable
from time import process_time

from benchmarks.figure import Figure
from benchmarks.worlds import load_text
from dcsim.world import Guest, World, build
from netvirt.address import Ns
from netvirt.frame import Frame, parse
from netvirt.overlay import Encapsulated
from netvirt.vpc.tracker import Tracker
from netvirt.wire.ethernet import ETHERTYPE_IPV4, Ethernet
from netvirt.wire.ipv4 import PROTOCOL_TCP, Ipv4
from netvirt.wire.tcp import SYN, Tcp

FLOWS = 4_000
ROUNDS = 7
GROUPS, RULES, ENTRIES, ROUTES = 5, 60, 40, 200
"""Groups an interface, rules a group and direction, entries an ACL and direction, routes a table: VPC User Guide,
"Amazon VPC quotas", the last two raised."""
PORT = 443

TOPOLOGY = """
version: 1
region: eu-west-1
zones: [a, b]
quotas: {{routes_per_route_table: 200, rules_per_network_acl: 40}}
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      left: {{availability_zone: a, cidr_block: 10.0.0.0/24, route_table: full, network_acl: full}}
      right: {{availability_zone: b, cidr_block: 10.0.1.0/24, route_table: full, network_acl: full}}
    route_tables:
      full: {{routes: {{{routes}}}}}
    network_acls:
      full: {{ingress: [{ingress}], egress: [{egress}]}}
    security_groups:
{strangers}
{groups}
    instances:
      left: {{subnet: left, security_groups: [{names}]}}
      right: {{subnet: right, security_groups: [{names}]}}
"""


def rules(way: str) -> str:
    """Of every kind, most about the very port; the one that lets the flows pass is the last of the last group."""
    kinds = (
        "tcp {port} {way} 10.9.{n}.0/24",
        "tcp {port} {way} 10.{n}.4.0/22",
        "tcp {port} {way} stranger-{n}",
        "tcp {other} {way} group-1",
        "udp {port} {way} 10.0.{n}.0/24",
        "icmp {way} 10.9.{n}.0/24",
    )
    numbers = range(1, RULES)
    return ", ".join(kinds[n % len(kinds)].format(port=PORT, other=8000 + n, n=n, way=way) for n in numbers)


def group(number: int) -> str:
    port = PORT if number == GROUPS else PORT + 1
    ingress, egress = (f"[{rules(way)}, tcp {port} {way} 10.0.0.0/16]" for way in ("from", "to"))
    return f"      group-{number}: {{ingress: {ingress}, egress: {egress}}}"


def entries(way: str) -> str:
    """Denials that do not match, then what lets everything pass, then `*`."""
    denials = (f"{100 + n} deny tcp {9000 + n} {way} 10.0.0.0/16" for n in range(ENTRIES - 2))
    return ", ".join([*denials, f"900 allow all {way} 0.0.0.0/0"])


def full_world() -> World:
    text = TOPOLOGY.format(
        routes=", ".join(f"10.{20 + n}.0.0/16: right" for n in range(ROUTES - 1)),
        ingress=entries("from"),
        egress=entries("to"),
        strangers="\n".join(f"      stranger-{number}: {{}}" for number in range(RULES)),
        groups="\n".join(group(number + 1) for number in range(GROUPS)),
        names=", ".join(f"group-{number + 1}" for number in range(GROUPS)),
    )
    return build(load_text(text))


def first_frames(source: Guest, target: Guest) -> list[Frame]:
    """A SYN for each of many connections, as the source's own stack would frame them."""
    here, there = source.placed.interface, target.placed.interface
    frames = []
    for port in range(FLOWS):
        segment = Tcp(1024 + port, PORT, 0, 0, SYN, 65535).emit(here.address, there.address)
        packet = Ipv4(here.address, there.address, PROTOCOL_TCP, segment).emit()
        frames.append(parse(Ethernet(source.router_mac, here.mac, ETHERTYPE_IPV4, packet).emit()))
    return frames


def leaving(source: Guest, frames: list[Frame]) -> tuple[float, list[Encapsulated]]:
    """CPU seconds a flow, and what goes to the underlay."""
    vswitch, port = source.host.vswitch, source.nic.port
    port.tracker = Tracker()
    vswitch.flush()
    begin = process_time()
    out = [vswitch.egress(port, frame, Ns(0)) for frame in frames]
    elapsed = process_time() - begin
    packets = [packet for packet in out if isinstance(packet, Encapsulated)]
    assert len(packets) == len(port.tracker.table) / 2 == FLOWS
    return elapsed / FLOWS, packets


def entering(target: Guest, packets: list[Encapsulated]) -> float:
    vswitch, port = target.host.vswitch, target.nic.port
    port.tracker = Tracker()
    vswitch.flush()
    begin = process_time()
    ports = [vswitch.ingress(packet, Ns(0)) for packet in packets]
    elapsed = process_time() - begin
    assert ports == [port] * FLOWS and len(port.tracker.table) == 2 * FLOWS
    return elapsed / FLOWS


def least(measure: Callable[[], float]) -> float:
    """A busy machine only ever adds."""
    return min(measure() for _ in range(ROUNDS))


def figures() -> list[Figure]:
    world = full_world()
    left, right = world["left"], world["right"]
    frames = first_frames(left, right)
    packets = leaving(left, frames)[1]
    size = f"{GROUPS} x {RULES} rules, {ENTRIES} entries, {ROUTES} routes"
    return [
        Figure(f"new flow leaves: {size}", least(lambda: leaving(left, frames)[0]) * 1e6, "us", 60, at_most=True),
        Figure(f"new flow enters: {size}", least(lambda: entering(right, packets)) * 1e6, "us", 60, at_most=True),
    ]
