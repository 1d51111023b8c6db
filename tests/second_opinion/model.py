"""What the requests come to: VPCs as EC2 makes them, kept as plainly as possible."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Self

from dcsim.ipv6_request import CreateEgressOnlyInternetGateway
from dcsim.request import (
    ALL_PROTOCOLS,
    ANY_ICMP,
    AssociateAddress,
    AssociateDhcpOptions,
    AssociateGatewayRouteTable,
    AssociateRouteTable,
    AssociateVpcCidrBlock,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    ChangeResourceRecordSets,
    CreateFlowLogs,
    CreateHostedZone,
    CreateInternetGateway,
    CreateManagedPrefixList,
    CreateNatGateway,
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    ModifyVpcAttribute,
    PrefixListName,
    ReplaceMainRouteTable,
    ReplaceNetworkAclAssociation,
    ReplaceNetworkAclEntry,
    ReplaceRoute,
    Request,
    RequestServiceQuotaIncrease,
    RevokeSecurityGroupEgress,
    RevokeSecurityGroupIngress,
    RunInstances,
)
from dcsim.topology.plan import Outsider
from dcsim.transit_request import (
    AssociateTransitGatewayRouteTable,
    CreateTransitGateway,
    CreateTransitGatewayRoute,
    CreateTransitGatewayRouteTable,
    CreateTransitGatewayVpcAttachment,
    EnableTransitGatewayRouteTablePropagation,
    TransitRequest,
)
from netvirt.address import Cidr

from .packet import Packet
from .tracking import Tracker

if TYPE_CHECKING:
    from .nat import NatGateway

GroupRequest = (
    AuthorizeSecurityGroupIngress
    | AuthorizeSecurityGroupEgress
    | RevokeSecurityGroupIngress
    | RevokeSecurityGroupEgress
)
EntryRequest = CreateNetworkAclEntry | ReplaceNetworkAclEntry

EVERYWHERE = IPv4Network("0.0.0.0/0")
ALL_PORTS = (0, 65535)
PUBLIC_POOL = IPv4Network("198.18.0.0/16")
OUTSIDERS = IPv4Network("198.51.100.0/24")
FIRST_OUTSIDER = 10
OUTSIDER_PREFIX = 24
"""An outsider's own network."""


@dataclass(frozen=True)
class Traffic:
    """What a rule speaks of, whoever the peer."""

    protocol: int
    ports: tuple[int, int]
    icmp_type: int
    icmp_code: int

    def covers(self, packet: Packet) -> bool:
        if self.protocol == ALL_PROTOCOLS:
            return True
        if self.protocol != packet.protocol:
            return False
        if packet.has_ports:
            return self.ports[0] <= packet.dst_port <= self.ports[1]
        if packet.has_type:
            right_type = self.icmp_type in (ANY_ICMP, packet.icmp_type)
            return right_type and self.icmp_code in (ANY_ICMP, packet.icmp_code)
        return self.is_whole_protocol

    @property
    def is_whole_protocol(self) -> bool:
        return self.ports == ALL_PORTS and self.icmp_type == ANY_ICMP and self.icmp_code == ANY_ICMP

    def covers_all_of(self, protocol: int) -> bool:
        return self.protocol == ALL_PROTOCOLS or (self.protocol == protocol and self.is_whole_protocol)


class Lasting:
    """Never changes: a copy of a world shares it."""

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self


@dataclass(frozen=True)
class GroupRule(Lasting):
    traffic: Traffic
    peer: tuple[IPv4Network, ...] | str

    @property
    def is_for_all(self) -> bool:
        return not isinstance(self.peer, str) and EVERYWHERE in self.peer


@dataclass(frozen=True)
class AclRule(Lasting):
    number: int
    allow: bool
    traffic: Traffic
    block: IPv4Network


@dataclass
class Group:
    ingress: list[GroupRule] = field(default_factory=list)
    egress: list[GroupRule] = field(default_factory=list)


@dataclass
class Acl:
    ingress: list[AclRule] = field(default_factory=list)
    egress: list[AclRule] = field(default_factory=list)


@dataclass(frozen=True)
class Target(Lasting):
    """What a route leads to; `name` is empty for the VPC itself."""

    through: str
    name: str = ""


@dataclass
class Subnet:
    block: IPv4Network
    zone: str
    gives_public: bool = False
    table: str = ""
    """Its own; empty where it follows the VPC's main one."""
    acl: str = "default"


