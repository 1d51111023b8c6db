"""Two hosts and a narrow place between them, frame by frame: what guests without an image do about sizes."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from netvirt.address import Cidr, Ip, Mac, Ns, is_ipv6, octets, parse_address, parse_cidr, parse_cidr_ipv6
from netvirt.ping import Ping, PingResult
from netvirt.stack import Stack
from netvirt.wire import icmp, icmpv6, ipv6
from netvirt.wire.ethernet import ETHERTYPE_IPV4, ETHERTYPE_IPV6, Ethernet
from netvirt.wire.icmp import Icmp
from netvirt.wire.icmpv6 import Icmpv6
from netvirt.wire.ipv4 import Ipv4
from netvirt.wire.ipv6 import Ipv6

S = 1_000_000_000
BLOCKS: tuple[Cidr, ...] = (parse_cidr("10.0.0.0/24"), parse_cidr_ipv6("2001:db8::/64"))
V4, V6 = ("10.0.0.4", "10.0.0.5"), ("2001:db8::4", "2001:db8::5")
LEFT_MAC, RIGHT_MAC = Mac(0x02_00_00_00_00_04), Mac(0x02_00_00_00_00_05)
ROUTER = parse_address("10.0.0.1")


class Link:
    """Between `left` and `right`; what is larger than `mtu` is dropped, and told of to `left` when it may not be cut."""

    def __init__(self, mtu: int = 9001, tells: int = 0) -> None:
        self.results: list[PingResult] = []
        self.mtu, self.tells = mtu, tells or mtu
        self.now = Ns(0)
        self.sent: list[bytes] = []
        left, right = (tuple(map(parse_address, pair)) for pair in zip(V4, V6, strict=True))
        self.left = Stack(LEFT_MAC, left, BLOCKS, self.results.append)
        self.right = Stack(RIGHT_MAC, right, BLOCKS, self.results.append)
        self.shuffle: Callable[[list[bytes]], None] = lambda _: None

    def carry(self, frames: list[bytes], sender: Stack) -> None:
        self.shuffle(frames)
        for data in frames:
            self.sent.append(data)
            frame = Ethernet.parse(data)
            if len(frame.payload) > self.mtu:
                self.carry_back(frame, sender)
                continue
            other = self.right if sender is self.left else self.left
            self.carry(other.on_frame(data, self.now), other)

    def carry_back(self, frame: Ethernet, sender: Stack) -> None:
        if frame.ethertype == ETHERTYPE_IPV6:
            packet = Ipv6.parse(frame.payload)
            told = icmpv6.packet_too_big(self.tells, frame.payload).emit(packet.dst, packet.src)
            answer = Ipv6(packet.dst, packet.src, ipv6.PROTOCOL_ICMPV6, told).emit()
        else:
            message = icmp.unreachable(icmp.FRAGMENTATION_NEEDED, frame.payload, self.tells).emit()
            answer = Ipv4(ROUTER, Ipv4.parse(frame.payload).src, 1, message).emit()
        self.carry(sender.on_frame(Ethernet(frame.src, frame.dst, frame.ethertype, answer).emit(), self.now), sender)

    def ping(self, target: str, size: int, dont_fragment: bool = False, count: int = 3) -> list[bool]:
        """Whether each was answered."""
        self.results.clear()
        self.left.ping(Ping(7, parse_address(target), count, S, S // 2, size, self.now, dont_fragment))
        while self.left.deadline is not None:
            self.now = max(self.now, self.left.deadline)
            self.carry(self.left.poll(self.now), self.left)
        return [result.rtt is not None for result in self.results]

    def packets(self, target: str) -> list[bytes]:
        frames = map(Ethernet.parse, self.sent)
        at = slice(16, 20) if "." in target else slice(24, 40)
        kind = ETHERTYPE_IPV4 if "." in target else ETHERTYPE_IPV6
        wanted = parse_address(target)
        address = octets(wanted) if is_ipv6(wanted) else wanted.to_bytes(4)
        return [each.payload for each in frames if each.ethertype == kind and each.payload[at] == address]


@pytest.mark.parametrize("target", [V4[1], V6[1]])
@pytest.mark.parametrize("size", [8900, 8953, 8974, 20_000, 65_487])
def test_what_is_larger_than_a_frame_goes_and_comes_in_fragments(target: str, size: int) -> None:
    link = Link()
    assert link.ping(target, size) == [True] * 3
    assert max(map(len, link.sent)) <= 14 + 9001
    link.shuffle = Random(7).shuffle
    assert link.ping(target, size) == [True] * 3, "in any order"


def test_who_forbids_fragments_learns_what_fits() -> None:
    """The first is lost, and the others are not even sent, until a smaller one or ten minutes later."""
    link = Link(1500)
    assert link.ping(V4[1], 1473, dont_fragment=True) == [False] * 3
    assert len(link.packets(V4[1])) == 1
    assert link.ping(V4[1], 1472, dont_fragment=True) == [True] * 3
    link.sent.clear()
    link.now = Ns(600 * S)
    assert link.ping(V4[1], 1473, dont_fragment=True) == [False] * 3
    assert len(link.packets(V4[1])) == 1, "it was tried again"


def test_who_has_learned_it_cuts_what_may_be_cut() -> None:
    """And numbers each datagram, so that their fragments are told apart."""
    link = Link(1500)
    link.ping(V4[1], 3000, dont_fragment=True, count=1)
    link.sent.clear()
    # The answers are cut too: the other host has not learned it, and its own frames would be too large.
    link.right._path_mtus.learn(parse_address(V4[0]), 1500, link.now)
    assert link.ping(V4[1], 3000) == [True] * 3
    pieces = list(map(Ipv4.parse, link.packets(V4[1])))
    assert [len(piece.emit()) for piece in pieces] == [1500, 1500, 68] * 3
    assert len({piece.identification for piece in pieces}) == 3


def test_of_ipv6_only_the_sender_makes_fragments() -> None:
    link = Link(1500)
    assert link.ping(V6[1], 3000) == [False, False, True], "the answer is as large, and its sender has to learn it too"
    asked = [packet for packet in link.packets(V6[1]) if packet[6] == ipv6.FRAGMENT or len(packet) > 1500]
    assert [len(packet) for packet in asked] == [3048] + [1496, 1496, 160] * 2
    link.shuffle = Random(3).shuffle
    assert link.ping(V6[1], 3000) == [True] * 3


@pytest.mark.parametrize(
    ("told", "learned"), [(1500, 1500), (600, 600), (551, 552), (68, 552), (0, 552), (65535, 9001)]
)
def test_nobody_is_believed_who_says_too_little(told: int, learned: int) -> None:
    link = Link(1500)
    link.tells = told
    link.ping(V4[1], 8000, dont_fragment=True, count=1)
    assert link.left._path_mtus.of(parse_address(V4[1]), link.now) == learned


def test_only_less_is_news() -> None:
    link = Link(1500)
    link.ping(V4[1], 8000, dont_fragment=True, count=1)
    link.mtu = link.tells = 1400
    link.ping(V4[1], 1472, dont_fragment=True, count=1)
    known = link.left._path_mtus
    known.learn(parse_address(V4[1]), 4000, link.now)
    assert known.of(parse_address(V4[1]), link.now) == 1400
    for number in range(5000):
        known.learn(Ip(number), 1000, link.now)
    assert known.of(Ip(4999), link.now) == 1000
    assert known.of(Ip(1), link.now) == 9001, "the cache has a limit"


# Who forges


def forged(change: Callable[[Ipv4, Icmp], bytes]) -> int:
    """The path MTU after a message about the request that is under way, as `change` quotes it."""
    link = Link()
    link.mtu = 0
    link.carry_back = lambda *_: None  # type: ignore[method-assign]
    target = parse_address(V4[1])
    link.left.ping(Ping(7, target, 1, S, 10 * S, 4000, link.now, dont_fragment=True))
    link.left._neighbours[target] = RIGHT_MAC, 1000 * S
    (frame,) = link.left.poll(link.now)
    request = Ipv4.parse(frame[14:])
    quote = change(request, Icmp.parse(request.payload))
    message = icmp.unreachable(icmp.FRAGMENTATION_NEEDED, quote, 1000).emit()
    packet = Ipv4(ROUTER, parse_address(V4[0]), 1, message).emit()
    assert link.left.on_frame(Ethernet(LEFT_MAC, RIGHT_MAC, ETHERTYPE_IPV4, packet).emit(), link.now) == []
    return link.left._path_mtus.of(target, link.now)


def again(request: Ipv4, message: Icmp, **fields: Any) -> bytes:
    """The quote, with other fields in its IPv4 header or its message."""
    told = Icmp(fields.pop("type", message.type), 0, fields.pop("rest", message.rest), message.payload)
    return replace(request, **{"payload": told.emit(), **fields}).emit()


def test_what_quotes_the_request_is_believed() -> None:
    assert forged(lambda request, message: request.emit()) == 1000
    assert forged(lambda request, message: request.emit()[:28]) == 1000
    assert forged(again) == 1000


@pytest.mark.parametrize(
    "fields",
    [
        {"rest": 7 << 16 | 2}, {"rest": 8 << 16 | 1}, {"type": 0}, {"type": 13}, {"src": ROUTER}, {"dst": ROUTER},
        {"protocol": 17}, {"dont_fragment": False}, {"fragment_offset": 9}, {"payload": bytes(8)},
        {"payload": Icmp(8, 0, 7 << 16 | 1, b"another").emit()}, {"payload": Icmp(8, 0, 7 << 16 | 1).emit()},
    ],
    ids=str,
)  # fmt: skip
def test_what_quotes_anything_else_poisons_nothing(fields: dict[str, Any]) -> None:
    """RFC 5927: who has not seen the request has to guess it; the last one is smaller than what was "needed"."""
    assert forged(lambda request, message: again(request, message, **fields)) == 9001


def test_no_answer_to_another_is_believed() -> None:
    """Once the request is answered, or was given up, its quote is old."""
    link = Link(1500)
    link.ping(V4[1], 1400, dont_fragment=True, count=1)
    link.tells = 600
    (request,) = link.packets(V4[1])
    link.carry_back(Ethernet(RIGHT_MAC, LEFT_MAC, ETHERTYPE_IPV4, request), link.left)
    assert link.left._path_mtus.of(parse_address(V4[1]), link.now) == 9001


def test_whatever_comes_the_stack_stands() -> None:
    """Noise in fragments, in messages about sizes, and in what they quote."""
    random, link = Random(7), Link()
    link.left.ping(Ping(7, parse_address(V4[1]), 100, S, S // 2, 3000, link.now, dont_fragment=True))
    for number in range(500):
        link.now = Ns(number * S // 12)
        inner = bytes(
            IP(src=V4[0], dst=V4[1], flags="DF") / ICMP(id=7, seq=random.randrange(3)) / Raw(bytes(range(50)))
        )
        noise = bytearray(inner[: random.randrange(len(inner))] + random.randbytes(random.randrange(9)))
        if noise:
            noise[random.randrange(len(noise))] ^= random.randrange(256)
        kind = random.choice((ICMP(type=3, code=4, nexthopmtu=random.randrange(65536)), Raw(b""), ICMP(type=8)))
        packet = IP(
            src=V4[1], dst=V4[0], id=random.randrange(4), frag=random.choice((0, 0, 1, 2, 5, 8191)),
            flags=random.choice(("", "MF", "DF")), proto=random.choice((1, 1, 17)),
        ) / kind / Raw(bytes(noise))  # fmt: skip
        link.left.on_frame(bytes(Ether(src="02:00:00:00:00:05", dst="02:00:00:00:00:04") / packet), link.now)
        link.left.poll(link.now)
    assert link.left._reassembler.bytes < 1 << 20
    assert 552 <= link.left._path_mtus.of(parse_address(V4[1]), link.now) <= 9001


# Too late


@pytest.mark.parametrize("first", [True, False])
def test_a_datagram_whose_rest_does_not_come_is_told_of(first: bool) -> None:
    """Only when its beginning came (RFC 792 page 6)."""
    link = Link()
    link.right._neighbours[parse_address(V4[0])] = LEFT_MAC, 1000 * S
    piece = Ipv4(
        parse_address(V4[0]),
        parse_address(V4[1]),
        17,
        bytes(1480),
        more_fragments=True,
        fragment_offset=0 if first else 185,
    )
    link.right.on_frame(Ethernet(RIGHT_MAC, LEFT_MAC, ETHERTYPE_IPV4, piece.emit()).emit(), link.now)
    assert link.right.deadline == 30 * S
    told = [Ipv4.parse(frame[14:]) for frame in link.right.poll(Ns(30 * S))]
    assert [Icmp.parse(each.payload).type for each in told] == ([icmp.TIME_EXCEEDED] if first else [])
    assert link.right.deadline is None


def test_nobody_is_told_of_an_error_in_pieces() -> None:
    link = Link()
    link.right._neighbours[parse_address(V4[0])] = LEFT_MAC, 1000 * S
    error = icmp.unreachable(3, bytes(512)).emit()
    piece = Ipv4(parse_address(V4[0]), parse_address(V4[1]), 1, error, more_fragments=True)
    link.right.on_frame(Ethernet(RIGHT_MAC, LEFT_MAC, ETHERTYPE_IPV4, piece.emit()).emit(), link.now)
    link.right._neighbours[parse_address(V6[0])] = LEFT_MAC, 1000 * S
    ends = parse_address(V6[0]), parse_address(V6[1])
    header = ipv6.fragment(ipv6.PROTOCOL_ICMPV6, 0, True, 5)
    error6 = header + Icmpv6(1, 4, 0, bytes(512)).emit(*ends)
    piece6 = Ipv6(*ends, ipv6.FRAGMENT, error6)
    link.right.on_frame(Ethernet(RIGHT_MAC, LEFT_MAC, ETHERTYPE_IPV6, piece6.emit()).emit(), link.now)
    assert link.right.poll(Ns(30 * S)) == []
