"""VPCs, and what each holds: the authoritative state that views are frozen from."""

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Protocol

from dcsim.cloud.directory import Directory, Groups, Interfaces
from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import refusal
from dcsim.cloud.registry import CopyOnWrite, Registry, Subnets
from dcsim.quota import VPCS, Quotas
from dcsim.request import ALL_PROTOCOLS, CreateVpc
from netvirt.address import EVERYWHERE, EVERYWHERE_IPV6, Cidr, Ip, Mac, Vni, parse_cidr
from netvirt.vpc.classifier import Members
from netvirt.vpc.network_acl import AclEntry, NetworkAcl
from netvirt.vpc.route_table import Local, Route, RouteTable
from netvirt.vpc.security_group import GroupRule, SecurityGroup
from netvirt.vpc.services import Services, Zone
from netvirt.vpc.traffic import Traffic
from netvirt.vpc.view import Interface, TransitGateway, VpcView

LARGEST, SMALLEST = 16, 28
"""Prefix lengths a VPC or subnet may have (VPC User Guide, "VPC CIDR blocks", "Subnet CIDR blocks")."""

FORBIDDEN = parse_cidr("169.254.0.0/16")
FIRST_VNI = 4096
ROUTER_MAC = 0x0A_00_00_00_00_00
"""Routers' MAC addresses, by subnet number: locally administered, like those of instances."""

EVERYTHING = Traffic(ALL_PROTOCOLS)

# What EC2 puts into default ACLs and new groups; the second of each when the VPC has IPv6.
ALLOW_IN = AclEntry(100, True, EVERYTHING, EVERYWHERE, "100 allow all from 0.0.0.0/0")
ALLOW_OUT = AclEntry(100, True, EVERYTHING, EVERYWHERE, "100 allow all to 0.0.0.0/0")
ALLOW_IN_IPV6 = AclEntry(101, True, EVERYTHING, EVERYWHERE_IPV6, "101 allow all from ::/0")
ALLOW_OUT_IPV6 = AclEntry(101, True, EVERYTHING, EVERYWHERE_IPV6, "101 allow all to ::/0")
TO_EVERYWHERE = GroupRule(EVERYTHING, EVERYWHERE, "all to 0.0.0.0/0")
TO_EVERYWHERE_IPV6 = GroupRule(EVERYTHING, EVERYWHERE_IPV6, "all to ::/0")


def resource_id(prefix: str, *names: str, gone: Container[str] = ()) -> str:
    """An id of EC2's form that depends on nothing but the resource's names, and on how often they were used before:
    what comes back under an old name is another resource. `gone` are the ids of those that were deleted."""
    tellings = chain([names], ((*names, str(time)) for time in count(2)))
    ids = (f"{prefix}-{hashlib.sha256('/'.join(told).encode()).hexdigest()[:17]}" for told in tellings)
    return next(each for each in ids if each not in gone)


class Transit(Protocol):
    id: str
    name: str

    def frozen(self) -> TransitGateway:
        """As it is now."""


class HostedZone(Protocol):
    private: bool

    def frozen(self) -> Zone:
        """As it is now."""


@dataclass(frozen=True, slots=True)
class NatGateway:
    """One that is available. `subnet` is an id."""

    id: str
    name: str
    subnet: str
    interface: Interface


