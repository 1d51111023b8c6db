"""A host's IP stack for guests that bring none: ARP, ICMP, raw IPv4. Sans-I/O.

RFC 826 for ARP, RFC 1122 for what a host must answer.
"""

from collections.abc import Callable

from netvirt.address import BROADCAST_MAC, Cidr, Ip, Mac, Ns
from netvirt.ping import Ping, PingResult
from netvirt.wire import arp, icmp
from netvirt.wire.arp import Arp
from netvirt.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, Ethernet
from netvirt.wire.icmp import Icmp
from netvirt.wire.ipv4 import PROTOCOL_ICMP, PROTOCOL_UDP, Ipv4, header_checksum_ok
from netvirt.wire.malformed import Malformed

ARP_RETRY_NS = 1_000_000_000
"""At most one request a second and address (RFC 1122 section 2.3.2.1)."""
ARP_TRIES = 3
ARP_LIFETIME_NS = 60_000_000_000
"""Linux's base_reachable_time is 30 s and an unused entry turns stale; RFC 1122 section 2.3.2.1 says a minute."""
ARP_QUEUE = 3
"""Packets kept per address under resolution (Linux's unres_qlen keeps a few; RFC 1122 section 2.3.2.2 asks for one)."""


class _Resolution:
    """Packets that wait for an answer to who-has."""

    __slots__ = ("packets", "retry_at", "tries")

    def __init__(self, now: Ns) -> None:
        self.packets: list[bytes] = []
        self.tries = 1
        self.retry_at = now + ARP_RETRY_NS


class Stack:
    """One interface with its addresses, of which the first is what it speaks with unasked. `on_result` hears how each
    ping ended."""

    def __init__(
        self, mac: Mac, addresses: tuple[Ip, ...], subnet: Cidr, on_result: Callable[[PingResult], None]
    ) -> None:
        self.mac = mac
        self.addresses = addresses
        self.address = addresses[0]
        self._subnet = subnet
        self._router = Ip(subnet.network + 1)
        self._on_result = on_result
        self._neighbours: dict[Ip, tuple[Mac, int]] = {}
        self._resolving: dict[Ip, _Resolution] = {}
        self._pings: dict[int, Ping] = {}

    # Sending

    def send(self, packet: bytes, destination: Ip, now: Ns) -> list[bytes]:
        """Frames to send so that this IPv4 packet leaves: itself, or a question who has its next hop."""
        hop = destination if self._subnet.holds(destination) else self._router
        mac, expires = self._neighbours.get(hop, (None, 0))
        if mac is not None and expires > now:
            return [Ethernet(mac, self.mac, ETHERTYPE_IPV4, packet).emit()]
        resolution = self._resolving.get(hop)
        if resolution is not None:
            resolution.packets = (resolution.packets + [packet])[-ARP_QUEUE:]
            return []
        resolution = self._resolving[hop] = _Resolution(now)
        resolution.packets.append(packet)
        return [self._who_has(hop)]

    def _who_has(self, address: Ip) -> bytes:
        question = arp.request(self.mac, self.address, address).emit()
        return Ethernet(BROADCAST_MAC, self.mac, ETHERTYPE_ARP, question).emit()

    def _send_icmp(self, message: Icmp, source: Ip, destination: Ip, now: Ns) -> list[bytes]:
        return self.send(Ipv4(source, destination, PROTOCOL_ICMP, message.emit()).emit(), destination, now)

    def ping(self, ping: Ping) -> None:
        """Begin a series; `poll` sends its first request."""
        self._pings[ping.number] = ping

    def stop_ping(self, number: int) -> None:
        self._pings.pop(number, None)

    # Engine

    @property
    def deadline(self) -> Ns | None:
        moments = [ping.deadline for ping in self._pings.values()]
        moments += [Ns(resolution.retry_at) for resolution in self._resolving.values()]
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
                    frames += self._send_icmp(due, self.address, ping.target, now)
            if ping.done:
                self._pings.pop(ping.number, None)
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
        except Malformed:
            pass  # a host drops what it cannot read (RFC 1122 section 3.2.1)
        return []

    def _on_arp(self, message: Arp, now: Ns) -> list[bytes]:
        if message.operation == arp.REQUEST and message.target_ip in self.addresses:
            answer = message.reply(self.mac).emit()
            return [Ethernet(message.sender_mac, self.mac, ETHERTYPE_ARP, answer).emit()]
        resolution = self._resolving.pop(message.sender_ip, None)
        if resolution is None:
            return []
        self._neighbours[message.sender_ip] = (message.sender_mac, now + ARP_LIFETIME_NS)
        return [Ethernet(message.sender_mac, self.mac, ETHERTYPE_IPV4, packet).emit() for packet in resolution.packets]

    def _on_ipv4(self, packet: Ipv4, raw: bytes, now: Ns) -> list[bytes]:
        if packet.dst not in self.addresses or packet.is_fragment:
            return []
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
        return []

    def _on_echo_reply(self, source: Ip, message: Icmp, now: Ns) -> None:
        for ping in list(self._pings.values()):
            result = ping.on_reply(source, message, now)
            if result is not None:
                self._on_result(result)
                if ping.done:
                    del self._pings[ping.number]
                return
