"""Random packets for a small world: alone, and as stories whose later packets depend on what went before."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from random import Random

from dcsim.request import (
    AssociateRouteTable,
    AuthorizeSecurityGroupIngress,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    ReplaceNetworkAclAssociation,
    Request,
    RevokeSecurityGroupEgress,
)
from netvirt.address import Cidr, Ip

from .packet import ICMP, TCP, UDP, Fragment, Packet, Quote
from .random_vpcs import MARK, OTHER_PROTOCOLS, OUTSIDE, SmallWorld, Somebody, cidr, sentence

PORTS = (0, 1, 21, 22, 23, 52, 53, 79, 80, 81, 442, 443, 444, 1023, 1024, 8080, 32767, 32768, 60999, 61000, 65535)
"""The borders of the rules' ranges, and beyond."""
GAPS_S = (1, 1, 1, 1, 1, 5, 29, 31, 59, 61, 119, 121, 179, 181, 599, 601, 5000)
"""Just before and just after each timeout of connection tracking."""
ODD_ICMP = ((3, 0), (3, 4), (11, 0), (12, 0), (0, 0), (13, 0), (14, 0), (5, 1), (9, 0), (42, 0))
ICMP_ANSWERS = {8: 0, 13: 14}
FLAGS = ("S", "SA", "A", "A", "A", "PA", "FA", "R", "RA")
ALL = Cidr(Ip(0), 0)
LONG_S = (431_999, 432_001)


@dataclass(frozen=True)
class Step:
    """`gap_s` after the step before, an instance sends a packet; `traced`: and asks before how it will go."""

    gap_s: float
    src: tuple[str, str]
    dst: IPv4Address
    packet: Packet
    traced: bool = False

    def __str__(self) -> str:
        return f"+{self.gap_s} s{' traced' * self.traced}: {'/'.join(self.src)} -> {self.dst} {self.packet}"


@dataclass(frozen=True)
class Change:
    """Somebody changes the rules."""

    gap_s: float
    request: Request

    def __str__(self) -> str:
        return f"+{self.gap_s} s: {sentence(self.request)}"


Event = Step | Change
Story = list[Event]


def a_flow(random: Random, world: SmallWorld) -> Step:
    """One packet with nothing before it."""
    src = random.choice(world.instances)
    packet = a_packet(random)
    if random.random() < 0.12:
        packet = replace(packet, source=a_destination(random, world, src))
    if random.random() < 0.12:
        packet = replace(packet, via=a_neighbour(random, world, src))
    return Step(1, src.key, a_destination(random, world, src), packet)


def a_destination(random: Random, world: SmallWorld, src: Somebody) -> IPv4Address:
    """Mostly somebody; else a near miss, a reserved address, another VPC, the outside. Never itself."""
    while (address := _any_destination(random, world, src)) == src.address:
        pass
    return address


def _any_destination(random: Random, world: SmallWorld, src: Somebody) -> IPv4Address:
    neighbours = [each for each in world.instances if each.vpc == src.vpc and each is not src]
    if random.random() < 0.7:
        return random.choice(neighbours).address
    subnet = random.choice(world.subnets)
    vpc = random.choice(list(world.vpcs.values()))
    return random.choice(
        (
            random.choice(neighbours).address + random.choice((-1, 1)),
            random.choice(world.instances).address,
            random.choice((subnet, src.subnet))[random.choice((0, 1, 2, 3, -1, -2))],
            src.subnet[random.choice((1, 2, -1))],
            vpc[random.choice((0, 1, 2, -1, -5))],
            IPv4Address(random.choice(("8.8.8.8", "8.8.9.8", "10.9.9.9", "10.1.2.3", "172.17.0.9", "240.0.0.1"))),
            IPv4Address(random.choice(("169.254.169.254", "169.254.1.1", "224.0.0.5", "255.255.255.255"))),
            IPv4Address(random.choice(OUTSIDE[1:]).split("/")[0]) + 4,
        )
    )


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
    back = replace(packet, src_port=packet.dst_port, dst_port=packet.src_port, source=None)
    if packet.protocol == TCP:
        return replace(back, flags="SA" if packet.opens else "A")
    if packet.has_type:
        return replace(back, icmp_type=ICMP_ANSWERS.get(packet.icmp_type, packet.icmp_type))
    return back


