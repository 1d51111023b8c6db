"""Random packets for a small world, with nothing before them."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from random import Random

from .packet import ANSWERS, ICMP, TCP, UDP, Fragment, Packet
from .random_vpcs import OTHER_PROTOCOLS, OUTSIDE, SmallWorld, Somebody

PORTS = (
    0,
    1,
    21,
    22,
    23,
    52,
    53,
    67,
    68,
    79,
    80,
    81,
    442,
    443,
    444,
    1023,
    1024,
    8080,
    32767,
    32768,
    60999,
    61000,
    65535,
)
"""The borders of the rules' ranges, and beyond."""
ODD_ICMP = ((3, 0), (3, 4), (11, 0), (12, 0), (0, 0), (13, 0), (14, 0), (5, 1), (9, 0), (42, 0))
FORGED = ("10.9.8.7", "172.31.0.1", "192.168.255.1", "100.64.0.1", "172.32.0.1", "100.128.0.1", "1.1.1.1")
"""Sources: private ones, and their neighbours."""
PUBLIC = IPv4Network("198.0.0.0/8")
"""Instances' addresses abroad, and outsiders'."""
FLAGS = ("S", "SA", "A", "A", "A", "PA", "FA", "R", "RA")


@dataclass(frozen=True)
class Step:
    """`gap_s` after the step before, an instance sends a packet; `traced`: and asks before how it will go.

    `answered`: who gets it by a NAT gateway answers at once.

    `dress` is the seed of what must not matter in its octets.
    """

    gap_s: float
    src: tuple[str, str]
    dst: IPv4Address
    packet: Packet
    traced: bool = False
    answered: bool = True
    dress: int = 0

    def __str__(self) -> str:
        return f"+{self.gap_s} s{' traced' * self.traced}: {'/'.join(self.src)} -> {self.dst} {self.packet}"


def a_flow(random: Random, world: SmallWorld) -> Step:
    """One packet with nothing before it."""
    src = random.choice([face for face in world.faces if not face.is_outside])
    if world.strangers and random.random() < 0.2:
        src = random.choice(world.strangers)
    packet = as_itself(src, a_packet(random))
    if random.random() < (0.2 if src.is_outside else 0.12):
        packet = replace(packet, source=a_source(random, world, src))
    if random.random() < 0.12 and not src.is_outside:
        packet = replace(packet, via=a_neighbour(random, world, src))
    dst = a_destination(random, world, src)
    if packet.fragment is Fragment.WHOLE and random.random() < (0.4 if dst in PUBLIC else 0.1):
        packet = replace(packet, octets=random.choice((1500, 1501, 5000, 8500)))
    return Step(1, src.key, dst, packet)


def as_itself(src: Somebody, packet: Packet) -> Packet:
    """Who speaks with a secondary address must say so."""
    return packet if src.address == src.home else replace(packet, source=src.address)


def a_source(random: Random, world: SmallWorld, src: Somebody) -> IPv4Address:
    """Not its own. From outside, what nobody has outside."""
    if src.is_outside:
        return random.choice((random.choice(world.instances).address, *map(IPv4Address, FORGED)))
    return a_destination(random, world, src)


def a_destination(random: Random, world: SmallWorld, src: Somebody) -> IPv4Address:
    """Mostly somebody; else where a route leads, a near miss, a reserved address, another VPC. Never itself."""
    choose = _destination_from_outside if src.is_outside else _any_destination
    own = [each.address for each in world.faces if each.key == src.key]
    while (address := choose(random, world, src)) in own:
        pass
    return address


def _destination_from_outside(random: Random, world: SmallWorld, src: Somebody) -> IPv4Address:
    public = [each.public for each in world.faces if each.public and each.key != src.key]
    if public and random.random() < 0.75:
        return random.choice(public)
    nobody = IPv4Address(random.choice(("198.18.9.9", "1.2.3.4", "198.51.100.99", "203.0.113.200")))
    return random.choice((random.choice(world.instances).address, nobody, nobody, nobody))


