"""A host's IP stack for guests that bring none: ARP and neighbor discovery, ICMP of both families. Sans-I/O.

RFC 826 for ARP, RFC 4861 for neighbor discovery, RFC 1122 for what a host must answer. Its addresses are given to it:
it asks neither DHCP nor routers.
"""

from collections.abc import Callable
from dataclasses import replace

from netvirt.address import ANY_IPV6, BROADCAST_MAC, Cidr, Ip, Mac, Ns, is_ipv6, multicast_mac, solicited_node
from netvirt.fragmentation import fragments, fragments_ipv6
from netvirt.mtu import MTU_BYTES
from netvirt.path_mtu import PathMtus
from netvirt.ping import Ping, PingResult
from netvirt.reassembly import Piece, Reassembler
from netvirt.vpc.view import ROUTER_IPV6
from netvirt.wire import arp, icmp, icmpv6, ipv6, nd
from netvirt.wire.arp import Arp
from netvirt.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, Ethernet
from netvirt.wire.icmp import Icmp
from netvirt.wire.icmpv6 import Icmpv6
from netvirt.wire.ipv4 import PROTOCOL_ICMP, PROTOCOL_UDP, Ipv4, header_checksum_ok
from netvirt.wire.ipv6 import PROTOCOL_ICMPV6, Ipv6
from netvirt.wire.malformed import Malformed
from netvirt.wire.nd import NeighborAdvertisement, NeighborSolicitation

ARP_RETRY_NS = 1_000_000_000
"""At most one request a second and address (RFC 1122 section 2.3.2.1; RETRANS_TIMER of RFC 4861 section 10)."""
ARP_TRIES = 3
"""MAX_MULTICAST_SOLICIT of RFC 4861 section 10 too."""
ARP_LIFETIME_NS = 60_000_000_000
"""Linux's base_reachable_time is 30 s and an unused entry turns stale; RFC 1122 section 2.3.2.1 says a minute."""
ARP_QUEUE_BYTES = 212_992
"""Kept of packets for an address under resolution (Linux's unres_qlen_bytes; RFC 1122 section 2.3.2.2 asks for one)."""


ANSWERED = 64
"""Who asked, and what they were last told: an error about that is believed."""


class _Resolution:
    """Packets that wait for an answer to who-has, or to its IPv6 counterpart."""

    __slots__ = ("packets", "retry_at", "tries")

    def __init__(self, now: Ns) -> None:
        self.packets: list[bytes] = []
        self.tries = 1
        self.retry_at = now + ARP_RETRY_NS

    def keep(self, packet: bytes) -> None:
        self.packets.append(packet)
        while sum(map(len, self.packets)) > ARP_QUEUE_BYTES:
            del self.packets[0]