# Stories


def a_pair(random: Random, world: SmallWorld) -> tuple[Somebody, Somebody]:
    one = random.choice(world.instances)
    other = random.choice([each for each in world.instances if each.vpc == one.vpc and each is not one])
    return one, other


def a_conversation(random: Random, world: SmallWorld) -> Story:
    """Two speak on the same ports, with pauses of every interesting length."""
    one, other = a_pair(random, world)
    there = replace(a_packet(random), fragment=Fragment.WHOLE)
    back = reply_to(there)
    story: Story = []
    for number in range(random.randint(3, 8)):
        forward = number == 0 or random.random() < 0.5
        src, dst, packet = (one, other, there) if forward else (other, one, back)
        # The first two are as the packet and its reply were made: SYN, SYN+ACK.
        if packet.protocol == TCP and number > 1:
            packet = replace(packet, flags=random.choice(FLAGS))
        story.append(Step(a_gap(random, packet), src.key, dst.address, packet))
    return story


def a_gap(random: Random, packet: Packet) -> float:
    if packet.protocol == TCP and random.random() < 0.05:
        return random.choice(LONG_S)
    return random.choice(GAPS_S)


def a_changed_world(random: Random, world: SmallWorld) -> Story:
    """The rules change while two speak: tracked conversations live on, untracked ones do not."""
    story = [replace(event, gap_s=1) if random.random() < 0.8 else event for event in a_conversation(random, world)]
    story.insert(random.randint(1, len(story)), Change(1, a_change(random, world)))
    return story


def a_change(random: Random, world: SmallWorld) -> Request:
    revoked = {(each.vpc, each.group) for each in world.requests if isinstance(each, RevokeSecurityGroupEgress)}
    groups = [(each.vpc, each.name) for each in world.requests if isinstance(each, CreateSecurityGroup)]
    open_groups = [group for group in groups if group not in revoked]
    associations = [each for each in world.requests if isinstance(each, ReplaceNetworkAclAssociation)]
    vpc, group = random.choice(groups)
    changes: list[Request] = [
        CreateNetworkAclEntry(vpc, "default", random.random() < 0.5, 7, False, TCP, None, -1, -1, ALL, "", mark=MARK),
        AuthorizeSecurityGroupIngress(vpc, group, TCP, (0, 65534), -1, -1, ALL, "", mark=MARK),
        *some_new_route(random, world, vpc),
    ]
    if open_groups:
        changes += [RevokeSecurityGroupEgress(*random.choice(open_groups), mark=MARK)] * 3
    if associations:
        changes += [replace(random.choice(associations), network_acl="default")]
    return random.choice(changes)


def some_new_route(random: Random, world: SmallWorld, vpc: str) -> list[Request]:
    """Of a table: to a subnet that was local until now. Of a subnet: another table."""
    tables = ["main", *(each.name for each in world.requests if isinstance(each, CreateRouteTable) and each.vpc == vpc)]
    table = random.choice(tables)
    subnet = random.choice([each for each in world.requests if isinstance(each, CreateSubnet) and each.vpc == vpc])
    changes: list[Request] = [AssociateRouteTable(vpc, table, subnet.name, mark=MARK)]
    known = {(each.route_table, each.destination) for each in world.requests if isinstance(each, CreateRoute)}
    targets = [each.name for each in world.instances if each.vpc == vpc and not each.checked]
    if targets and (table, subnet.cidr_block) not in known and cidr(world.vpcs[vpc]) != subnet.cidr_block:
        changes.append(CreateRoute(vpc, table, subnet.cidr_block, random.choice(targets), mark=MARK))
    return changes


