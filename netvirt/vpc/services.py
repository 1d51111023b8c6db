"""What a VPC's link-local services tell its guests: names, settings, the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from netvirt.address import Ip, parse_ip
from netvirt.wire import dns, ntp
from netvirt.wire.dns import CNAME, Name, Record, folded
from netvirt.wire.ipv4 import PROTOCOL_UDP

ANY_LABEL = b"*"


@dataclass(frozen=True, slots=True)
class Zone:
    """A hosted zone: `records` by folded name, then by type. `nodes` are the names that exist, empty ones between a
    record and the origin included."""

    origin: Name
    records: Mapping[Name, Mapping[int, tuple[Record, ...]]]
    nodes: frozenset[Name] = field(repr=False, default=frozenset())

    @staticmethod
    def of(origin: Name, records: Mapping[Name, Mapping[int, tuple[Record, ...]]]) -> "Zone":
        """Names are folded here."""
        origin = folded(origin)
        by_name = {folded(name): dict(kinds) for name, kinds in records.items()}
        nodes = {origin}
        for name in by_name:
            nodes.update(name[depth:] for depth in range(len(name) - len(origin) + 1))
        return Zone(origin, by_name, frozenset(nodes))

    def find(self, name: Name, kind: int) -> tuple[Record, ...] | None:
        """The records of a folded name, or its alias's; empty when there are none of this type; None: no such name.

        Where no name matches, an asterisk at the closest one above may (RFC 4592 section 3.3.1).
        """
        if name not in self.nodes:
            above = next(name[depth:] for depth in range(1, len(name) + 1) if name[depth:] in self.nodes)
            kinds = self.records.get((ANY_LABEL, *above))
            if kinds is None:
                return None
        else:
            kinds = self.records.get(name, {})
        return kinds.get(kind) or kinds.get(CNAME, ())


@dataclass(frozen=True, slots=True)
class Services:
    """Of one VPC. `dns` and `hostnames` are its attributes enableDnsSupport and enableDnsHostnames.

    `domain_name`, `name_servers` and `time_servers` are its DHCP option set; without `name_servers` guests are told of
    the resolver. `aws_domain` ends the private names that AWS gives, `public_domain` the public ones. `epoch_ns` is
    what t = 0 stands for since 1970.
    """

    domain_name: str
    aws_domain: str
    public_domain: str
    dns: bool = True
    hostnames: bool = False
    name_servers: tuple[Ip, ...] = ()
    time_servers: tuple[Ip, ...] = ()
    private_zones: tuple[Zone, ...] = ()
    public_zones: tuple[Zone, ...] = ()
    epoch_ns: int = 0


class Service(Enum):
    """What the host itself answers, beside ARP and DHCP. Values are what a trace shows."""

    RESOLVER = "resolver"
    TIME = "time"


RESOLVER = parse_ip("169.254.169.253")
TIME = parse_ip("169.254.169.123")
"""Amazon Time Sync Service (EC2 User Guide, "Set the time")."""


def service_at(address: Ip, protocol: int, port: int, resolver: Ip) -> Service | None:
    """Who is asked, if it is one of these; `resolver` is the VPC's own address for it."""
    if protocol != PROTOCOL_UDP:
        return None
    if port == dns.PORT and address in (RESOLVER, resolver):
        return Service.RESOLVER
    return Service.TIME if port == ntp.PORT and address == TIME else None
