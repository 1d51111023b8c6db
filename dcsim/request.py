"""What may be asked of the control plane: EC2's verbs, each with the place in the user's file that asked.

Two requests that ask the same are equal, wherever they are written. Names are the file's keys; `default`
(security group, network ACL) and `main` (route table) are what EC2 makes with every VPC.
"""

from dataclasses import dataclass
from typing import Literal

from dcsim.asked import Asked
from dcsim.instance_request import InstanceRequest
from dcsim.ipv6_request import CreateEgressOnlyInternetGateway
from dcsim.transit_request import TransitRequest
from netvirt.address import EVERYWHERE, Cidr, Ip

ALL_PROTOCOLS = -1
ANY_ICMP = -1
NAT_IMAGE, ROUTER_IMAGE = FORWARDING_IMAGES = ("nat", "router")
"""An image without machine code: an instance that boots it is a NAT instance of dcsim's own."""
Gateway = Literal["internet_gateway", "egress_only_internet_gateway", "nat_gateway", "transit_gateway"]
Through = Literal["instance", "vpc_peering_connection", Gateway, "nowhere", "local"]
"""What a route's target is."""
BLACKHOLE, UNKNOWN = "blackhole", "unknown"
"""Targets that are `nowhere`: what is gone, and what is not simulated."""


@dataclass(frozen=True, slots=True)
class PrefixListName:
    """Where a block may stand, and a prefix list stands for all of its own."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class RequestServiceQuotaIncrease(Asked):
    """Granted at once, up to AWS's maximum."""

    quota_name: str
    desired_value: int


@dataclass(frozen=True, slots=True)
class CreateManagedPrefixList(Asked):
    """Of the region. `max_entries` is what quotas count."""

    name: str
    max_entries: int
    entries: tuple[Cidr, ...]


@dataclass(frozen=True, slots=True)
class CreateVpc(Asked):
    name: str
    cidr_block: Cidr


@dataclass(frozen=True, slots=True)
class AssociateVpcCidrBlock(Asked):
    """One block more than the VPC was made with, of either family."""

    vpc: str
    cidr_block: Cidr


@dataclass(frozen=True, slots=True)
class CreateSubnet(Asked):
    """`availability_zone` is the zone's key: `a`."""

    vpc: str
    name: str
    cidr_block: Cidr
    availability_zone: str
    map_public_ip_on_launch: bool = False
    """Every instance launched into it gets a public address that lasts until it stops."""
    ipv6_cidr_block: Cidr | None = None
    assign_ipv6_address_on_creation: bool = False
    """Every instance launched into it gets an IPv6 address."""


@dataclass(frozen=True, slots=True)
class CreateRouteTable(Asked):
    vpc: str
    name: str


@dataclass(frozen=True, slots=True)
class CreateRoute(Asked):
    """`target` is a name; `through` says of what: an instance, a gateway of the VPC, or a peering that it is in."""

    vpc: str
    route_table: str
    destination: Cidr | PrefixListName
    target: str
    through: Through = "instance"


@dataclass(frozen=True, slots=True)
class ReplaceRoute(Asked):
    """Another target for a destination that has a route, be it local; what was local can be that again."""

    vpc: str
    route_table: str
    destination: Cidr | PrefixListName
    target: str
    through: Through = "instance"


@dataclass(frozen=True, slots=True)
class DeleteRoute(Asked):
    vpc: str
    route_table: str
    destination: Cidr | PrefixListName


@dataclass(frozen=True, slots=True)
class DeleteRouteTable(Asked):
    vpc: str
    route_table: str


@dataclass(frozen=True, slots=True)
class ModifyVpcAttribute(Asked):
    """Without DNS support there is no resolver; without hostnames, no public names and no private zones."""

    vpc: str
    enable_dns_support: bool
    enable_dns_hostnames: bool


@dataclass(frozen=True, slots=True)
class AssociateDhcpOptions(Asked):
    """What guests are told beside their address. No `domain_name_servers` means the VPC's resolver."""

    vpc: str
    domain_name: str | None
    domain_name_servers: tuple[Ip, ...]
    ntp_servers: tuple[Ip, ...]


@dataclass(frozen=True, slots=True)
class CreateHostedZone(Asked):
    """A private one for these VPCs, a public one when `vpcs` is None."""

    name: str
    vpcs: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class ChangeResourceRecordSets(Asked):
    """One more record set. `name` is relative to the zone, `@` its own; `values` are as the file has them; for type A
    also `vpc/guest`, whose address it then is. `ttl` in seconds."""

    hosted_zone: str
    name: str
    type: Literal["A", "CNAME", "PTR", "TXT"]
    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateInternetGateway(Asked):
    """Made and attached to the VPC at once."""

    vpc: str
    name: str