def a_broken_conversation(random: Random, world: SmallWorld) -> Story:
    """ICMP errors about what was sent, and about what was not."""
    one, other = a_pair(random, world)
    packet = replace(a_packet(random), fragment=Fragment.WHOLE)
    story: Story = [Step(1, one.key, other.address, packet)]
    if random.random() < 0.5:
        story.append(Step(1, other.key, one.address, reply_to(packet)))
    for _ in range(random.randint(1, 3)):
        reporter = random.choice((other, other, other, random.choice(world.instances)))
        to = random.choice((one, one, one, random.choice(world.instances)))
        error = an_error_about(random, one.address, other.address, packet)
        story.append(Step(random.choice(GAPS_S), reporter.key, to.address, error))
    if random.random() < 0.4:
        # The asker complains about the answer.
        error = an_error_about(random, other.address, one.address, reply_to(packet))
        story.append(Step(1, one.key, other.address, error))
    return story


def an_error_about(random: Random, src: IPv4Address, dst: IPv4Address, packet: Packet) -> Packet:
    """Now and then the quote is of another connection."""
    if random.random() < 0.25:
        packet = replace(packet, dst_port=packet.dst_port ^ 1, icmp_id=packet.icmp_id + 7)
    kind, code = random.choice(((3, 0), (3, 3), (3, 4), (11, 0), (12, 0), (4, 0), (5, 1)))
    quote = Quote(*((src, dst) if random.random() < 0.85 else (dst, src)), packet)
    return Packet(ICMP, icmp_type=kind, icmp_code=code, quote=quote)


def fragments(random: Random, world: SmallWorld) -> Story:
    """First and later fragments, both ways."""
    one, other = a_pair(random, world)
    there = a_packet(random)
    story: Story = []
    for fragment in random.choices((Fragment.FIRST, Fragment.LATER, Fragment.LATER), k=random.randint(3, 6)):
        forward = not story or random.random() < 0.5
        src, dst, packet = (one, other, there) if forward else (other, one, reply_to(there))
        story.append(Step(random.choice(GAPS_S), src.key, dst.address, replace(packet, fragment=fragment)))
    return story


def through_an_appliance(random: Random, world: SmallWorld) -> Story:
    """Who does not check may forward: what another sent, with that one's address."""
    forwarders = [each for each in world.instances if not each.checked]
    if not forwarders:
        return a_conversation(random, world)
    middle = random.choice(forwarders)
    one, other = a_pair(random, world)
    there = replace(a_packet(random), fragment=Fragment.WHOLE)
    back = reply_to(there)
    return [
        Step(1, one.key, other.address, there),
        Step(1, middle.key, other.address, replace(there, source=one.address)),
        Step(1, other.key, one.address, back),
        Step(1, middle.key, one.address, replace(back, source=other.address)),
        Step(random.choice(GAPS_S), one.key, other.address, there),
        Step(1, middle.key, other.address, replace(there, source=one.address)),
    ]


def a_script(random: Random, world: SmallWorld) -> Story:
    """Everything that happens in one world. The rules change once, at the end."""
    script: Story = [a_flow(random, world) for _ in range(10)]
    for _ in range(4):
        script += random.choice(STORIES)(random, world)
    own = world.addresses
    return [event for event in script + a_changed_world(random, world) if not _is_to_itself(event, own)]


def _is_to_itself(event: Event, addresses: dict[tuple[str, str], str]) -> bool:
    """Such a packet never leaves its machine."""
    return isinstance(event, Step) and str(event.dst) == addresses[event.src]


STORIES: tuple[Callable[[Random, SmallWorld], Story], ...] = (
    a_conversation,
    a_conversation,
    a_broken_conversation,
    fragments,
    through_an_appliance,
)
