"""Stories for a small world: packets that depend on what went before."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from random import Random

from .packet import ICMP, TCP, UDP, Fragment, Packet, Quote
from .random_changes import Change, a_change
from .random_flows import FLAGS, PORTS, Step, a_client_port, a_flow, a_packet, as_itself, reply_to
from .random_vpcs import SmallWorld, Somebody

GAPS_S = (1, 1, 1, 1, 1, 5, 29, 31, 59, 61, 119, 121, 179, 181, 599, 601, 5000)
"""Just before and just after each timeout of connection tracking."""
LONG_S = (431_999, 432_001)

Event = Step | Change
Story = list[Event]


@dataclass(frozen=True)
class Pair:
    """Two who speak; `here` and `there` are the addresses by which the other knows the one, and the one the other."""

    one: Somebody
    other: Somebody
    here: IPv4Address
    there: IPv4Address

    @property
    def swapped(self) -> "Pair":
        return Pair(self.other, self.one, self.there, self.here)

    def step(self, gap_s: float, packet: Packet) -> Step:
        """From the one to the other."""
        return Step(gap_s, self.one.key, self.there, as_itself(self.one, packet))


def a_pair(random: Random, world: SmallWorld) -> Pair:
    """Of one VPC, of two that peer, or over the Internet."""
    one = random.choice(world.faces)
    kinds = [_neighbours, _neighbours, _neighbours, _peers, _peers, *[_over_the_internet] * 8]
    random.shuffle(kinds)
    for kind in kinds:
        found = kind(world, one)
        if found:
            return random.choice(found)
    return a_pair(random, world)


def _neighbours(world: SmallWorld, one: Somebody) -> list[Pair]:
    near = [each for each in world.faces if each.vpc == one.vpc and each.key != one.key]
    return [Pair(one, each, one.address, each.address) for each in near]


def _peers(world: SmallWorld, one: Somebody) -> list[Pair]:
    if one.is_outside:
        return []
    peers = world.joined(one.vpc)
    return [Pair(one, each, one.address, each.address) for each in world.faces if each.vpc in peers]


def _over_the_internet(world: SmallWorld, one: Somebody) -> list[Pair]:
    """Now and then without knowing that one has no public address."""
    if not one.is_outside and not world.region.vpcs[one.vpc].has_gateway:
        return []
    here = one.public or one.address
    return [Pair(one, each, here, each.public) for each in world.faces if each.public and each.key != one.key]


def a_conversation(random: Random, world: SmallWorld) -> Story:
    """Two speak on the same ports, with pauses of every interesting length."""
    pair = a_pair(random, world)
    there = replace(a_packet(random), flags="S", fragment=Fragment.WHOLE)
    back = reply_to(there)
    story: Story = []
    for number in range(random.randint(3, 8)):
        forward = number == 0 or random.random() < 0.5
        speaking, packet = (pair, there) if forward else (pair.swapped, back)
        # The first two are as the packet and its reply were made: SYN, SYN+ACK.
        if packet.protocol == TCP and number > 1:
            packet = replace(packet, flags=random.choice(FLAGS))
        story.append(speaking.step(a_gap(random, packet), packet))
    return story


def a_gap(random: Random, packet: Packet) -> float:
    if packet.protocol == TCP and random.random() < 0.05:
        return random.choice(LONG_S)
    return random.choice(GAPS_S)


def a_pause(random: Random, world: SmallWorld) -> Story:
    """A lively talk, one long silence, and who speaks next: may the other still?"""
    pair = a_pair(random, world)
    talk = quick_talk(random, pair)
    if random.random() < 0.3:
        talk.append(replace(talk[-1], packet=replace(talk[-1].packet, flags=random.choice(("FA", "R")))))
    speaking, packet = random.choice(_sides(pair, replace(talk[0].packet, flags="A")))
    return [*talk, speaking.step(random.choice((*GAPS_S[6:], *LONG_S)), packet)]


def a_changed_world(random: Random, world: SmallWorld) -> Story:
    """The rules change while two speak: tracked conversations live on, untracked ones do not."""
    pair = a_pair(random, world)
    talk = quick_talk(random, pair)
    sides = [(each.one, each.other) for each in (pair, pair.swapped) if not each.one.is_outside]
    again = [replace(step, packet=replace(step.packet, flags="A")) for step in talk]
    # Two outsiders have no rules to change.
    changes = [a_change(random, world, *random.choice(sides))] if sides else []
    return [*talk, *changes, *again]


def quick_talk(random: Random, pair: Pair) -> list[Step]:
    """TCP or UDP, a second between two packets, at least one of them twice: the second is on the fast road."""
    there = replace(a_packet(random), protocol=random.choice((TCP, UDP)), flags="S", fragment=Fragment.WHOLE)
    there = replace(there, src_port=there.src_port or a_client_port(random), dst_port=random.choice(PORTS))
    story = [pair.step(1, there)]
    for _ in range(random.randint(2, 5)):
        speaking, packet = random.choice(_sides(pair, there))
        story.append(speaking.step(1, replace(packet, flags="A")))
    return story


def a_latecomer(random: Random, world: SmallWorld) -> Story:
    """Somebody speaks to an address that nobody has, until somebody has it."""
    one = random.choice(world.instances)
    request = world.one_more(random.choice([each for each in world.runs if each.vpc == one.vpc]))
    late = world.somebody(request)
    pair = Pair(one, late, one.address, late.address)
    there, back = quick_talk(random, pair), quick_talk(random, pair.swapped)
    unheard = [step for step in there if step.src == one.key]
    return [*unheard, Change(1, request), *there, *back]


def _sides(pair: Pair, packet: Packet) -> tuple[tuple[Pair, Packet], ...]:
    return (pair, packet), (pair.swapped, reply_to(packet))


def a_broken_conversation(random: Random, world: SmallWorld) -> Story:
    """ICMP errors about what was sent, and about what was not: as it came to who complains."""
    pair = a_pair(random, world)
    packet = replace(a_packet(random), fragment=Fragment.WHOLE)
    story: Story = [pair.step(1, packet)]
    if random.random() < 0.5:
        story.append(pair.swapped.step(1, reply_to(packet)))
    for _ in range(random.randint(1, 3)):
        reporter = random.choice((pair.other, pair.other, pair.other, random.choice(world.instances)))
        to = random.choice((pair.here, pair.here, pair.here, random.choice(world.instances).address))
        error = an_error_about(random, pair.here, pair.other.address, packet)
        story.append(Step(random.choice(GAPS_S), reporter.key, to, error))
    if random.random() < 0.4:
        # The asker complains about the answer.
        error = an_error_about(random, pair.there, pair.one.address, reply_to(packet))
        story.append(pair.step(1, error))
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
    pair = a_pair(random, world)
    there = a_packet(random)
    story: Story = []
    for fragment in random.choices((Fragment.FIRST, Fragment.LATER, Fragment.LATER), k=random.randint(3, 6)):
        forward = not story or random.random() < 0.5
        speaking, packet = (pair, there) if forward else (pair.swapped, reply_to(there))
        story.append(speaking.step(random.choice(GAPS_S), replace(packet, fragment=fragment)))
    return story


def through_an_appliance(random: Random, world: SmallWorld) -> Story:
    """Who does not check may forward: what another sent, with that one's address."""
    forwarders = [each for each in world.instances if not each.checked]
    if not forwarders:
        return a_conversation(random, world)
    middle = random.choice(forwarders)
    pair = a_pair(random, world)
    there = replace(a_packet(random), fragment=Fragment.WHOLE)
    back = reply_to(there)
    return [
        pair.step(1, there),
        Step(1, middle.key, pair.there, replace(there, source=pair.one.address)),
        pair.swapped.step(1, back),
        Step(1, middle.key, pair.here, replace(back, source=pair.other.address)),
        pair.step(random.choice(GAPS_S), there),
        Step(1, middle.key, pair.there, replace(there, source=pair.one.address)),
    ]


def abroad(random: Random, world: SmallWorld) -> Story:
    """Two speak over the Internet, where there is a way to it."""
    pairs = [pair for one in world.faces for pair in _over_the_internet(world, one)]
    return [*quick_talk(random, random.choice(pairs))] if pairs else []


def a_script(random: Random, world: SmallWorld) -> Story:
    """Everything that happens in one world."""
    script: Story = [a_flow(random, world) for _ in range(14)]
    for _ in range(6):
        script += random.choice(STORIES)(random, world)
    if random.random() < 0.3:
        script += a_latecomer(random, world)
    for _ in range(3):
        script += abroad(random, world)
    return [event for event in script if not _is_to_itself(event, world)]


def _is_to_itself(event: Event, world: SmallWorld) -> bool:
    """Such a packet never leaves its machine."""
    return isinstance(event, Step) and any(face.key == event.src and face.address == event.dst for face in world.faces)


STORIES: tuple[Callable[[Random, SmallWorld], Story], ...] = (
    a_conversation,
    a_pause,
    a_changed_world,
    a_broken_conversation,
    fragments,
    through_an_appliance,
)