@dataclass(frozen=True, slots=True)
class DetachInternetGateway(Asked):
    vpc: str


@dataclass(frozen=True, slots=True)
class AllocateAddress(Asked):
    """An Elastic IP that is nobody's yet: a new one, or the one named."""

    public_ip: Ip | None = None


@dataclass(frozen=True, slots=True)
class AssociateAddress(Asked):
    """An Elastic IP for an instance: a new one, or the one named, which may be taken from whoever has it. It is for the
    primary address, or the one named."""

    vpc: str
    instance: str
    public_ip: Ip | None
    private_ip_address: Ip | None = None
    allow_reassociation: bool = False


@dataclass(frozen=True, slots=True)
class DisassociateAddress(Asked):
    """The Elastic IP stays the owner's, and is no instance's any more."""

    public_ip: Ip


@dataclass(frozen=True, slots=True)
class ReleaseAddress(Asked):
    """The Elastic IP is given back."""

    public_ip: Ip


@dataclass(frozen=True, slots=True)
class CreateVpcPeeringConnection(Asked):
    """`vpc` asks, `peer_vpc` accepts at once: both are the same owner's."""

    vpc: str
    name: str
    peer_vpc: str


@dataclass(frozen=True, slots=True)
class DeleteVpcPeeringConnection(Asked):
    """Routes over it stay, as black holes."""

    name: str


@dataclass(frozen=True, slots=True)
class AssociateRouteTable(Asked):
    """For a subnet that follows the main table."""

    vpc: str
    route_table: str
    subnet: str


@dataclass(frozen=True, slots=True)
class ReplaceRouteTableAssociation(Asked):
    """For a subnet that has a table of its own."""

    vpc: str
    route_table: str
    subnet: str


@dataclass(frozen=True, slots=True)
class DisassociateRouteTable(Asked):
    """The subnet follows the main table again."""

    vpc: str
    subnet: str


@dataclass(frozen=True, slots=True)
class AssociateGatewayRouteTable(Asked):
    """EC2's AssociateRouteTable with a gateway: the VPC's internet gateway asks this table what comes in."""

    vpc: str
    route_table: str


@dataclass(frozen=True, slots=True)
class ReplaceMainRouteTable(Asked):
    """EC2's ReplaceRouteTableAssociation of the main table: every subnet that has no table of its own follows."""

    vpc: str
    route_table: str


@dataclass(frozen=True, slots=True)
class CreateNetworkAcl(Asked):
    vpc: str
    name: str


@dataclass(frozen=True, slots=True)
class CreateNetworkAclEntry(Asked):
    """`ports` is an inclusive range, None for every port; `text` is the rule as a sentence."""

    vpc: str
    network_acl: str
    egress: bool
    rule_number: int
    allow: bool
    protocol: int
    ports: tuple[int, int] | None
    icmp_type: int
    icmp_code: int
    cidr_block: Cidr
    text: str


@dataclass(frozen=True, slots=True)
class ReplaceNetworkAclEntry(CreateNetworkAclEntry):
    """Another rule under a number that has one."""


@dataclass(frozen=True, slots=True)
class DeleteNetworkAclEntry(Asked):
    vpc: str
    network_acl: str
    egress: bool
    rule_number: int


@dataclass(frozen=True, slots=True)
class DeleteNetworkAcl(Asked):
    vpc: str
    network_acl: str


@dataclass(frozen=True, slots=True)
class ReplaceNetworkAclAssociation(Asked):
    vpc: str
    network_acl: str
    subnet: str


@dataclass(frozen=True, slots=True)
class CreateSecurityGroup(Asked):
    vpc: str
    name: str


@dataclass(frozen=True, slots=True)
class DeleteSecurityGroup(Asked):
    vpc: str
    group: str


@dataclass(frozen=True, slots=True)
class _SecurityGroupRule(Asked):
    """`peer` is a block, a prefix list, or a group's name (`vpc/name` when it is in another VPC)."""

    vpc: str
    group: str
    protocol: int
    ports: tuple[int, int] | None
    icmp_type: int
    icmp_code: int
    peer: Cidr | PrefixListName | str
    text: str


@dataclass(frozen=True, slots=True)
class AuthorizeSecurityGroupIngress(_SecurityGroupRule):
    """One rule more."""


@dataclass(frozen=True, slots=True)
class AuthorizeSecurityGroupEgress(_SecurityGroupRule):
    """One rule more."""


