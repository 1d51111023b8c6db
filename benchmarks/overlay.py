"""The overlay road with the real rules over six links, with one flow and with ten thousand, beside ns.py's hops."""

import random
from time import perf_counter

from benchmarks.figure import Figure, alternating
from benchmarks.peers import Peer
from benchmarks.worlds import Count, datagram, load_text
from dcsim.world import Guest, World, build
from hypervisor.clock import Source
from netvirt.address import Ns

LINKS = 6
"""Same zone, two racks: vNIC, NIC, ToR to spine, spine to ToR, NIC, vNIC."""
FIRST_SOURCE = 1 << 21
FRAME_BYTES = 500

ONE_ZONE = """
version: 1
region: eu-west-1
zones: [a]
plant: {{racks: 8, hosts: 16, spines: 4}}
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {{availability_zone: a, cidr_block: 10.0.0.0/20}}
    security_groups:
      open: {{ingress: udp 9 from 10.0.0.0/16}}
    instances:
      guest: {{count: {guests}, subnet: net, security_groups: open}}
"""


class Flows:
    """Senders on the clock, each putting its frame on its guest's wire every `gap_ns`."""

    def __init__(self, world: World, pairs: list[tuple[Guest, Guest]], each: int, gap_ns: int) -> None:
        self._clock = world.clock
        self._gap_ns = gap_ns
        draw = random.Random(1)
        for number, (source, target) in enumerate(pairs):
            frame = datagram(source, target, 1024 + number % 60_000, FRAME_BYTES)
            call = (source, frame, Source(FIRST_SOURCE + number), each)
            self._clock.call_at(Ns(self._clock.now + draw.randrange(gap_ns)), call[2], self._send, call)

    def _send(self, call: tuple[Guest, bytes, Source, int]) -> None:
        guest, frame, source, left = call
        guest.nic.transmit(frame)
        if left > 1:
            self._clock.call_at(
                Ns(self._clock.now + self._gap_ns), source, self._send, (guest, frame, source, left - 1)
            )


def rack_of(guest: Guest) -> str:
    return guest.host.name.rpartition("/")[0]


def hops_per_second(flows: int, each: int) -> float:
    world = build(load_text(ONE_ZONE.format(guests=2 if flows == 1 else 128)))
    world.clock.run(until=1_000)
    guests = list(world)
    count = Count()
    for guest in guests:
        guest.nic.guest = count
    draw = random.Random(2)
    pairs = [(guests[0], guests[1])] if flows == 1 else [_apart(guests, draw) for _ in range(flows)]
    Flows(world, pairs, each, gap_ns=2_000 * max(1, flows // 4))
    begin = perf_counter()
    world.clock.run()
    elapsed = perf_counter() - begin
    assert count.frames == flows * each, f"{count.frames} of {flows * each} arrived"
    assert world.unaccounted == 0
    return count.frames * LINKS / elapsed


def _apart(guests: list[Guest], draw: random.Random) -> tuple[Guest, Guest]:
    while True:
        source, target = draw.sample(guests, 2)
        if rack_of(source) != rack_of(target):
            return source, target


def figures() -> list[Figure]:
    found = []
    peer = Peer("ns_py")
    peer.measure()
    for flows, each, floor in ((1, 30_000, 5), (10_000, 50, 3)):
        rounds = 5 if flows == 1 else 3
        ours, theirs = alternating(lambda: hops_per_second(flows, each), peer.measure, rounds)  # noqa: B023  called now
        name = f"overlay, six links, {flows:,} flow{'s' if flows > 1 else ''}"
        found.append(Figure(f"{name}: ns.py's chain", theirs, "hops/s"))
        found.append(Figure(f"{name}: dcsim", ours, "hops/s"))
        found.append(Figure(f"{name}: dcsim beside ns.py", ours / theirs, "x", floor))
    peer.close()
    return found