@dataclass(slots=True)
class Vpc:
    """Everything is by name; resources themselves are frozen and replaced when a verb changes them."""

    name: str
    cidr: Cidr
    """The primary block, which stays."""
    vni: Vni
    number: int
    services: Services
    quotas: Quotas = field(default_factory=Quotas)
    """The account's."""
    main_table: str = "main"
    """The name of the table that subnets have who have none of their own."""
    gateway_table: str = ""
    """The name of the internet gateway's table, empty when it has none."""
    associations: dict[str, str] = field(default_factory=dict)
    """Subnet -> the table of its own."""
    secondary_cidrs: tuple[Cidr, ...] = ()
    subnets: Subnets = field(default_factory=Subnets)
    tables: Registry[RouteTable] = field(default_factory=Registry)
    acls: Registry[NetworkAcl] = field(default_factory=Registry)
    directory: Directory = field(default_factory=Directory)
    groups: Groups = field(init=False)
    interfaces: Interfaces = field(init=False)
    """Of instances that run."""
    resting: dict[str, Interface] = field(default_factory=dict)
    """Of instances that do not: no view knows them."""
    managed: Interfaces = field(init=False)
    """Of what AWS manages, by its name."""
    nat_gateways: dict[str, NatGateway] = field(default_factory=dict)
    transits: dict[str, Transit] = field(default_factory=dict)
    """Transit gateways that it is attached to."""
    by_address: dict[Ip, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    """Resource id -> where the file asked for it, for messages about conflicts."""
    internet_gateway: tuple[str, str] = ("", "")
    """Id and name of the attached one."""
    ipv6_cidr: Cidr | None = None
    egress_only_internet_gateway: tuple[str, str] = ("", "")
    public: CopyOnWrite[Ip, Ip] = field(default_factory=CopyOnWrite)
    """Private address -> its public one."""
    maps_public: dict[str, bool] = field(default_factory=dict)
    """Subnet id -> whether its instances get public addresses."""
    assigns_ipv6: dict[str, bool] = field(default_factory=dict)
    """Subnet id -> whether its instances get IPv6 addresses."""
    zones: list[HostedZone] = field(default_factory=list)
    """Hosted zones that its resolver knows."""
    lowest_free: dict[str, int] = field(default_factory=dict)
    """Subnet id, with a word for IPv6 -> an address below which none is free."""

    gone: set[str] = field(default_factory=set)
    """Ids of what was deleted."""

    def __post_init__(self) -> None:
        self.groups = Groups(self.directory)
        self.interfaces = Interfaces(self.directory)
        self.managed = Interfaces(self.directory)

    @property
    def everybodys(self) -> Mapping[str, Interface]:
        """Of all instances, whether they run or not."""
        return {**self.interfaces, **self.resting} if self.resting else self.interfaces

    @property
    def cidrs(self) -> tuple[Cidr, ...]:
        """Of IPv4."""
        return (self.cidr, *self.secondary_cidrs)

    @property
    def all_cidrs(self) -> tuple[Cidr, ...]:
        """Of both families: what is local."""
        return self.cidrs if self.ipv6_cidr is None else (*self.cidrs, self.ipv6_cidr)

    @property
    def blocks(self) -> str:
        """For messages."""
        return " and ".join(map(str, self.cidrs))

    def covers(self, block: Cidr) -> bool:
        return any(cidr.covers(block) for cidr in self.all_cidrs)

    def id(self, prefix: str, name: str) -> str:
        return resource_id(prefix, self.name, name, gone=self.gone)

    def bury(self, resource: str) -> None:
        """It is deleted: its id is nobody's any more."""
        self.gone.add(resource)

    def view(self, peers: Mapping[str, VpcView]) -> VpcView:
        """Everything as it is now, for good; `peers` by the ids of the peering connections."""
        return VpcView(
            vni=self.vni,
            name=self.name,
            cidrs=self.all_cidrs,
            resolver=Ip(self.cidr.network + 2),
            services=replace(
                self.services,
                private_zones=tuple(zone.frozen() for zone in self.zones if zone.private),
                public_zones=tuple(zone.frozen() for zone in self.zones if not zone.private),
            ),
            subnets=self.subnets.by_id.frozen(),
            tables=self.tables.by_id.frozen(),
            acls=self.acls.by_id.frozen(),
            groups=self.groups.by_id.frozen(),
            members=_joined(self.directory.members(), peers),
            interfaces=self.directory.by_id.frozen(),
            by_address=self.directory.by_address.frozen(),
            by_mac=self.directory.by_mac.frozen(),
            by_number=self.directory.by_number.frozen(),
            by_name=self.directory.by_name.frozen(),
            peers=peers,
            internet_gateway=self.internet_gateway[0],
            gateway_table=self.tables[self.gateway_table].id if self.gateway_table else "",
            public=self.public.frozen(),
            transit_gateways={each.id: each for each in (transit.frozen() for transit in self.transits.values())},
            nat_gateways={each.id: each.interface.id for each in self.nat_gateways.values()},
            egress_only_internet_gateway=self.egress_only_internet_gateway[0],
        )


def _joined(own: Members, peers: Mapping[str, VpcView]) -> Members:
    """Groups may be referenced across a peering in the same region (VPC Peering Guide, "Update your security groups
    to reference peer security groups")."""
    if not peers:
        return own
    return dict(chain.from_iterable(each.items() for each in (*(peer.members for peer in peers.values()), own)))


def create_vpc(vpcs: dict[str, Vpc], quotas: Quotas, region: str, epoch_ns: int, request: CreateVpc) -> list[str]:
    """CreateVpc, with the main route table, the default ACL and the default group that EC2 makes along."""
    cidr = request.cidr_block
    if not LARGEST <= cidr.prefix <= SMALLEST:
        advice = "a VPC's block is /16 to /28"
        raise refusal(request, "InvalidVpcRange", f"{request.name} cannot be {cidr}", advice, field="cidr_block")
    if FORBIDDEN.overlaps(cidr):
        advice = "use a private block, like 10.0.0.0/16"
        raise refusal(request, "InvalidVpcRange", f"{cidr} is link-local", advice, field="cidr_block")
    if request.name in vpcs:
        raise refusal(request, "InvalidParameterValue", f"there is a VPC {request.name} already", "use another name")
    number = len(vpcs)
    if number >= quotas[VPCS]:
        raise exceeded(request, "VpcLimitExceeded", f"the region has {number} VPCs already", quotas, VPCS)
    services = default_services(region, epoch_ns)
    vpc = vpcs[request.name] = Vpc(request.name, cidr, Vni(FIRST_VNI + number), number, services, quotas)
    vpc.tables["main"] = RouteTable.of(vpc.id("rtb", "main"), "main", [Route(cidr, Local())])
    vpc.acls["default"] = NetworkAcl(vpc.id("acl", "default"), "default", (ALLOW_IN,), (ALLOW_OUT,))
    group = vpc.id("sg", "default")
    from_itself = GroupRule(EVERYTHING, group, "all from default")
    vpc.groups["default"] = SecurityGroup(group, "default", (from_itself,), (TO_EVERYWHERE,))
    return [vpc.id("vpc", "")]


def default_services(region: str, epoch_ns: int) -> Services:
    """As EC2 sets a VPC up (VPC User Guide, "DNS attributes for your VPC", "DHCP option set concepts")."""
    old = region == "us-east-1"
    private = "ec2.internal" if old else f"{region}.compute.internal"
    public = "compute-1.amazonaws.com" if old else f"{region}.compute.amazonaws.com"
    return Services(private, private, public, epoch_ns=epoch_ns)


def router_mac(vpc: Vpc, subnet_number: int) -> Mac:
    return Mac(ROUTER_MAC | vpc.number << 16 | subnet_number)