@dataclass(frozen=True, slots=True)
class RevokeSecurityGroupIngress(_SecurityGroupRule):
    """Takes away the rule that is exactly this one."""


@dataclass(frozen=True, slots=True)
class RevokeSecurityGroupEgress(Asked):
    """By default the `all to 0.0.0.0/0` that EC2 gives every new group: the file states its own egress."""

    vpc: str
    group: str
    protocol: int = ALL_PROTOCOLS
    ports: tuple[int, int] | None = None
    icmp_type: int = ANY_ICMP
    icmp_code: int = ANY_ICMP
    peer: Cidr | PrefixListName | str = EVERYWHERE
    text: str = "all to 0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class ModifyNetworkInterfaceAttribute(Asked):
    """Of an instance's interface; None leaves as it is."""

    vpc: str
    instance: str
    groups: tuple[str, ...] | None = None
    source_dest_check: bool | None = None


@dataclass(frozen=True, slots=True)
class RunInstances(Asked):
    """One instance. The zone is its subnet's; None leaves the choice to the control plane or the image.

    Secondary addresses are named or counted.
    """

    vpc: str
    name: str
    subnet: str
    security_groups: tuple[str, ...]
    image: str | None
    private_ip_address: Ip | None
    source_dest_check: bool
    instance_type: str
    frequency_hz: int | None
    boot_ns: int | None
    secondary_private_ip_addresses: tuple[Ip, ...] = ()
    secondary_private_ip_address_count: int = 0
    ipv6_addresses: tuple[Ip, ...] = ()
    ipv6_address_count: int | None = None
    """None: as many as its subnet assigns."""


@dataclass(frozen=True, slots=True)
class CreateNatGateway(Asked):
    """`elastic_ips` are those of its private addresses, the primary one's first: None is a new one."""

    vpc: str
    name: str
    subnet: str
    connectivity_type: Literal["public", "private"]
    elastic_ips: tuple[Ip | None, ...]
    private_ip_address: Ip | None = None
    secondary_private_ip_address_count: int = 0


@dataclass(frozen=True, slots=True)
class DeleteNatGateway(Asked):
    vpc: str
    name: str


@dataclass(frozen=True, slots=True)
class CreateFlowLogs(Asked):
    """`resource` is the name of a subnet, of the instance or NAT gateway whose interface it is, or the VPC's own."""

    vpc: str
    name: str
    resource_type: Literal["VPC", "Subnet", "NetworkInterface"]
    resource: str
    traffic_type: Literal["ACCEPT", "REJECT", "ALL"]
    max_aggregation_interval_ns: int
    log_format: tuple[str, ...]

    def same_records(self, other: "CreateFlowLogs") -> bool:
        """Do both write the same about what they watch?"""
        mine = self.traffic_type, self.max_aggregation_interval_ns, self.log_format
        return mine == (other.traffic_type, other.max_aggregation_interval_ns, other.log_format)


Request = (
    TransitRequest
    | RequestServiceQuotaIncrease
    | CreateManagedPrefixList
    | CreateVpc
    | AssociateVpcCidrBlock
    | CreateSubnet
    | CreateRouteTable
    | CreateRoute
    | ReplaceRoute
    | ModifyVpcAttribute
    | AssociateDhcpOptions
    | CreateHostedZone
    | ChangeResourceRecordSets
    | CreateInternetGateway
    | CreateEgressOnlyInternetGateway
    | AssociateAddress
    | CreateVpcPeeringConnection
    | AssociateRouteTable
    | ReplaceMainRouteTable
    | AssociateGatewayRouteTable
    | CreateNetworkAcl
    | CreateNetworkAclEntry
    | ReplaceNetworkAclAssociation
    | CreateSecurityGroup
    | AuthorizeSecurityGroupIngress
    | AuthorizeSecurityGroupEgress
    | RevokeSecurityGroupEgress
    | RunInstances
    | CreateNatGateway
    | CreateFlowLogs
)
"""What a topology file comes to."""

Verb = (
    Request
    | DeleteNatGateway
    | DeleteRouteTable
    | DeleteRoute
    | DetachInternetGateway
    | AllocateAddress
    | DisassociateAddress
    | ReleaseAddress
    | DeleteVpcPeeringConnection
    | ReplaceRouteTableAssociation
    | DisassociateRouteTable
    | DeleteNetworkAcl
    | ReplaceNetworkAclEntry
    | DeleteNetworkAclEntry
    | DeleteSecurityGroup
    | RevokeSecurityGroupIngress
    | ModifyNetworkInterfaceAttribute
    | InstanceRequest
)
"""All that may be asked: what a file comes to, and what changes it later."""
