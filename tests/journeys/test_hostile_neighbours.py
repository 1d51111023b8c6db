"""A guest that breaks every rule, next to two that ping each other: it loses itself only, and an event says so."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from machine_lab import (
    AVAIL,
    BUFFER,
    FOREVER,
    SLEEP,
    again,
    available,
    deadline,
    descriptor,
    go,
    load,
    notify,
    open_device,
    open_queue,
    program,
    store,
)
from observe.reader import read
from scapy.contrib.geneve import GENEVE
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw
from simpy import Event

from dcsim.observe.capture import Capture
from dcsim.observe.event import GuestFaulted
from hypervisor.devices.memory import NET_BASE, RAM_BASE
from hypervisor.images import ELF_HEADER, PROGRAM_HEADER
from hypervisor.machine.machine import Machine
from netvirt.address import format_mac
from netvirt.journey import Outcome

from .lab import MS, US, Region, S, Seen, lost_ticks, round_trips

NEXT = 1
BROADCAST = "ff:ff:ff:ff:ff:ff"
APART = "{racks: 4, hosts: 1}"
"""Four racks, a host each: evil and its sink share no queue with the good ones."""
TOGETHER = "{racks: 1, hosts: 1}"
"""One host a zone: left and evil share a NIC, and the fibre to right and sink."""

NEIGHBOURS = """
plant: PLANT
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {per_zone: true, cidr_block: 10.0.0.0/24}
    security_groups:
      friends: {ingress: icmp from friends}
      strangers: {ingress: udp from strangers}
    instances:
      left: {subnet: net-a, security_groups: friends, image: agent}
      right: {subnet: net-FAR, security_groups: friends, image: agent}
      evil: {subnet: net-a, security_groups: strangers, image: "IMAGE"}
      sink: {subnet: net-FAR, security_groups: strangers}
