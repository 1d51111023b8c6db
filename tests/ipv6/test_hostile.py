"""Whatever a guest says by IPv6, nothing breaks, every frame is accounted for, and nobody hears what is another's."""

from random import Random

import pytest
from journeys.lab import MS
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6ND_RA,
    ICMPv6ND_RS,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from netvirt.address import format_mac
from netvirt.journey import Outcome

from .lab import World

FRAMES = 400


def patterns(world: World) -> list[bytes]:
    """What is worth damaging."""
    mac, own, twin = format_mac(world["web-a"].mac), world.ipv6("web-a"), world.ipv6("twin")
    to_all = Ether(src=mac, dst="33:33:00:00:00:01")
    to_twin = Ether(src=mac, dst=format_mac(world["twin"].mac)) / IPv6(src=own, dst=twin)
    chain = IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting() / IPv6ExtHdrDestOpt() / IPv6ExtHdrFragment(m=1, id=1)
    frames = [
        world.solicit("web-a", twin),
        world.solicit("web-a", twin, src="::", option=False),
        to_all / IPv6(src=world.link_local("web-a"), dst="ff02::2", hlim=255) / ICMPv6ND_RS(),
        to_all / IPv6(src=world.link_local("web-a"), dst="ff02::1", hlim=255) / ICMPv6ND_RA(),
        to_all / IPv6(src=twin, dst="ff02::1", hlim=255) / ICMPv6ND_NA(tgt=twin),
        to_all / IPv6(src=world.link_local("web-a"), dst="ff02::16", hlim=1) / ICMPv6MLReport2(),
        world.echo("web-a", world.ipv6("web-b")),
        world.datagram("web-a", world.ipv6("customer")),
        to_twin / chain / UDP(sport=4000, dport=9) / Raw(bytes(24)),
        to_twin / IPv6ExtHdrFragment(nh=17, offset=3, m=1, id=1) / Raw(bytes(24)),
        to_twin / ICMPv6PacketTooBig(mtu=1) / Raw(bytes(IPv6(src=twin, dst=own) / UDP(sport=9, dport=4000))),
    ]
    return [bytes(frame) for frame in frames]


def damaged(random: Random, frame: bytes) -> bytes:
    data = bytearray(frame)
    for _ in range(random.randint(0, 4)):
        data[random.randrange(14, len(data))] = random.choice([0, 1, 43, 44, 58, 60, 255, random.randrange(256)])
    if random.random() < 0.2:
        del data[random.randrange(14, len(data)) :]
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_any_bytes_end_somewhere(seed: int) -> None:
    random, world = Random(f"{seed}/hostile"), World()
    sound = patterns(world)
    twin = world["twin"].watch()
    for _ in range(FRAMES):
        world["web-a"].send(damaged(random, random.choice(sound)))
        world.wait(MS)
    world.wait(1000 * MS)
    assert world.world.unaccounted == 0
    own = world.ipv6("web-a")
    for frame in twin:
        packet = frame.packet
        # What reaches a neighbour bears its sender's own address, or is the host's answer to its own question.
        assert packet[IPv6].src == own or packet.src == format_mac(world["web-a"].mac) or ICMPv6ND_NA in packet
    assert not [frame for frame in twin if ICMPv6ND_RA in frame.packet]
    reasons = {lost.reason for lost in world.lost}
    assert {Outcome.MALFORMED, Outcome.SOURCE_DEST_CHECK, Outcome.SECURITY_GROUP} <= reasons