@dataclass
class Instance:
    name: str
    address: IPv4Address
    subnet: Subnet
    groups: tuple[str, ...]
    checked: bool
    vpc: "Vpc" = field(repr=False)
    more_addresses: tuple[IPv4Address, ...] = ()
    publics: dict[IPv4Address, IPv4Address] = field(default_factory=dict)
    """Each of its addresses may have a public one."""
    tracker: Tracker = field(default_factory=Tracker)

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        return (self.address, *self.more_addresses)

    @property
    def public(self) -> IPv4Address | None:
        return self.publics.get(self.address)


EVERYTHING = Traffic(ALL_PROTOCOLS, ALL_PORTS, ANY_ICMP, ANY_ICMP)
ANYBODY = GroupRule(EVERYTHING, (EVERYWHERE,))


@dataclass
class Vpc:
    """As EC2 makes it: a main route table, a default network ACL, a default security group."""

    name: str
    block: IPv4Network
    """The first, and the resolver's."""
    more_blocks: list[IPv4Network] = field(default_factory=list)
    has_gateway: bool = False
    main_table: str = "main"
    gateway_table: str = ""
    """What the gateway asks about what comes in; empty: it brings it straight to whom it is for."""
    has_resolver: bool = True
    peers: dict[str, "Vpc"] = field(default_factory=dict, repr=False)
    """By the name of the peering connection."""
    subnets: dict[str, Subnet] = field(default_factory=dict)
    tables: dict[str, dict[IPv4Network, Target]] = field(default_factory=lambda: {"main": {}})
    list_routes: dict[str, dict[IPv4Network, Target]] = field(default_factory=lambda: {"main": {}})
    """What the tables' prefix lists lead to. No two lists of a table hold the same block here."""
    acls: dict[str, Acl] = field(default_factory=lambda: {"default": default_acl()})
    groups: dict[str, Group] = field(default_factory=lambda: {"default": default_group()})
    instances: dict[str, Instance] = field(default_factory=dict)
    nats: "dict[str, NatGateway]" = field(default_factory=dict)
    doors: list[IPv4Address] = field(default_factory=list)
    """Addresses of transit gateways' own interfaces, which answer nothing."""

    def lowest_free(self, subnet: Subnet) -> IPv4Address:
        interfaces = (*self.instances.values(), *self.nats.values())
        taken = [*self.doors, *(address for each in interfaces for address in each.addresses)]
        return next(address for address in list(subnet.block)[4:-1] if address not in taken)

    @property
    def blocks(self) -> list[IPv4Network]:
        return [self.block, *self.more_blocks]

    def at(self, address: IPv4Address) -> Instance | None:
        for instance in (*self.instances.values(), *self.nats.values()):
            if address in instance.addresses:
                return instance
        return None

    def rules(self, instance: Instance, outward: bool) -> list[GroupRule]:
        groups = [self.groups[name] for name in instance.groups]
        return [rule for group in groups for rule in (group.egress if outward else group.ingress)]

    def is_member(self, address: IPv4Address, group: str) -> bool:
        """Of a peer's group, written `vpc/group`, too; of another VPC that is no peer, never."""
        owner, _, name = group.rpartition("/")
        for vpc in (self, *self.peers.values()):
            if vpc.name == (owner or self.name):
                instance = vpc.at(address)
                return instance is not None and name in instance.groups
        return False


@dataclass
class Attachment:
    """Of a VPC to a transit gateway: a subnet in each zone that it is in."""

    vpc: Vpc
    doors: dict[str, Subnet]
    table: str = ""


@dataclass
class TransitTable:
    """Static routes, to an attachment or (None) into a black hole, and the attachments whose blocks are routes."""

    static: dict[IPv4Network, str | None] = field(default_factory=dict)
    propagating: list[str] = field(default_factory=list)


@dataclass
class Transit:
    attachments: dict[str, Attachment] = field(default_factory=dict)
    tables: dict[str, TransitTable] = field(default_factory=dict)

    def of(self, vpc: Vpc) -> Attachment:
        return next(each for each in self.attachments.values() if each.vpc is vpc)

    def routes(self, table: str) -> dict[IPv4Network, str | None]:
        """Of two attachments with one block, the first one's route is there; a static one comes before both."""
        found: dict[IPv4Network, str | None] = dict(self.tables[table].static)
        for name in self.tables[table].propagating:
            for block in self.attachments[name].vpc.blocks:
                found.setdefault(block, name)
        return found