"""


def neighbours(plant: str, image: Path) -> Region:
    far = "a" if plant is APART else "b"
    text = NEIGHBOURS.replace("PLANT", plant).replace("FAR", far).replace("IMAGE", str(image))
    region = Region(text, until=0)
    hosts = [region[name].host.name for name in ("left", "right", "evil", "sink")]
    apart = ["a/r1/h1", "a/r2/h1", "a/r3/h1", "a/r4/h1"]
    assert hosts == (apart if plant is APART else ["a/r1/h1", "b/r1/h1", "a/r1/h1", "b/r1/h1"])
    return region


def elf(directory: Path, *parts: bytes) -> Path:
    """A program as a file that a topology can name."""
    image = program(*parts)
    (segment,) = image.segments
    start = ELF_HEADER.size + PROGRAM_HEADER.size
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = ELF_HEADER.pack(
        ident, 2, 62, 1, image.entry, ELF_HEADER.size, 0, 0, ELF_HEADER.size, PROGRAM_HEADER.size, 1, 0, 0, 0
    )
    size = len(segment.data)
    table = PROGRAM_HEADER.pack(1, 7, start, segment.address, segment.address, size, size, 1)
    path = directory / f"{len(list(directory.iterdir()))}.elf"
    path.write_bytes(header + table + segment.data)
    return path


IDLE = (deadline(1 << 62), SLEEP)
CARD = open_device(NET_BASE) + open_queue(NET_BASE, 1) + go(NET_BASE)
COUNT = b"\x66\xff\x04\x25" + (AVAIL + 2).to_bytes(4, "little")
"""inc word [AVAIL + 2]: another eight descriptors are available."""

Good = tuple[list[Seen], list[int], list[int | None]]


def play(region: Region, story: Iterable[tuple[int, bytes]] = (), span: int = 150 * MS) -> Good:
    """left pings right every 2 ms while evil does what it does; what the good ones sent, got and measured."""

    def send() -> Iterator[Event]:
        for gap, frame in story:
            yield region.clock.timeout(gap)
            region["evil"].send(frame)

    region.run(10 * MS)
    pinger = region.ping("left", "right", 2 * MS, 50)
    region.clock.process(send())  # type: ignore[arg-type]
    region.run(region.now + span)
    seen = [each for each in region.seen if each.guest in ("left", "right")]
    assert len(pinger.answers) == 50
    return seen, lost_ticks(pinger.answers), [*round_trips(pinger.answers)]


def bytes_of(seen: Sequence[Seen]) -> dict[tuple[str, bool], list[bytes]]:
    """Per guest and direction, in order; without the times."""
    found: dict[tuple[str, bool], list[bytes]] = {}
    for each in seen:
        found.setdefault((each.guest, each.leaving), []).append(each.data)
    return found


def faults(region: Region) -> list[tuple[str, str]]:
    return [(event.guest, event.reason) for _, event in region.events if isinstance(event, GuestFaulted)]


# Machine code.


HOSTILE: dict[str, tuple[bytes, str, bool]] = {
    "a descriptor outside RAM": (
        CARD + descriptor(0, 0x5000, 64) + available(0) + notify(NET_BASE, 1) + b"".join(IDLE),
        "net device needs a reset: transmit queue: descriptor: 64 bytes at 0x5000 are outside RAM",
        True,
    ),
    "a ring that bites its tail": (
        CARD + descriptor(0, BUFFER, 8, NEXT, 0) + available(0) + notify(NET_BASE, 1) + b"".join(IDLE),
        "net device needs a reset: transmit queue: a loop of descriptors",
        True,
    ),
    "an index that jumps ahead": (
        again(CARD + available(9) + notify(NET_BASE, 1)),
        "its devices needed a reset 16 times",
        False,
    ),
    "a read of nothing": (load(0x5000), "read of 0x5000, where there is no memory", False),
    "a jump into a device": (b"\xe9" + (NET_BASE - RAM_BASE - 5).to_bytes(4, "little"), "jump to 0xa000000", False),
    "no instruction": (b"\x0f\x0b", "nvalid instruction", False),
    "spinning forever": (FOREVER, "no HLT in 150000000 instructions; it is taken to be stuck", False),
    "sleeping in the past": (again(deadline(1) + b"\xf4"), "it sets deadlines in the past and never sleeps", False),
}


@pytest.fixture(scope="module")
def peace(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Good]:
    """How it looks to the good ones when evil sleeps."""
    directory = tmp_path_factory.mktemp("idle")
    known: dict[str, Good] = {}

    def of(plant: str) -> Good:
        if plant not in known:
            region = neighbours(plant, elf(directory, *IDLE))
            known[plant] = play(region)
            assert faults(region) == []
            assert known[plant][1] == []
        return known[plant]

    return of


@pytest.mark.slow
@pytest.mark.parametrize("plant", [APART, TOGETHER], ids=["apart", "together"])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_program_loses_only_itself(
    what: str, plant: str, peace: Callable[[str], Good], tmp_path: Path
) -> None:
    """It sends nothing that leaves its host, so not even a nanosecond is different for the others."""
    code, reason, survives = HOSTILE[what]
    region = neighbours(plant, elf(tmp_path, code))
    assert play(region) == peace(plant)
    said = faults(region)
    assert {guest for guest, _ in said} == {"evil"}
    assert reason in said[-1][1]
    machine = region["evil"].instance.guest
    assert isinstance(machine, Machine)
    assert machine.running is survives


def flooder(frame: bytes) -> bytes:
    """Sends the frame as fast as it can, for ever."""
    padded = frame.ljust((len(frame) + 3) // 4 * 4, b"\0")
    words = [int.from_bytes(padded[at : at + 4], "little") for at in range(0, len(padded), 4)]
    stores = b"".join(store(BUFFER + 12 + 4 * number, word) for number, word in enumerate(words))
    ring = b"".join(descriptor(number, BUFFER, 12 + len(frame)) for number in range(8))
    return CARD + stores + ring + available(*range(8), index=0) + again(COUNT + notify(NET_BASE, 1))


def evil_macs() -> tuple[str, str]:
    """evil's own, as the third interface, and its router's."""
    return "0a:01:00:00:00:03", "0a:00:00:00:00:00"


FLOODS: dict[str, tuple[Any, Outcome]] = {
    "another's MAC": (Ether(src="0a:01:00:00:00:01", dst=BROADCAST) / Raw(bytes(64)), Outcome.SPOOFED),
    "broadcasts": (
        Ether(src=evil_macs()[0], dst=BROADCAST) / IP(src="10.0.0.5", dst="255.255.255.255") / UDP(dport=9),
        Outcome.BROADCAST,
    ),
    "questions of ARP": (
        Ether(src=evil_macs()[0], dst=BROADCAST) / ARP(psrc="10.0.0.5", pdst="10.0.0.200"),
        Outcome.UNANSWERED,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", FLOODS)
def test_a_flood_that_its_own_host_drops_is_nobodys_business(
    what: str, peace: Callable[[str], Good], tmp_path: Path
) -> None:
    """On the very host of a good one."""
    frame, reason = FLOODS[what]
    region = neighbours(TOGETHER, elf(tmp_path, flooder(bytes(frame))))
    region["evil"].nic.taps = ()  # a million frames that nobody wants to see
    assert play(region) == peace(TOGETHER)
    drops = region.world.ledger.drops
    assert {reason for _, reason in drops} <= {reason, Outcome.QUEUE_FULL}
    assert drops["a/r1/h1", reason].frames > 10_000
    assert faults(region) == [], "it is wild, but it breaks no rule of its machine"


# Frames.


def own(region: Region, payload: Any, dst: str | None = None, mac: str | None = None) -> bytes:
    """A frame of evil's with its own addresses, to its sink unless told otherwise."""
    evil, sink = region["evil"], region["sink"]
    same = evil.placed.subnet is sink.placed.subnet
    usual = format_mac(sink.mac if same else evil.router_mac)
    ether = Ether(src=format_mac(evil.mac), dst=mac or usual)
    return bytes(ether / IP(src=evil.ip, dst=dst or sink.ip) / payload)


