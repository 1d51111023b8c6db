"""Geneve between hosts: an inner frame and the tunnel it travels in.

The outer headers stay a template until somebody looks: a capture, or a corrupted bit. RFC 8926; the source port
carries the inner flow's entropy (section 3.3), so that the fabric's ECMP spreads flows and keeps each on one path.
"""

import zlib
from struct import Struct

from netvirt.address import Cidr, HostId, Ip, Mac, Vni
from netvirt.frame import Frame, flipped
from netvirt.wire import ethernet, geneve, ipv4, udp
from netvirt.wire.ethernet import ETHERTYPE_IPV4, Ethernet
from netvirt.wire.geneve import Geneve
from netvirt.wire.ipv4 import Ipv4
from netvirt.wire.udp import Udp

UNDERLAY = Cidr(Ip(100 << 24 | 64 << 16), 10)
"""Hosts' own addresses, from the shared address space (RFC 6598), which no VPC packet ever meets."""

BORDER = HostId((1 << 22) - 3)
"""Whoever speaks for the Internet, where the region ends: the last usable address of `UNDERLAY`, and no host's."""

INTERNET_VNI = Vni(0)
"""What carries translated packets between hosts and the border: no VPC's."""

_UNDERLAY_MACS = 0x02_DC_00_00_00_00

OPTION_CLASS = 0xFF01
"""From the experimental range of RFC 8926 section 4.3.1. One option: the number of the sending interface."""
OPTION_SENDER = 0x01
_OPTION = Struct("!HBBI")
ENTROPY_BASE, ENTROPY_BITS = 0xC000, 14
"""Source ports 49152-65535, the dynamic range (RFC 8926 section 3.3)."""

OVERHEAD_BYTES = ethernet.HEADER_BYTES + ipv4.HEADER_BYTES + udp.HEADER_BYTES + geneve.HEADER_BYTES + _OPTION.size
"""58: outer Ethernet 14, IPv4 20, UDP 8, Geneve 8 and its option 8."""


def underlay_ip(host: HostId) -> Ip:
    return Ip(UNDERLAY.network + 1 + host)


def host_of(address: int) -> HostId:
    return HostId(address - UNDERLAY.network - 1)


def underlay_mac(host: HostId) -> Mac:
    """Locally administered, from the host's number."""
    return Mac(_UNDERLAY_MACS | host)


def is_outer(data: bytes) -> bool:
    """Is it a frame between hosts, with another one inside? No guest's MAC address and no router's is like theirs."""
    ends = data[:2], data[6:8]
    return len(data) > OVERHEAD_BYTES and all(int.from_bytes(end) == _UNDERLAY_MACS >> 32 for end in ends)


class Tunnel:
    """What all packets of one inner flow between two hosts have in common outside.

    `flow` names the outer five-tuple: the fabric hashes it. `sender` is the number of the interface the flow left.
    """

    __slots__ = ("flow", "sender", "source", "source_port", "target", "vni")

    def __init__(self, source: HostId, target: HostId, vni: Vni, sender: int, inner_key: bytes) -> None:
        self.source = source
        self.target = target
        self.vni = vni
        self.sender = sender
        self.source_port = ENTROPY_BASE | zlib.crc32(inner_key) & (1 << ENTROPY_BITS) - 1
        self.flow = source << 48 | target << 16 | self.source_port

    def equals(self, other: "Tunnel") -> bool:
        return (self.flow, self.vni, self.sender) == (other.flow, other.vni, other.sender)

    def again(self) -> "Tunnel":
        """An equal tunnel that no memo knows."""
        other = Tunnel.__new__(Tunnel)
        other.source, other.target, other.vni, other.sender = self.source, self.target, self.vni, self.sender
        other.source_port, other.flow = self.source_port, self.flow
        return other

    def wrap(self, inner: bytes) -> bytes:
        """The whole outer frame. Its UDP checksum is zero (RFC 8926 section 3.3)."""
        option = _OPTION.pack(OPTION_CLASS, OPTION_SENDER, 1, self.sender)
        payload = Geneve(self.vni, inner, options=option).emit()
        datagram = Udp(self.source_port, geneve.PORT, payload).emit_without_checksum()
        source, target = underlay_ip(self.source), underlay_ip(self.target)
        packet = Ipv4(source, target, ipv4.PROTOCOL_UDP, datagram, dont_fragment=True).emit()
        return Ethernet(underlay_mac(self.target), underlay_mac(self.source), ETHERTYPE_IPV4, packet).emit()


class Encapsulated:
    """An inner frame on its way between hosts. Immutable; bytes on demand."""

    __slots__ = ("flow", "inner", "size", "target", "tunnel")

    def __init__(self, inner: Frame, tunnel: Tunnel) -> None:
        self.inner = inner
        self.tunnel = tunnel
        self.size = inner.size + OVERHEAD_BYTES
        self.flow = tunnel.flow
        self.target = tunnel.target

    @property
    def source(self) -> HostId:
        return self.tunnel.source

    @property
    def data(self) -> bytes:
        return self.tunnel.wrap(self.inner.data)

    def corrupted(self, bit: int) -> "Encapsulated | Damaged":
        """This packet with one bit flipped, counted from the first bit of the outer Ethernet header."""
        inner_bit = bit - OVERHEAD_BYTES * 8
        if inner_bit >= 0:
            # A tunnel of its own: the flipped bit may have made it another flow.
            return Encapsulated(self.inner.corrupted(inner_bit), self.tunnel.again())
        return Damaged(flipped(self.data, bit), self)


class Damaged:
    """A packet whose outer headers were hit: switches still carry it where it was going, no host can unwrap it."""

    __slots__ = ("data", "flow", "inner", "size", "source", "target")

    def __init__(self, data: bytes, original: "Encapsulated | Damaged") -> None:
        self.data: bytes = data
        self.inner: Frame = original.inner
        self.size: int = len(data)
        self.flow: int = original.flow
        self.source: HostId = original.source
        self.target: HostId = original.target

    def corrupted(self, bit: int) -> "Damaged":
        return Damaged(flipped(self.data, bit), self)
