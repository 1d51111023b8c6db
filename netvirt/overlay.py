"""Geneve between hosts: an inner frame and the tunnel it travels in.

The outer headers stay a template until somebody looks: a capture, or a corrupted bit. RFC 8926; the source port
carries the inner flow's entropy (section 3.3), so that the fabric's ECMP spreads flows and keeps each on one path.
"""

import zlib
from struct import Struct

from netvirt.address import Cidr, HostId, Ip, Vni
from netvirt.frame import Frame, flipped
from netvirt.wire.checksum import internet_checksum

UNDERLAY = Cidr(Ip(100 << 24 | 64 << 16), 10)
"""Hosts' own addresses, from the shared address space (RFC 6598), which no VPC packet ever meets."""

GENEVE_PORT = 6081
ETHERTYPE_IPV4 = 0x0800
TRANSPARENT_ETHERNET = 0x6558
OPTION_CLASS = 0xFF01
"""From the experimental range of RFC 8926 section 4.3.1. One option: the number of the sending interface."""
OPTION_SENDER = 0x01
ENTROPY_BASE, ENTROPY_BITS = 0xC000, 14
"""Source ports 49152-65535, the dynamic range (RFC 8926 section 3.3)."""

_OUTER = Struct("!6s6sHBBHHHBBHIIHHHHBBHI HBBI")
OVERHEAD_BYTES = _OUTER.size
"""Outer Ethernet 14, IPv4 20, UDP 8, Geneve 8 and its option 8."""

_IP_START, _IP_END = 14, 34
_TTL = 64
_DONT_FRAGMENT = 0x4000


def underlay_ip(host: HostId) -> Ip:
    return Ip(UNDERLAY.network + 1 + host)


def host_of(address: int) -> HostId:
    return HostId(address - UNDERLAY.network - 1)


def underlay_mac(host: HostId) -> bytes:
    """Locally administered, from the host's number."""
    return (0x02_DC_00_00_00_00 | host).to_bytes(6, "big")


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

    def again(self) -> "Tunnel":
        """An equal tunnel that no memo knows."""
        other = Tunnel.__new__(Tunnel)
        other.source, other.target, other.vni, other.sender = self.source, self.target, self.vni, self.sender
        other.source_port, other.flow = self.source_port, self.flow
        return other

    def header(self, inner_size: int) -> bytes:
        """The outer headers for an inner frame of that size. The UDP checksum is zero (RFC 8926 section 3.3)."""
        ip_size = OVERHEAD_BYTES - _IP_START + inner_size
        header = _OUTER.pack(
            underlay_mac(self.target), underlay_mac(self.source), ETHERTYPE_IPV4,
            0x45, 0, ip_size, 0, _DONT_FRAGMENT, _TTL, 17, 0, underlay_ip(self.source), underlay_ip(self.target),
            self.source_port, GENEVE_PORT, ip_size - 20, 0,
            2, 0, TRANSPARENT_ETHERNET, self.vni << 8,
            OPTION_CLASS, OPTION_SENDER, 1, self.sender,
        )  # fmt: skip
        checksum = internet_checksum(header[_IP_START:_IP_END])
        return header[: _IP_START + 10] + checksum.to_bytes(2, "big") + header[_IP_START + 12 :]


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
        return self.tunnel.header(self.inner.size) + self.inner.data

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
        self.data = data
        self.inner = original.inner
        self.size = len(data)
        self.flow = original.flow
        self.source = original.source
        self.target = original.target

    def corrupted(self, bit: int) -> "Damaged":
        return Damaged(flipped(self.data, bit), self)
