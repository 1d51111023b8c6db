"""IPv6 over the internet gateways: nobody cuts a packet on its way, so whoever sends must hear what fits."""

from typing import Any

import pytest
from ipv6.lab import ABROAD, World
from journeys.lab import MS, S
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment

from dcsim.pinging import Payload, Pinger
from dcsim.trace import trace
from dcsim.traffic_spec import TrafficSpec
from netvirt.address import parse_address
from netvirt.journey import Outcome
from netvirt.vpc.traffic import UDP
from netvirt.wire import icmpv6
from netvirt.wire.ethernet import ETHERTYPE_IPV6, Ethernet
from netvirt.wire.icmpv6 import PACKET_TOO_BIG
from netvirt.wire.ipv6 import PROTOCOL_ICMPV6, Ipv6

from .test_stack import LEFT_MAC, RIGHT_MAC, V6, Link


@pytest.fixture
def region() -> World:
    return World()


def too_big(region: World, guest: str, octets: int) -> list[Any]:
    """What its packet to the customer brought it."""
    heard = region[guest].watch()
    text = "x" * (octets - 48)
    region[guest].send(region.datagram(guest, region.ipv6("customer"), text))
    region.wait(ABROAD)
    assert region.world.unaccounted == 0
    return [frame.packet[IPv6] for frame in heard if frame.data[54] == PACKET_TOO_BIG]


@pytest.mark.parametrize("guest", ["web-a", "app-a"])
def test_the_router_says_packet_too_big(region: World, guest: str) -> None:
    """At the internet gateway and at the egress-only one, though it could not be cut either way."""
    assert too_big(region, guest, 1500) == []
    (told,) = too_big(region, guest, 1501)
    assert (told.dst, told.payload.type, told.payload.mtu) == (region.ipv6(guest), 2, 1500)
    assert len(told) == 1280, "as much of it as the smallest MTU has room for (RFC 4443)"
    assert region.lost[-1].reason is Outcome.OVERSIZE


def test_a_trace_says_so(region: World) -> None:
    spec = TrafficSpec(UDP, 9, 4000, 1501)
    for guest, hop in (("web-a", "igw"), ("app-a", "eigw")):
        found = trace(region.world, region[guest], parse_address(region.ipv6("customer")), spec)
        assert found.forward.outcome is Outcome.OVERSIZE
        assert found.limit is not None and (found.limit.kind, found.path_mtu) == (hop, 1500)
        (note,) = found.notes
        assert note.endswith(f'tells {guest} "packet too big", 1500 bytes')


def test_guests_learn_it_and_make_the_fragments_themselves(region: World) -> None:
    """The first request is lost and the first answer too; then both ends know."""
    target = parse_address(region.ipv6("other"))
    heard = region["other"].watch()
    pinger = Pinger(region.world, region["web-a"], target, S, 900 * MS, Payload(3000))
    pinger.start(region.now, 3)
    region.wait(4 * S)
    pieces = [frame.packet[IPv6] for frame in heard if frame.packet.haslayer(IPv6ExtHdrFragment)]
    assert [len(piece) for piece in pieces] == [1496, 1496, 160] * 2
    assert len({piece[IPv6ExtHdrFragment].id for piece in pieces}) == 2
    answers = sorted(pinger.answers, key=lambda answer: answer.sequence)
    assert [answer.rtt_ns is not None for answer in answers] == [False, False, True]


@pytest.mark.parametrize(("sequence", "learned"), [(1, 1400), (2, 9001)])
def test_only_answers_that_were_sent_can_have_been_too_big(sequence: int, learned: int) -> None:
    """RFC 5927: another number is a guess that failed."""
    link = Link()
    left, right = map(parse_address, V6)
    link.ping(V6[1], 3000, count=1)
    answer = icmpv6.Icmpv6(icmpv6.ECHO_REPLY, 0, 7 << 16 | sequence, bytes(octet & 0xFF for octet in range(3000)))
    quote = Ipv6(right, left, PROTOCOL_ICMPV6, answer.emit(right, left)).emit()
    message = icmpv6.packet_too_big(1400, quote).emit(left, right)
    packet = Ipv6(left, right, PROTOCOL_ICMPV6, message).emit()
    link.right.on_frame(Ethernet(RIGHT_MAC, LEFT_MAC, ETHERTYPE_IPV6, packet).emit(), link.now)
    assert link.right._path_mtus.of(left, link.now) == learned
