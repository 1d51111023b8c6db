"""What a host knows about a VPC: one frozen revision of everything that decides where a packet goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netvirt.address import Cidr, HostId, Ip, Mac, Vni, is_ipv6, link_local, parse_ipv6
from netvirt.vpc.classifier import Members
from netvirt.vpc.network_acl import NetworkAcl
from netvirt.vpc.route_table import (
    Local,
    RouteTable,
    Target,
    ToAttachment,
    ToEgressOnly,
    ToInterface,
    ToInternet,
    ToNat,
    ToNowhere,
    ToPeering,
    ToTransit,
)
from netvirt.vpc.security_group import SecurityGroup
from netvirt.vpc.services import Services

ROUTER_IPV6 = parse_ipv6("fe80:ec2::1")
"""What every subnet's router answers to, besides its own link-local address (VPC User Guide, "Subnet sizing for
IPv6")."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """`router_mac` is what the VPC router answers to in this subnet; it sits at the block's base + 1."""

    id: str
    name: str
    cidr: Cidr
    zone: str
    table: str
    acl: str
    router_mac: Mac
    ipv6_cidr: Cidr | None = None

    @property
    def router(self) -> Ip:
        return Ip(self.cidr.network + 1)

    @property
    def routers(self) -> tuple[Ip, ...]:
        """Every address of the router here, of both families."""
        if self.ipv6_cidr is None:
            return (self.router,)
        return self.router, Ip(self.ipv6_cidr.network + 1), ROUTER_IPV6, link_local(self.router_mac)

    @property
    def blocks(self) -> tuple[Cidr, ...]:
        return (self.cidr,) if self.ipv6_cidr is None else (self.cidr, self.ipv6_cidr)

    def holds(self, address: Ip) -> bool:
        return self.cidr.holds(address) or (self.ipv6_cidr is not None and self.ipv6_cidr.holds(address))


@dataclass(frozen=True, slots=True)
class Interface:
    """An elastic network interface and where it lives: the mapping service's answer.

    `number` identifies it inside the overlay; `host_name` is for people. `secondary` are its addresses beside the
    primary one, IPv6 ones among them. Without `groups` nothing filters at it: it is a service's own (a NAT gateway's).
    """

    id: str
    name: str
    number: int
    mac: Mac
    address: Ip
    subnet: str
    groups: tuple[str, ...]
    source_dest_check: bool
    host: HostId
    host_name: str
    secondary: tuple[Ip, ...] = ()

    @property
    def addresses(self) -> tuple[Ip, ...]:
        return (self.address, *self.secondary)

    def facing(self, other: Ip) -> Ip | None:
        """What it speaks with to `other`: its first address of that family."""
        return next((address for address in self.addresses if is_ipv6(address) == is_ipv6(other)), None)

    def owns(self, address: Ip) -> bool:
        return address == self.address or address in self.secondary


@dataclass(frozen=True, slots=True)
class VpcAttachment:
    """A VPC at a transit gateway. `interfaces` are by zone; `table` is the id of the table that it is associated with,
    empty when there is none."""

    id: str
    name: str
    vpc: str
    vni: Vni
    table: str
    appliance_mode: bool
    interfaces: Mapping[str, Interface]


@dataclass(frozen=True, slots=True)
class TransitGateway:
    """Everything by id; nothing in it ever changes."""

    id: str
    name: str
    attachments: Mapping[str, VpcAttachment]
    tables: Mapping[str, RouteTable]

    def attachment_of(self, vni: Vni) -> VpcAttachment | None:
        """A VPC has one at most."""
        return next((each for each in self.attachments.values() if each.vni == vni), None)

    @property
    def interfaces(self) -> Iterator[Interface]:
        return (interface for each in self.attachments.values() for interface in each.interfaces.values())


@dataclass(frozen=True, slots=True)
class VpcView:
    """Dictionaries are keyed by id; `by_address`, `by_mac`, `by_number` and `by_name` lead to interface ids.
    Nothing in it ever changes.

    `peers` are the VPCs of active peering connections, by the connection's id, each as it was when this view was
    made and without peers of its own: peering is not transitive. `members` holds their groups too.
    """

    vni: Vni
    name: str
    cidrs: tuple[Cidr, ...]
    resolver: Ip
    services: Services
    subnets: Mapping[str, Subnet]
    tables: Mapping[str, RouteTable]
    acls: Mapping[str, NetworkAcl]
    groups: Mapping[str, SecurityGroup]
    members: Members
    interfaces: Mapping[str, Interface]
    by_address: Mapping[Ip, str]
    by_mac: Mapping[Mac, str]
    by_number: Mapping[int, str]
    by_name: Mapping[str, str]
    """In small letters, as DNS compares them."""
    peers: "Mapping[str, VpcView]"
    internet_gateway: str
    """The id of the attached one, empty when there is none."""
    gateway_table: str
    """The id of its route table, empty when it has none."""
    public: Mapping[Ip, Ip]
    """Private address -> the public one it has at the internet gateway. IPv6 addresses are their own."""
    transit_gateways: Mapping[str, TransitGateway]
    """Those that the VPC is attached to."""
    nat_gateways: Mapping[str, str]
    """The interface of each one that is available, by the gateway's id."""
    egress_only_internet_gateway: str = ""
    """The id of the attached one."""

    def reaches(self, target: Target) -> bool:
        """Is what a route leads to there? A route to what is gone stays, as a black hole."""
        match target:
            case ToInterface(eni=eni):
                return eni in self.interfaces
            case ToNat(nat_gateway=gateway):
                return self.nat_gateways.get(gateway, "") in self.interfaces
            case ToInternet(gateway=gateway):
                return gateway == self.internet_gateway
            case ToEgressOnly(gateway=gateway):
                return gateway == self.egress_only_internet_gateway
            case ToPeering(peering=peering):
                return peering in self.peers
            case ToTransit(gateway=gateway):
                return gateway in self.transit_gateways
            case ToNowhere(simulated=simulated):
                return not simulated
            case ToAttachment() | Local():
                return True

    def known(self, eni: str) -> Interface | None:
        """An interface of this VPC, of a peer, or of a transit gateway in another VPC."""
        near = next((view.interfaces[eni] for view in self.near() if eni in view.interfaces), None)
        return near or next((each for each in self._far() if each.id == eni), None)

    def numbered(self, number: int) -> Interface | None:
        """The interface with that number, among those that `known` knows."""
        eni = next((view.by_number[number] for view in self.near() if number in view.by_number), None)
        if eni is not None:
            return self.known(eni)
        return next((each for each in self._far() if each.number == number), None)

    def transit_of(self, eni: str) -> TransitGateway | None:
        """The transit gateway that an interface belongs to, here or in another VPC."""
        gateways = self.transit_gateways.values()
        return next((each for each in gateways if any(eni == interface.id for interface in each.interfaces)), None)

    def _far(self) -> Iterator[Interface]:
        for gateway in self.transit_gateways.values():
            yield from gateway.interfaces

    def near(self) -> "Iterator[VpcView]":
        """This VPC and its peers."""
        yield self
        yield from self.peers.values()

    def at(self, address: Ip) -> Interface | None:
        eni = self.by_address.get(address)
        return None if eni is None else self.interfaces[eni]