def bare(region: Region, payload: Any, mac: str = BROADCAST) -> bytes:
    return bytes(Ether(src=format_mac(region["evil"].mac), dst=mac) / payload)


def damaged(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


Garbage = Callable[[Region, Random], bytes]

GARBAGE: dict[str, tuple[Garbage, Outcome]] = {
    "nothing": (lambda region, random: b"", Outcome.MALFORMED),
    "noise": (lambda region, random: random.randbytes(100), Outcome.SPOOFED),
    "noise behind its own MAC": (lambda region, random: bare(region, Raw(random.randbytes(60))), Outcome.UNKNOWN),
    "a header cut short": (
        lambda region, random: own(region, UDP())[: random.randrange(15, 34)],
        Outcome.MALFORMED,
    ),
    "a datagram cut short": (lambda region, random: own(region, UDP() / Raw(bytes(50)))[:60], Outcome.MALFORMED),
    "a wrong header checksum": (lambda region, random: damaged(own(region, UDP(dport=9)), 24), Outcome.MALFORMED),
    "a wrong UDP checksum": (lambda region, random: damaged(own(region, UDP(dport=9)), 40), Outcome.DELIVERED),
    "a jumbo frame": (lambda region, random: own(region, UDP(dport=9) / Raw(bytes(8973))), Outcome.DELIVERED),
    "a frame beyond the MTU": (lambda region, random: own(region, UDP() / Raw(bytes(8974))), Outcome.OVERSIZE),
    "a broadcast": (lambda region, random: own(region, UDP(), "255.255.255.255", BROADCAST), Outcome.BROADCAST),
    "a multicast": (lambda region, random: own(region, UDP(), "224.0.0.251", "01:00:5e:00:00:fb"), Outcome.BROADCAST),
    "a question of ARP": (lambda region, random: bare(region, ARP(pdst="10.0.0.99")), Outcome.UNANSWERED),
    "a lie of ARP": (lambda region, random: bare(region, ARP(op=2, psrc=region["left"].ip)), Outcome.CONSUMED),
    "half of ARP": (lambda region, random: bare(region, ARP())[:30], Outcome.MALFORMED),
    "DHCP for another": (
        lambda region, random: own(
            region,
            UDP(sport=68, dport=67) / BOOTP(chaddr=bytes(6)) / DHCP(options=[("message-type", 1), "end"]),
            dst="255.255.255.255",
            mac=BROADCAST,
        ),
        Outcome.CONSUMED,
    ),
    "noise as DHCP": (
        lambda region, random: own(
            region, UDP(sport=68, dport=67) / Raw(random.randbytes(300)), dst="255.255.255.255", mac=BROADCAST
        ),
        Outcome.MALFORMED,
    ),
    "Geneve to its peer": (
        lambda region, random: own(region, UDP(dport=6081) / GENEVE(vni=4096) / Ether() / IP() / UDP()),
        Outcome.DELIVERED,
    ),
    "Geneve to a host": (
        lambda region, random: own(
            region, UDP(dport=6081) / GENEVE(vni=4096) / Ether(), "100.64.0.1", format_mac(region["evil"].router_mac)
        ),
        Outcome.NO_ROUTE,
    ),
    "IPv6": (lambda region, random: bare(region, IPv6(dst="ff02::1") / ICMPv6EchoRequest()), Outcome.BROADCAST),
    "a VLAN tag": (lambda region, random: bare(region, Dot1Q(vlan=7) / IP() / UDP()), Outcome.UNKNOWN),
    "another's address": (
        lambda region, random: bare(
            region, IP(src=region["left"].ip, dst=region["sink"].ip) / UDP(dport=9), format_mac(region["sink"].mac)
        ),
        Outcome.SOURCE_DEST_CHECK,
    ),
    "an address of nobody": (
        lambda region, random: own(region, UDP(), "10.0.200.1", format_mac(region["evil"].router_mac)),
        Outcome.NO_MAPPING,
    ),
    "an unknown MAC": (lambda region, random: own(region, UDP(), mac="0a:01:00:00:00:99"), Outcome.UNKNOWN_MAC),
    "a fragment": (
        lambda region, random: bare(
            region,
            IP(src=region["evil"].ip, dst=region["sink"].ip, frag=10) / Raw(bytes(64)),
            format_mac(region["sink"].mac),
        ),
        Outcome.SECURITY_GROUP,
    ),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_ends_where_it_should(kind: str, tmp_path: Path) -> None:
    region = neighbours(APART, elf(tmp_path, *IDLE))
    region.run(50 * MS)
    make, outcome = GARBAGE[kind]
    fate = region.post("evil", make(region, Random(1)))
    assert fate.outcome is outcome
    place = {Outcome.OVERSIZE: "evil", Outcome.DELIVERED: "sink", Outcome.SECURITY_GROUP: "a/r4/h1"}
    assert fate.place == place.get(outcome, "a/r3/h1")


def flood(region: Region, seed: int, count: int) -> Iterator[tuple[int, bytes]]:
    """All kinds, at random, one every 50 us in the mean."""
    random = Random(seed)
    kinds = [make for make, _ in GARBAGE.values()]
    for _ in range(count):
        yield random.randrange(100 * US), random.choice(kinds)(region, random)


@pytest.mark.slow
def test_garbage_from_another_host_does_not_shift_a_nanosecond(peace: Callable[[str], Good], tmp_path: Path) -> None:
    region = neighbours(APART, elf(tmp_path, *IDLE))
    assert play(region, flood(region, 3, 2500)) == peace(APART)
    assert region.world.ledger.dropped > 1500
    assert faults(region) == []


@pytest.mark.slow
def test_garbage_from_the_same_host_costs_time_but_no_byte(peace: Callable[[str], Good], tmp_path: Path) -> None:
    """Jumbo frames share the NIC and the fibre with left's pings: those wait now and then, and all arrive."""
    region = neighbours(TOGETHER, elf(tmp_path, *IDLE))
    jumbo = own(region, UDP(dport=9) / Raw(bytes(8973)))
    seen, lost, times = play(region, [(8 * US, jumbo)] * 13_000)
    quiet, none_lost, quiet_times = peace(TOGETHER)
    assert bytes_of(seen) == bytes_of(quiet)
    assert lost == none_lost == []
    late = [time - usual for time, usual in zip(times, quiet_times) if time is not None and usual is not None]
    assert sum(delay > 0 for delay in late) > 5
    assert max(late) < 10 * US


# Anything.


ANYTHING = """
plant: {racks: 1, hosts: 1}
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {per_zone: true, cidr_block: 10.0.0.0/24}
    security_groups:
      open: {ingress: all from 10.0.0.0/16}
    instances:
      left: {subnet: net-a, security_groups: open, image: agent}
      beside: {subnet: net-a, security_groups: open}
      right: {subnet: net-b, security_groups: open, image: agent}
"""


def valid(region: Region, random: Random) -> bytes:
    """A frame that would arrive."""
    sender, receiver = random.sample(["left", "beside", "right"], 2)
    kinds = [
        UDP(sport=random.choice([7, 68, 4000]), dport=random.choice([7, 9, 67])) / Raw(random.randbytes(20)),
        TCP(sport=1, dport=80, flags=random.choice(["S", "A", "F", "R", ""])),
        ICMP(type=random.choice([0, 3, 8, 11]), id=1) / Raw(bytes(random.randrange(60))),
        ICMP(type=3, code=4) / IP(src=region[receiver].ip, dst=region[sender].ip) / UDP(sport=9, dport=9),
        Raw(random.randbytes(30)),
    ]
    packet = region.packet(sender, receiver, random.choice(kinds))
    if random.random() < 0.1:
        packet[IP].options = [random.randbytes(4)]
    if random.random() < 0.1:
        packet[IP].frag, packet[IP].flags = random.randrange(100), random.choice(["", "MF", "DF"])
    return bytes(packet)


def mutated(data: bytes, random: Random) -> bytes:
    """One to three wounds behind the MAC addresses; half of them have their header checksum mended."""
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(12, max(13, len(data)))
        wounds = [
            data[:at],
            data[:at] + random.randbytes(random.randrange(9)) + data[at:],
            data[:at] + random.randbytes(1) + data[at + 1 :],
            data + random.randbytes(40),
        ]
        data = random.choice(wounds)
    if random.random() < 0.5 and len(data) > 34:
        total = sum(int.from_bytes(data[i : i + 2]) for i in range(14, 34, 2)) - int.from_bytes(data[24:26])
        checksum = ~(total % 0xFFFF) & 0xFFFF
        data = data[:24] + checksum.to_bytes(2) + data[26:]
    return data


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_any_frame_may_be_sent_by_anybody_at_any_time(seed: int) -> None:
    """Nothing raises, nothing vanishes, the capture is readable, and the agents still answer each other."""
    region, random, file = Region(ANYTHING), Random(seed), BytesIO()
    capture = Capture(region.world, file, "all", [])
    guests = [region[name] for name in ("left", "beside", "right")]
    for number in range(2500):
        guest = random.choice(guests)
        data = valid(region, random)
        if random.random() < 0.7:
            data = mutated(data, random)
        if random.random() < 0.1:
            data = random.randbytes(random.randrange(200))
        guest.send(data[:6] + guest.mac.to_bytes(6) + data[12:] if random.random() < 0.8 else data)
        region.wait(random.randrange(30 * US))
        if number % 10 == 0:
            assert region.world.unaccounted == 0
    region.wait(S)
    capture.close()
    reasons = Counter(each.reason for each in region.lost)
    assert {Outcome.MALFORMED, Outcome.SPOOFED, Outcome.UNKNOWN, Outcome.UNKNOWN_MAC} <= reasons.keys()
    assert sum(not each.leaving for each in region.seen) > 300
    packets = read(file.getvalue()).packets
    assert sum(bool(each.comments) for each in packets) > 500
    assert faults(region) == []
    pinger = region.ping("left", "right", MS, 20)
    region.wait(S)
    assert lost_ticks(pinger.answers) == []
    assert len(pinger.answers) == 20