def default_acl() -> Acl:
    return Acl([AclRule(100, True, EVERYTHING, EVERYWHERE)], [AclRule(100, True, EVERYTHING, EVERYWHERE)])


def default_group() -> Group:
    return Group([GroupRule(EVERYTHING, "default")], [ANYBODY])


class Region:
    """What all requests together made, and who is outside. `addresses`: of who asked for none, by (VPC, name)."""

    def __init__(
        self,
        requests: Iterable[Request],
        addresses: Mapping[tuple[str, str], str],
        outsiders: Iterable[Outsider] = (),
    ) -> None:
        self.vpcs: dict[str, Vpc] = {}
        self.prefix_lists: dict[str, tuple[IPv4Network, ...]] = {}
        self.transits: dict[str, Transit] = {}
        self.outside = addresses_outside(outsiders)
        self._addresses = addresses
        self._given = 0
        self.seen_ports: dict[str, list[int]] = {}
        """What each NAT gateway sent from, one packet after the other, as somebody has seen."""
        self.is_asked = False
        """Nothing is sent."""
        for request in requests:
            self.apply(request)

    def apply(self, request: Request) -> None:
        if isinstance(request, CreateVpc):
            self.vpcs[request.name] = Vpc(request.name, IPv4Network(request.cidr_block))
            return
        if isinstance(request, CreateHostedZone | ChangeResourceRecordSets):
            return  # names, not ways
        if isinstance(request, RequestServiceQuotaIncrease):
            return
        if isinstance(request, CreateManagedPrefixList):
            self.prefix_lists[request.name] = tuple(map(IPv4Network, request.entries))
            return
        if isinstance(request, TransitRequest):
            self._apply_transit(request)
            return
        vpc = self.vpcs[request.vpc]
        match request:
            case AssociateVpcCidrBlock():
                vpc.more_blocks.append(IPv4Network(request.cidr_block))
            case ModifyVpcAttribute():
                vpc.has_resolver = request.enable_dns_support
            case AssociateDhcpOptions():
                pass
            case CreateSubnet():
                vpc.subnets[request.name] = Subnet(
                    IPv4Network(request.cidr_block), request.availability_zone, request.map_public_ip_on_launch
                )
            case CreateRouteTable():
                vpc.tables[request.name] = {}
                vpc.list_routes[request.name] = {}
            case CreateEgressOnlyInternetGateway():
                raise AssertionError("no world of these has one")
            case CreateInternetGateway():
                vpc.has_gateway = True
            case CreateNatGateway():
                vpc.nats[request.name] = self._nat_gateway(vpc, request)
            case CreateVpcPeeringConnection():
                peer = self.vpcs[request.peer_vpc]
                vpc.peers[request.name] = peer
                peer.peers[request.name] = vpc
            case AssociateAddress():
                wanted = request.public_ip
                instance = vpc.instances[request.instance]
                private = IPv4Address(request.private_ip_address or instance.address)
                instance.publics[private] = IPv4Address(wanted) if wanted else self.next_public()
            case CreateRoute() | ReplaceRoute():
                is_list = isinstance(request.destination, PrefixListName)
                table = (vpc.list_routes if is_list else vpc.tables)[request.route_table]
                table |= dict.fromkeys(self.blocks(request.destination), Target(request.through, request.target))
            case AssociateGatewayRouteTable():
                vpc.gateway_table = request.route_table
            case ReplaceMainRouteTable():
                vpc.main_table = request.route_table
            case AssociateRouteTable():
                vpc.subnets[request.subnet].table = request.route_table
            case CreateNetworkAcl():
                vpc.acls[request.name] = Acl()
            case CreateNetworkAclEntry():
                acl = vpc.acls[request.network_acl]
                (acl.egress if request.egress else acl.ingress).append(acl_rule(request))
            case ReplaceNetworkAclAssociation():
                vpc.subnets[request.subnet].acl = request.network_acl
            case CreateSecurityGroup():
                vpc.groups[request.name] = Group(egress=[ANYBODY])
            case AuthorizeSecurityGroupIngress():
                vpc.groups[request.group].ingress.append(self.group_rule(request))
            case AuthorizeSecurityGroupEgress():
                vpc.groups[request.group].egress.append(self.group_rule(request))
            case RevokeSecurityGroupEgress():
                egress = vpc.groups[request.group].egress
                egress[:] = [rule for rule in egress if rule != ANYBODY]
            case CreateFlowLogs():
                pass  # who watches changes nothing
            case RunInstances():
                vpc.instances[request.name] = self._instance(vpc, request)

    def _apply_transit(self, request: TransitRequest) -> None:
        if isinstance(request, CreateTransitGateway):
            assert not request.default_route_table, "these worlds write down their tables"
            self.transits[request.name] = Transit()
            return
        transit = self.transits[request.transit_gateway]
        match request:
            case CreateTransitGatewayVpcAttachment():
                vpc = self.vpcs[request.vpc]
                assert not request.appliance_mode_support, "who can say which zone a hash names?"
                doors = {subnet.zone: subnet for subnet in (vpc.subnets[name] for name in request.subnets)}
                transit.attachments[request.name] = Attachment(vpc, doors)
                for name in request.subnets:
                    vpc.doors.append(vpc.lowest_free(vpc.subnets[name]))
            case CreateTransitGatewayRouteTable():
                transit.tables[request.name] = TransitTable()
            case AssociateTransitGatewayRouteTable():
                transit.attachments[request.attachment].table = request.route_table
            case EnableTransitGatewayRouteTablePropagation():
                transit.tables[request.route_table].propagating.append(request.attachment)
            case CreateTransitGatewayRoute():
                routes = transit.tables[request.route_table].static
                routes[IPv4Network(request.destination)] = request.attachment

    def _instance(self, vpc: Vpc, request: RunInstances) -> Instance:
        address = IPv4Address(request.private_ip_address or self._addresses[request.vpc, request.name])
        groups = request.security_groups or ("default",)
        subnet = vpc.subnets[request.subnet]
        more = tuple(map(IPv4Address, request.secondary_private_ip_addresses))
        publics = {address: self.next_public()} if subnet.gives_public else {}
        return Instance(request.name, address, subnet, groups, request.source_dest_check, vpc, more, publics)

    def _nat_gateway(self, vpc: Vpc, request: CreateNatGateway) -> "NatGateway":
        """No groups, no check; an Elastic IP for each of its addresses if it is public."""
        from .nat import NatGateway

        assert request.private_ip_address is not None, "worlds here say which"
        address, subnet = IPv4Address(request.private_ip_address), vpc.subnets[request.subnet]
        wanted = request.elastic_ips[0] if request.elastic_ips else None
        publics = {address: IPv4Address(wanted) if wanted else self.next_public()} if request.elastic_ips else {}
        return NatGateway(request.name, address, subnet, (), False, vpc, (), publics)

    def blocks(self, named: Cidr | PrefixListName) -> tuple[IPv4Network, ...]:
        return self.prefix_lists[named.name] if isinstance(named, PrefixListName) else (IPv4Network(named),)

    def group_rule(self, request: GroupRequest) -> GroupRule:
        peer = request.peer
        return GroupRule(_traffic(request), peer if isinstance(peer, str) else self.blocks(peer))

    @property
    def instances(self) -> list[Instance]:
        return [each for vpc in self.vpcs.values() for each in (*vpc.instances.values(), *vpc.nats.values())]

    def owner(self, public: IPv4Address) -> Instance | None:
        """The instance that has this public address."""
        return next((instance for instance in self.instances if public in instance.publics.values()), None)

    def next_public(self) -> IPv4Address:
        """In order; none is given twice."""
        while True:
            self._given += 1
            if self.owner(PUBLIC_POOL[self._given]) is None:
                return PUBLIC_POOL[self._given]


def addresses_outside(outsiders: Iterable[Outsider]) -> dict[str, IPv4Address]:
    """By name. Who has no address of its own gets the next."""
    free = iter(list(OUTSIDERS)[FIRST_OUTSIDER:])
    return {each.name: IPv4Address(each.ip_address) if each.ip_address else next(free) for each in outsiders}


def acl_rule(request: EntryRequest) -> AclRule:
    return AclRule(request.rule_number, request.allow, _traffic(request), IPv4Network(request.cidr_block))


def _traffic(request: GroupRequest | EntryRequest) -> Traffic:
    return Traffic(request.protocol, request.ports or ALL_PORTS, request.icmp_type, request.icmp_code)