def _any_destination(random: Random, world: SmallWorld, src: Somebody) -> IPv4Address:
    neighbours = [each for each in world.faces if each.vpc == src.vpc and each.key != src.key]
    known = _known_abroad(random, world, src)
    if known and random.random() < 0.25:
        return random.choice(known)
    beyond = world.routes_beyond_peers(src)
    if beyond and random.random() < 0.2:
        return random.choice((_inside(random.choice(beyond)), IPv4Address("8.8.8.8")))
    if random.random() < 0.65:
        return random.choice(neighbours).address
    if world.routes and random.random() < 0.4:
        return _inside(random.choice(world.routes))
    subnet = random.choice(world.subnets)
    vpc = random.choice(list(world.vpcs.values()))
    return random.choice(
        (
            random.choice(neighbours).address + random.choice((-1, 1)),
            random.choice(world.instances).address,
            random.choice((subnet, src.subnet))[random.choice((0, 1, 2, 3, -1, -2))],
            src.subnet[random.choice((1, 2, -1, -1, -1, -1, -1, -1))],
            vpc[random.choice((0, 1, 2, -1, -5))],
            IPv4Address(random.choice(("8.8.8.8", "8.8.9.8", "10.9.9.9", "10.1.2.3", "172.17.0.9", "240.0.0.1"))),
            IPv4Address(random.choice(("169.254.169.254", "169.254.1.1", "224.0.0.5", "224.0.0.5", "255.255.255.255"))),
            IPv4Address(random.choice(OUTSIDE[1:]).split("/")[0]) + 4,
        )
    )


def _inside(block: IPv4Network) -> IPv4Address:
    return block[min(9, block.num_addresses - 1)]


def _known_abroad(random: Random, world: SmallWorld, src: Somebody) -> list[IPv4Address]:
    """Peers, public addresses (its own too), an address beyond; some are not there."""
    peers = world.joined(src.vpc)
    over_peerings = [each.address for each in world.faces if each.vpc in peers]
    if not world.region.vpcs[src.vpc].has_gateway or (over_peerings and random.random() < 0.5):
        return over_peerings
    public = [each.public for each in world.faces if each.public]
    return [*public, *map(IPv4Address, ("198.18.9.9", "1.2.3.4"))]


def a_neighbour(random: Random, world: SmallWorld, src: Somebody) -> str:
    """Somebody of the same subnet; nobody when there is none."""
    near = [each.name for each in world.instances if (each.vpc, each.subnet) == (src.vpc, src.subnet)]
    return random.choice([*(name for name in near if name != src.name), ""])


def a_packet(random: Random) -> Packet:
    chance = random.random()
    if chance < 0.45:
        packet = Packet(TCP, a_client_port(random), random.choice(PORTS), flags=random.choice(("S", "S", *FLAGS)))
    elif chance < 0.7:
        packet = Packet(UDP, a_client_port(random), random.choice(PORTS))
    elif chance < 0.9:
        packet = an_icmp(random)
    else:
        packet = Packet(random.choice(OTHER_PROTOCOLS))
    fragment = random.choices((Fragment.WHOLE, Fragment.FIRST, Fragment.LATER), (85, 5, 10))[0]
    return replace(packet, fragment=fragment)


def a_client_port(random: Random) -> int:
    return random.choice((random.choice(PORTS), random.randint(32768, 60999)))


def an_icmp(random: Random) -> Packet:
    kind, code = (8, 0) if random.random() < 0.6 else random.choice(ODD_ICMP)
    return Packet(ICMP, icmp_type=kind, icmp_code=code, icmp_id=random.randint(1, 4))


def reply_to(packet: Packet) -> Packet:
    """What the receiver would answer; whatever has no answer is sent back as it is."""
    back = replace(packet, src_port=packet.dst_port, dst_port=packet.src_port, source=None, octets=0)
    if packet.protocol == TCP:
        return replace(back, flags="SA" if packet.opens else "A")
    if packet.has_type:
        return replace(back, icmp_type=ANSWERS.get(packet.icmp_type, packet.icmp_type))
    return back
