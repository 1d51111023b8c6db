"""A packet's octets, as scapy makes them, dressed in whatever must not matter: options, sizes, padding."""

from ipaddress import IPv4Address
from random import Random

from scapy.layers import inet
from scapy.packet import Packet as ScapyPacket
from scapy.packet import Raw
from scapy.utils import checksum

from .packet import ICMP, TCP, UDP, Fragment, Packet, Quote, Sent

LEAST_BYTES = 46
"""What an Ethernet frame carries at least; shorter ones are padded by whoever feels like it."""
OPTIONS: tuple[list[ScapyPacket], ...] = ([], [], [], [], [], [inet.IPOption_NOP()] * 4, [inet.IPOption_Router_Alert()])


class Dresser:
    """Every packet gets clothes of its own."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def dress(self, src: IPv4Address, dst: IPv4Address, packet: Packet) -> bytes:
        """An IPv4 packet, and perhaps padding behind it."""
        header = self._header(src, dst, packet)
        if packet.fragment is Fragment.LATER:
            header.frag = self._random.randint(1, 800)
            return self._padded(header / Raw(self._payload()))
        if packet.fragment is Fragment.FIRST:
            header.flags = "MF"
        if packet.octets:
            header.flags = "DF"
        whole = header / self._transport(packet)
        if packet.octets:
            return bytes(whole / Raw(bytes(packet.octets - len(whole))))
        return self._padded(whole)

    def _header(self, src: IPv4Address, dst: IPv4Address, packet: Packet) -> ScapyPacket:
        header = inet.IP(src=str(src), dst=str(dst), proto=packet.protocol, options=self._random.choice(OPTIONS))
        header.ttl = self._random.choice((9, 64, 255))
        header.tos = self._random.choice((0, 0, 46 << 2))
        header.id = self._random.randint(0, 65535)
        if packet.fragment is Fragment.WHOLE:
            header.flags = self._random.choice(("", "DF"))
        return header

    def _padded(self, packet: ScapyPacket) -> bytes:
        data = bytes(packet)
        return data.ljust(LEAST_BYTES, b"\0") if self._random.random() < 0.5 else data

    def _payload(self) -> bytes:
        return self._random.randbytes(self._random.choice((0, 1, 8, 100, 1400)))

    def _transport(self, packet: Packet) -> ScapyPacket:
        sport, dport = packet.src_port, packet.dst_port
        if packet.protocol == TCP:
            options = self._random.choice(([], [("MSS", 8961), ("WScale", 7)]))
            return inet.TCP(sport=sport, dport=dport, flags=packet.flags, options=options) / Raw(self._payload())
        if packet.protocol == UDP:
            return inet.UDP(sport=sport, dport=dport) / Raw(self._payload())
        return self._icmp(packet) if packet.protocol == ICMP else Raw(self._payload())

    def _icmp(self, packet: Packet) -> ScapyPacket:
        message = inet.ICMP(type=packet.icmp_type, code=packet.icmp_code)
        if packet.quote is not None:
            return message / Raw(self._quote(packet.quote))
        if packet.icmp_id and "id" in [field.name for field in message.fields_desc]:
            message.id = packet.icmp_id
        return message / Raw(self._payload())

    def _quote(self, quote: Quote) -> bytes:
        """The header and eight octets (RFC 792), or as much as fits into 576 (RFC 1812 section 4.3.2.3)."""
        whole = bytes(self._header(quote.src, quote.dst, quote.packet) / self._transport(quote.packet))
        header_bytes = (whole[0] & 15) * 4
        return whole[: header_bytes + 8] if self._random.random() < 0.5 else whole[:548]


def aged(octets: bytes, sent: Sent) -> bytes:
    """The packet after all routers that it has passed."""
    routers = sent.routers
    if not routers:
        return octets
    octets = _with_less_segment(octets) if sent.clamped or sent.nats else octets
    length = (octets[0] & 15) * 4
    header = octets[:8] + bytes([octets[8] - routers]) + octets[9:10] + bytes(2) + octets[12:length]
    return header[:10] + checksum(header).to_bytes(2) + header[12:] + octets[length:]


def _with_less_segment(octets: bytes) -> bytes:
    """A SYN offers no more than fits the gateway: 8,500 octets less both headers."""
    packet = inet.IP(octets)
    if packet.frag or inet.TCP not in packet or not packet[inet.TCP].flags.S:
        return octets
    options = [(name, min(value, 8460) if name == "MSS" else value) for name, value in packet[inet.TCP].options]
    if options == packet[inet.TCP].options:
        return octets
    packet[inet.TCP].options = options
    del packet[inet.TCP].chksum
    return bytes(packet)
