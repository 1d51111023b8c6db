"""A packet and what becomes of it, in the evaluator's own words."""

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address

ICMP, TCP, UDP = 1, 6, 17

PROTOCOL_NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp"}
ECHO, TIMESTAMP = 8, 13
ANSWERS = {ECHO: 0, TIMESTAMP: 14, 15: 16, 17: 18}
"""ICMP's questions, and their answers with the same identifier (RFC 792, RFC 950)."""
ICMP_ERRORS = (3, 4, 5, 11, 12)
"""ICMP messages that quote the packet they are about (RFC 1122 section 3.2.2)."""


class Fragment(Enum):
    """Which part of an IP packet; only a later one lacks the ports."""

    WHOLE = "whole"
    FIRST = "first"
    LATER = "later"


@dataclass(frozen=True)
class Packet:
    """What the rules look at. `flags` are TCP's, in scapy's letters: `S`, `SA`, `F` ...

    `source` is the source address where it is not the sender's own; `quote` is what an ICMP error is about.
    `via` is the neighbour in the sender's subnet to whose MAC address the frame goes; empty, it goes to who has the
    destination address, or to the router.
    """

    protocol: int
    src_port: int = 0
    dst_port: int = 0
    icmp_type: int = 0
    icmp_code: int = 0
    icmp_id: int = 0
    flags: str = ""
    fragment: Fragment = Fragment.WHOLE
    source: IPv4Address | None = None
    quote: "Quote | None" = None
    via: str = ""
    octets: int = 0
    """Of the IPv4 packet, which nobody may cut then; 0: few."""

    def __str__(self) -> str:
        words = [PROTOCOL_NAMES.get(self.protocol, f"proto {self.protocol}")]
        if self.protocol in (TCP, UDP):
            words.append(f"{self.src_port}>{self.dst_port}")
        if self.protocol == TCP:
            words.append(self.flags)
        if self.protocol == ICMP:
            words.append(f"{self.icmp_type}/{self.icmp_code} id {self.icmp_id}")
        if self.fragment is not Fragment.WHOLE:
            words.append(f"{self.fragment.value} fragment")
        words += [
            f"{name} {value}"
            for name, value in (("from", self.source), ("via", self.via), ("octets", self.octets))
            if value
        ]
        return " ".join(words) + (f" about [{self.quote}]" if self.quote else "")

    @property
    def has_ports(self) -> bool:
        return self.protocol in (TCP, UDP) and self.fragment is not Fragment.LATER

    @property
    def has_type(self) -> bool:
        return self.protocol == ICMP and self.fragment is not Fragment.LATER

    @property
    def is_error(self) -> bool:
        return self.has_type and self.icmp_type in ICMP_ERRORS

    @property
    def opens(self) -> bool:
        """A TCP packet that asks for a new connection."""
        return self._has_flag("S") and not self._has_flag("A")

    @property
    def closes(self) -> bool:
        return self._has_flag("F") or self._has_flag("R")

    def _has_flag(self, flag: str) -> bool:
        return self.protocol == TCP and self.has_ports and flag in self.flags


@dataclass(frozen=True)
class Quote:
    """The packet inside an ICMP error, and where it was going."""

    src: IPv4Address
    dst: IPv4Address
    packet: Packet

    def __str__(self) -> str:
        return f"{self.src} -> {self.dst} {self.packet}"


class Ending(Enum):
    DELIVERED = "delivered"
    SECURITY_GROUP = "security_group"
    NETWORK_ACL = "network_acl"
    NO_ROUTE = "no_route"
    BLACKHOLE = "blackhole"
    NO_MAPPING = "no_mapping"
    NOT_TRANSITIVE = "not_transitive"
    NAT = "nat"
    GATEWAY = "gateway"
    OVERSIZE = "oversize"
    SOURCE_DEST_CHECK = "source_dest_check"
    UNKNOWN = "unknown"
    BROADCAST = "broadcast"
    OTHER = "something that the evaluator does not know"


class Place(Enum):
    """Where on the packet's way it ended."""

    HOST = "the sender's host, before any rule"
    EGRESS_CHECK = "the sender's source check"
    EGRESS_SG = "the sender's security groups"
    EGRESS_ACL = "the network ACL of the sender's subnet"
    ROUTE = "the route table of the sender's subnet"
    PEERING = "the peering connection"
    GATEWAY = "the internet gateway"
    NAT = "a NAT gateway"
    BORDER = "the border, looking for who has the public address"
    MAPPING = "looking for who has the address"
    INGRESS_ACL = "the network ACL of the receiver's subnet"
    INGRESS_CHECK = "the receiver's destination check"
    INGRESS_SG = "the receiver's security groups"
    RECEIVER = "the receiver"


@dataclass(frozen=True)
class Sent:
    """A packet on its way, with the addresses in its header."""

    packet: Packet
    src: IPv4Address
    dst: IPv4Address
    now_s: float
    routers: int = 0
    """That it has passed: each takes one of its time to live."""
    clamped: bool = False
    """By a transit gateway, which lets a SYN offer no more than fits it."""
    nats: int = 0
    """How many of them were NAT gateways."""
    made_here: bool = False
    """By the network: nobody sent it."""


@dataclass(frozen=True)
class Verdict:
    """`receiver` is the name of who got the packet, or in front of whom it was refused; `arrived` how it got there."""

    ending: Ending
    place: Place
    receiver: str = ""
    arrived: Sent | None = field(default=None, compare=False, repr=False)
    told: bool | None = field(default=False, compare=False)
    """The sender of a packet that is too large hears what would have fitted; None: nobody says."""

    def __str__(self) -> str:
        return f"{self.ending.value} at {self.place.value} {self.receiver}".strip()

    @property
    def delivered(self) -> bool:
        return self.ending is Ending.DELIVERED