class Stack:
    """One interface with its addresses, of which the first of each family is what it speaks with unasked.

    `blocks` are its subnet's, the first of IPv4. `on_result` hears how each ping ended.
    """

    def __init__(
        self, mac: Mac, addresses: tuple[Ip, ...], blocks: tuple[Cidr, ...], on_result: Callable[[PingResult], None]
    ) -> None:
        self.mac = mac
        self.addresses = addresses
        self._blocks = blocks
        self._router = Ip(blocks[0].network + 1)
        self._on_result = on_result
        self._neighbours: dict[Ip, tuple[Mac, int]] = {}
        self._resolving: dict[Ip, _Resolution] = {}
        self._pings: dict[int, Ping] = {}
        self._path_mtus = PathMtus(MTU_BYTES.value)
        self._answered: dict[Ip, tuple[int, int]] = {}
        self._reassembler = Reassembler()
        self._identification = 0

    # Sending

    def send(self, packet: bytes, destination: Ip, now: Ns) -> list[bytes]:
        """Frames to send so that this IP packet leaves: itself, or a question who has its next hop."""
        hop = self._hop(destination)
        mac, expires = self._neighbours.get(hop, (None, 0))
        if mac is not None and expires > now:
            return [self._frame(mac, packet, hop)]
        resolution = self._resolving.get(hop)
        if resolution is not None:
            resolution.keep(packet)
            return []
        resolution = self._resolving[hop] = _Resolution(now)
        resolution.keep(packet)
        return [self._who_has(hop)]

    def _hop(self, destination: Ip) -> Ip:
        if any(block.holds(destination) for block in self._blocks):
            return destination
        return ROUTER_IPV6 if is_ipv6(destination) else self._router

    def _frame(self, mac: Mac, packet: bytes, hop: Ip) -> bytes:
        return Ethernet(mac, self.mac, ETHERTYPE_IPV6 if is_ipv6(hop) else ETHERTYPE_IPV4, packet).emit()

    def _who_has(self, address: Ip) -> bytes:
        if is_ipv6(address):
            group = solicited_node(address)
            question = NeighborSolicitation(address, self.mac).emit()
            return self._frame(multicast_mac(group), _icmpv6(question, self._own(address), group, nd.HOP_LIMIT), group)
        request = arp.request(self.mac, self._own(address), address).emit()
        return Ethernet(BROADCAST_MAC, self.mac, ETHERTYPE_ARP, request).emit()

    def _own(self, other: Ip) -> Ip:
        """What it speaks with to `other`."""
        return next(address for address in self.addresses if is_ipv6(address) == is_ipv6(other))

    def speaks_to(self, other: Ip) -> bool:
        """Has it an address of that family?"""
        return any(is_ipv6(address) == is_ipv6(other) for address in self.addresses)

    def _send_icmp(
        self, message: Icmp | Icmpv6, source: Ip, destination: Ip, now: Ns, dont_fragment: bool = False
    ) -> list[bytes]:
        """In fragments, where it is larger than what is known of the way; nothing, where those are forbidden."""
        mtu = self._path_mtus.of(destination, now)
        # What may be cut has a number of its own, among those on their way (RFC 6864 section 4.3).
        self._identification = self._identification + (not dont_fragment) & 0xFFFF
        number = 0 if dont_fragment else self._identification
        if isinstance(message, Icmpv6):
            packet = Ipv6(source, destination, PROTOCOL_ICMPV6, message.emit(source, destination))
            pieces = fragments_ipv6(packet, mtu, number)
        else:
            whole = Ipv4(source, destination, PROTOCOL_ICMP, message.emit(), identification=number)
            pieces = fragments(replace(whole, dont_fragment=dont_fragment).emit(), mtu)
        if dont_fragment and len(pieces) > 1:
            return []
        return [frame for piece in pieces for frame in self.send(piece, destination, now)]

    def ping(self, ping: Ping) -> None:
        """Begin a series; `poll` sends its first request. The target's family is one that it has an address of."""
        assert self.speaks_to(ping.target), "who orders a ping has asked"
        self._pings[ping.number] = ping

    def stop_ping(self, number: int) -> None:
        self._pings.pop(number, None)

    # Engine

    @property
    def deadline(self) -> Ns | None:
        moments = [ping.deadline for ping in self._pings.values()]
        moments += [Ns(resolution.retry_at) for resolution in self._resolving.values()]
        moments.append(self._reassembler.deadline)
        return min((moment for moment in moments if moment is not None), default=None)

    def poll(self, now: Ns) -> list[bytes]:
        frames: list[bytes] = []
        for address, resolution in list(self._resolving.items()):
            if resolution.retry_at <= now:
                frames += self._ask_again(address, resolution, now)
        for ping in list(self._pings.values()):
            for due in ping.poll(now):
                if isinstance(due, PingResult):
                    self._on_result(due)
                else:
                    frames += self._send_icmp(due, self._own(ping.target), ping.target, now, ping.dont_fragment)
            if ping.done:
                self._pings.pop(ping.number, None)
        for first in self._reassembler.expire(now):
            frames += self._tell_of_loss(first, now)
        return frames

    def _ask_again(self, address: Ip, resolution: _Resolution, now: Ns) -> list[bytes]:
        if resolution.tries >= ARP_TRIES:
            del self._resolving[address]
            return []
        resolution.tries += 1
        resolution.retry_at = now + ARP_RETRY_NS
        return [self._who_has(address)]

    def on_frame(self, data: bytes, now: Ns) -> list[bytes]:
        try:
            frame = Ethernet.parse(data)
            if frame.ethertype == ETHERTYPE_ARP:
                return self._on_arp(Arp.parse(frame.payload), now)
            if frame.ethertype == ETHERTYPE_IPV4 and frame.dst == self.mac and header_checksum_ok(frame.payload):
                return self._on_ipv4(Ipv4.parse(frame.payload), frame.payload, now)
            if frame.ethertype == ETHERTYPE_IPV6:
                return self._on_ipv6(Ipv6.parse(frame.payload), frame, now)
        except Malformed:
            pass  # a host drops what it cannot read (RFC 1122 section 3.2.1)
        return []

    def _on_arp(self, message: Arp, now: Ns) -> list[bytes]:
        if message.operation == arp.REQUEST and message.target_ip in self.addresses:
            answer = message.reply(self.mac).emit()
            return [Ethernet(message.sender_mac, self.mac, ETHERTYPE_ARP, answer).emit()]
        return self._resolved(message.sender_ip, message.sender_mac, now)

    def _resolved(self, address: Ip, mac: Mac, now: Ns) -> list[bytes]:
        """Somebody has the address; only if that was asked."""
        resolution = self._resolving.pop(address, None)
        if resolution is None:
            return []
        self._neighbours[address] = (mac, now + ARP_LIFETIME_NS)
        return [self._frame(mac, packet, address) for packet in resolution.packets]

    def _on_ipv4(self, packet: Ipv4, raw: bytes, now: Ns) -> list[bytes]:
        if packet.dst not in self.addresses:
            return []
        if packet.is_fragment:
            key = packet.src, packet.dst, packet.protocol, packet.identification
            piece = Piece(packet.fragment_offset * 8, packet.payload, packet.more_fragments, raw)
            whole = self._reassembler.add(key, piece, now)
            if whole is None:
                return []
            packet, raw = replace(packet, payload=whole.payload), whole.first
        if packet.protocol == PROTOCOL_ICMP:
            return self._on_icmp(packet, now)
        if packet.protocol == PROTOCOL_UDP:
            return self._send_icmp(icmp.unreachable(icmp.PORT_UNREACHABLE, raw), packet.dst, packet.src, now)
        return []

    def _on_icmp(self, packet: Ipv4, now: Ns) -> list[bytes]:
        if not icmp.checksum_ok(packet.payload):
            return []
        message = Icmp.parse(packet.payload)
        if message.type == icmp.ECHO_REQUEST:
            return self._send_icmp(message.reply(), packet.dst, packet.src, now)
        if message.type == icmp.ECHO_REPLY:
            self._on_echo_reply(packet.src, message, now)
        elif message.type == icmp.DESTINATION_UNREACHABLE and message.code == icmp.FRAGMENTATION_NEEDED:
            quote = Ipv4.parse_quote(message.payload)
            if quote.protocol == PROTOCOL_ICMP and quote.dont_fragment and not quote.fragment_offset:
                size = int.from_bytes(message.payload[2:4])
                self._on_too_big(quote.src, quote.dst, Icmp.parse(quote.payload), size, message.next_hop_mtu, now)
        return []

    def _on_too_big(self, source: Ip, target: Ip, request: Icmp | Icmpv6, size: int, mtu: int, now: Ns) -> None:
        """Believed only of what was sent, waits for its answer, and would not have fitted (RFC 5927 section 7.2)."""
        asked = request.type == (icmpv6.ECHO_REQUEST if isinstance(request, Icmpv6) else icmp.ECHO_REQUEST)
        waits = asked and any(ping.waits_for(target, request) for ping in self._pings.values())
        # Nobody cuts what answers over IPv6, so who answered has to hear of it too.
        answered = isinstance(request, Icmpv6) and self._answered.get(target) == (request.type, request.rest)
        if source in self.addresses and (waits or answered) and mtu < size:
            self._path_mtus.learn(target, mtu, now)

    def _tell_of_loss(self, first: bytes, now: Ns) -> list[bytes]:
        """That a datagram's rest did not come (RFC 792 page 6; RFC 1122 section 3.3.2); never about an error."""
        if first[0] >> 4 == 6:
            packet = Ipv6.parse(first)
            carried = ipv6.upper(packet)
            if carried.protocol == PROTOCOL_ICMPV6 and carried.payload[:1] < b"\x80":
                return []
            loss = Icmpv6(icmpv6.TIME_EXCEEDED, icmp.REASSEMBLY_EXCEEDED, 0, first[: icmpv6.QUOTE_MAX_BYTES])
            return self._send_icmp(loss, packet.dst, packet.src, now)
        whole = Ipv4.parse(first)
        if whole.protocol == PROTOCOL_ICMP and whole.payload[0] in icmp.ERRORS:
            return []
        return self._send_icmp(icmp.time_exceeded(icmp.REASSEMBLY_EXCEEDED, first), whole.dst, whole.src, now)

    def _on_ipv6(self, packet: Ipv6, frame: Ethernet, now: Ns) -> list[bytes]:
        carried = ipv6.upper(packet)
        if carried.more_fragments or carried.fragment_offset:
            key = packet.src, packet.dst, carried.identification
            piece = Piece(carried.fragment_offset * 8, carried.payload, carried.more_fragments, frame.payload)
            whole = self._reassembler.add(key, piece, now) if packet.dst in self.addresses else None
            if whole is None:
                return []
            carried = ipv6.upper(Ipv6.parse(whole.first))._replace(payload=whole.payload)
        if carried.protocol == PROTOCOL_ICMPV6:
            if icmpv6.checksum_ok(carried.payload, packet.src, packet.dst):
                return self._on_icmpv6(packet, Icmpv6.parse(carried.payload), frame, now)
        elif carried.protocol == PROTOCOL_UDP and packet.dst in self.addresses and frame.dst == self.mac:
            refusal = icmpv6.unreachable(icmpv6.PORT_UNREACHABLE, frame.payload)
            return self._send_icmp(refusal, packet.dst, packet.src, now)
        return []

    def _on_icmpv6(self, packet: Ipv6, message: Icmpv6, frame: Ethernet, now: Ns) -> list[bytes]:
        if message.type in nd.MESSAGES:
            if ipv6.upper(packet).is_fragment:
                return []  # RFC 6980 section 5
            nd.check(message, packet.src, packet.dst, packet.hop_limit)
            return self._on_discovery(packet, message, frame.src, now)
        if packet.dst not in self.addresses or frame.dst != self.mac:
            return []
        if message.type == icmpv6.ECHO_REQUEST:
            self._answered.pop(packet.src, None)
            if len(self._answered) >= ANSWERED:
                del self._answered[next(iter(self._answered))]
            self._answered[packet.src] = icmpv6.ECHO_REPLY, message.rest
            return self._send_icmp(message.reply(), packet.dst, packet.src, now)
        if message.type == icmpv6.ECHO_REPLY:
            self._on_echo_reply(packet.src, message, now)
        elif message.type == icmpv6.PACKET_TOO_BIG:
            quoted = ipv6.upper(Ipv6.parse_quote(message.payload))
            if quoted.protocol == PROTOCOL_ICMPV6 and not quoted.fragment_offset:
                size = ipv6.HEADER_BYTES + int.from_bytes(message.payload[4:6])
                self._on_too_big(quoted.src, quoted.dst, Icmpv6.parse(quoted.payload), size, message.rest, now)
        return []

    def _on_discovery(self, packet: Ipv6, message: Icmpv6, asker: Mac, now: Ns) -> list[bytes]:
        if message.type == icmpv6.NEIGHBOR_SOLICITATION:
            target = NeighborSolicitation.parse(message).target
            if target not in self.addresses or packet.src == ANY_IPV6:
                return []
            answer = NeighborAdvertisement(target, self.mac, solicited=True, override=True).emit()
            return [self._frame(asker, _icmpv6(answer, target, packet.src, nd.HOP_LIMIT), target)]
        if message.type == icmpv6.NEIGHBOR_ADVERTISEMENT:
            told = NeighborAdvertisement.parse(message)
            if told.target_mac is not None:
                return self._resolved(told.target, told.target_mac, now)
        return []

    def _on_echo_reply(self, source: Ip, message: Icmp | Icmpv6, now: Ns) -> None:
        for ping in list(self._pings.values()):
            result = ping.on_reply(source, message, now)
            if result is not None:
                self._on_result(result)
                if ping.done:
                    del self._pings[ping.number]
                return


def _icmpv6(message: Icmpv6, source: Ip, destination: Ip, hop_limit: int) -> bytes:
    return Ipv6(source, destination, PROTOCOL_ICMPV6, message.emit(source, destination), hop_limit).emit()
