"""What may stand in a topology file. Names are CloudFormation's in snake_case; descriptions reach editors.

Nothing is required here that a zone's own version may still bring; `resolve` asks for what is missing.
"""

import re
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field, WithJsonSchema

from dcsim.problem import Mistake
from dcsim.topology.dns_spec import DhcpOptionsSpec, HostedZoneSpec
from dcsim.topology.fields import (
    ANYWHERE_LATER,
    NAMES_OR_MAP,
    ONE_OR_MORE,
    PER_ZONE,
    Address,
    AddressIpv6,
    Block,
    BlockIpv6,
    Boolean,
    Connectivity,
    Domain,
    Duration,
    EgressRule,
    ElasticIp,
    Frequency,
    IngressRule,
    Name,
    NumberedEgress,
    NumberedIngress,
    OutsideIpv6,
    PublicAddress,
    Seconds,
    Spec,
    SubnetBlockIpv6,
    Text,
    Whole,
    from_text,
)
from dcsim.topology.log_format import AggregationInterval, LogFormat, ResourceType, TrafficType
from dcsim.topology.physical import ImpairmentSpec, PlantSpec, by_default
from dcsim.topology.plan import Internet
from dcsim.topology.quantity import format_duration
from dcsim.topology.quota import QuotasSpec
from dcsim.topology.transit_spec import TransitGatewaySpec
from dcsim.topology.words import quoted

INTERNET = Internet()
SHIPPED_IMAGES = ("agent", "nat", "router")
VPC_LATER = (
    "auto_scaling_groups",
    "db_clusters",
    "db_instances",
    "db_subnet_groups",
    "launch_templates",
    "load_balancers",
    "network_interfaces",
    "target_groups",
    "vpc_endpoints",
)
REGION_LATER = (
    "regions",
    "sites",
    "vpn_connections",
)
ZONE = re.compile(r"[a-z][a-z0-9]{0,7}")
REGION = re.compile(r"[a-z][a-z0-9-]{0,30}")
UNIX_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _version(text: str) -> int:
    if text != "1":
        raise Mistake(f"{quoted(text)} is not known", "write 1", field=True)
    return 1


def _zone(text: str) -> str:
    if not ZONE.fullmatch(text):
        raise Mistake(f"{quoted(text)} is not a zone's name", "zones are called a, b, c")
    return text


def _region(text: str) -> str:
    if not REGION.fullmatch(text):
        raise Mistake(f"{quoted(text)} is not a region's name", "write it like eu-west-1", field=True)
    return text


def _start_ns(text: str) -> int:
    """Whole seconds: t = 0 in the middle of one would help nobody."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
    except (ValueError, OverflowError):
        raise Mistake(f"{quoted(text)} is not a moment", "write it like 2025-01-01T00:00:00Z", field=True) from None
    since = moment - UNIX_EPOCH
    if since.days < 0:
        raise Mistake(f"{text} is before 1970", field=True)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000


Version = Annotated[int, from_text(_version), WithJsonSchema({"const": 1})]
Zone = Annotated[str, from_text(_zone), WithJsonSchema({"type": "string", "pattern": f"^{ZONE.pattern}$"})]
Region = Annotated[str, from_text(_region), WithJsonSchema({"type": "string", "examples": ["eu-west-1"]})]
Start = Annotated[int, from_text(_start_ns), WithJsonSchema({"type": "string", "format": "date-time"})]
Image = Annotated[
    str,
    from_text(str),
    WithJsonSchema({"anyOf": [{"enum": list(SHIPPED_IMAGES)}, {"type": "string"}]}),
]
Copies = Annotated[int, Whole(1, 100_000)]
Entries = Annotated[int, Whole(1, 1_000)]
SecondaryAddresses = Annotated[int, Whole(0, 1_000)]


class SubnetFields(Spec):
    noun: ClassVar[str] = "subnet"
    later: ClassVar[tuple[str, ...]] = (*ANYWHERE_LATER, "enable_dns64", "ipv6_native")
    cidr_block: Block | None = Field(
        default=None, description="With per_zone, the zone at position n takes the nth block of this size."
    )
    availability_zone: Zone | None = Field(default=None, description="The zone's key: a, b, c.")
    route_table: Text | None = Field(default=None, description="Its route table; by default main.")
    network_acl: Text | None = Field(
        default=None, description="Its network ACL; by default EC2's own, which allows all."
    )
    map_public_ip_on_launch: Boolean | None = Field(
        default=None, description="true gives its instances a public address at launch. By default false."
    )
    ipv6_cidr_block: SubnetBlockIpv6 = Field(
        default=None, description="true for the VPC's next free /64, or a /64 of it, dealt as cidr_block is."
    )
    assign_ipv6_address_on_creation: Boolean | None = Field(
        default=None, description="true gives its instances an IPv6 address at launch. By default false."
    )


class SubnetSpec(SubnetFields):
    per_zone: Annotated[dict[str, SubnetFields], *PER_ZONE] | None = Field(
        default=None, description="Copies NAME-a, NAME-b: true for every zone, some zones, or zones with what differs."
    )


class RouteTableFields(Spec):
    noun: ClassVar[str] = "route table"
    later: ClassVar[tuple[str, ...]] = ANYWHERE_LATER
    routes: dict[str, Text] | None = Field(
        default=None,
        description="Destination, a block or a prefix list: target, the name of an instance, of a NAT gateway, of the "
        "VPC's internet gateways or of a peering connection; blackhole for one that is gone, unknown for what is not "
        "simulated.",
    )


class RouteTableSpec(RouteTableFields):
    per_zone: Annotated[dict[str, RouteTableFields], *PER_ZONE] | None = Field(
        default=None, description="Copies NAME-a, NAME-b: true for every zone, some zones, or zones with what differs."
    )


class NetworkAclSpec(Spec):
    noun: ClassVar[str] = "network ACL"
    later: ClassVar[tuple[str, ...]] = ANYWHERE_LATER
    ingress: Annotated[list[NumberedIngress], *ONE_OR_MORE] = Field(
        default=[], description="Rules into the subnet; the lowest number that matches decides; else denied."
    )
    egress: Annotated[list[NumberedEgress], *ONE_OR_MORE] = Field(default=[], description="Rules out of the subnet.")


class SecurityGroupSpec(Spec):
    noun: ClassVar[str] = "security group"
    later: ClassVar[tuple[str, ...]] = ANYWHERE_LATER
    ingress: Annotated[list[IngressRule], *ONE_OR_MORE] = Field(
        default=[],
        description="What is let in: tcp 443 from app, a group, a block or a prefix list; "
        "vpc/app is a group of a peered VPC.",
    )
    egress: Annotated[list[EgressRule], *ONE_OR_MORE] | None = Field(
        default=None, description="What is let out; by default everything, as EC2 has it."
    )


class NatGatewayFields(Spec):
    noun: ClassVar[str] = "NAT gateway"
    later: ClassVar[tuple[str, ...]] = ANYWHERE_LATER
    subnet: Text | None = Field(
        default=None, description="The subnet it is in; in a copy, its sibling in the same zone."
    )
    connectivity_type: Connectivity | None = Field(
        default=None, description="public, or private: without Elastic IPs, for other networks. By default public."
    )
    elastic_ip: ElasticIp = Field(default=None, description="The public address of a public one; by default a new one.")
    secondary_elastic_ips: Annotated[list[ElasticIp], *ONE_OR_MORE] | None = Field(
        default=None, description="More public addresses, as many as 7: true for a new one, or the address."
    )
    private_ip_address: Address | None = Field(default=None, description="By default the subnet's next free address.")
    secondary_private_ip_address_count: SecondaryAddresses | None = Field(
        default=None, description="More private addresses, without public ones. By default 0."
    )


class NatGatewaySpec(NatGatewayFields):
    per_zone: Annotated[dict[str, NatGatewayFields], *PER_ZONE] | None = Field(
        default=None, description="Copies NAME-a, NAME-b: true for every zone, some zones, or zones with what differs."
    )


class FlowLogSpec(Spec):
    noun: ClassVar[str] = "flow log"
    later: ClassVar[tuple[str, ...]] = ANYWHERE_LATER
    resource_type: ResourceType = Field(default="VPC", description="What it watches: all of the VPC, or parts of it.")
    resources: Annotated[list[Text], *ONE_OR_MORE] | None = Field(
        default=None, description="Subnets, or instances and NAT gateways for their interfaces; with VPC, none."
    )
    traffic_type: TrafficType = Field(default="ALL", description="What it tells of.")
    max_aggregation_interval: AggregationInterval | None = Field(
        default=None, description="How long one record may be about: by default 600 s; never more than 60 s on Nitro."
    )
    log_format: LogFormat | None = Field(
        default=None, description="Its fields, a list or one string; by default AWS's fourteen of version 2."
    )


class InstanceFields(Spec):
    noun: ClassVar[str] = "instance"
    later: ClassVar[tuple[str, ...]] = (*ANYWHERE_LATER, "environment", "program")
    subnet: Text | None = Field(
        default=None, description="The subnet it is in; in a copy, its sibling in the same zone."
    )
    security_groups: Annotated[list[Text], *ONE_OR_MORE] | None = Field(
        default=None, description="By default the VPC's default group."
    )
    image: Image | None = Field(
        default=None,
        description="What it boots: agent, an ELF file beside this one, nat (a NAT instance) or router (forwards all); "
        "nothing idles, answers pings.",
    )
    private_ip_address: Address | None = Field(default=None, description="By default the subnet's next free address.")
    secondary_private_ip_addresses: Annotated[list[Address], *ONE_OR_MORE] = Field(
        default=[], description="More addresses of its interface."
    )
    secondary_private_ip_address_count: SecondaryAddresses | None = Field(
        default=None, description="How many more; the subnet's next free ones."
    )
    ipv6_addresses: Annotated[list[AddressIpv6], *ONE_OR_MORE] = Field(
        default=[], description="Its IPv6 addresses, in the subnet's /64."
    )
    ipv6_address_count: SecondaryAddresses | None = Field(
        default=None, description="How many IPv6 addresses, the next free ones; by default what its subnet assigns."
    )
    elastic_ip: ElasticIp = Field(
        default=None, description="true for a new public address that stays its own, or the address. By default none."
    )
    secondary_elastic_ips: dict[str, ElasticIp] = Field(
        default={}, description="Secondary address: true for a new public address of its own, or the address."
    )
    source_dest_check: Boolean | None = Field(
        default=None, description="false lets it forward packets of others. By default true."
    )
    instance_type: Text | None = Field(default=None, description="Chooses the ISA: m7i is x86-64, m7g is AArch64.")
    frequency: Frequency | None = Field(default=None, description="Clock of its CPU.")
    boot: Seconds | None = Field(default=None, description="How long it boots; by default the image's own time.")


class InstanceSpec(InstanceFields):
    per_zone: Annotated[dict[str, InstanceFields], *PER_ZONE] | None = Field(
        default=None, description="Copies NAME-a, NAME-b: true for every zone, some zones, or zones with what differs."
    )
    count: Copies | None = Field(default=None, description="Copies NAME-1, NAME-2, in each zone if per_zone is there.")


class VpcSpec(Spec):
    noun: ClassVar[str] = "vpc"
    later: ClassVar[tuple[str, ...]] = (*ANYWHERE_LATER, *VPC_LATER)
    cidr_block: Block | None = Field(default=None, description="Its addresses: a block from /16 to /28.")
    secondary_cidr_blocks: Annotated[list[Block], *ONE_OR_MORE] = Field(
        default=[], description="More blocks, four at most; subnets are each in one block."
    )
    amazon_provided_ipv6_cidr_block: Boolean | None = Field(
        default=None, description="true gives it a /56 of Amazon's, here of 2001:db8::/32. By default it has no IPv6."
    )
    ipv6_cidr_block: BlockIpv6 | None = Field(default=None, description="Its IPv6 block, a /56 you brought along.")
    enable_dns_support: Boolean = Field(default=True, description="false: there is no resolver. By default true.")
    enable_dns_hostnames: Boolean = Field(
        default=False,
        description="true gives public addresses names, and lets private hosted zones count. By default false.",
    )
    dhcp_options: DhcpOptionsSpec | None = Field(
        default=None, description="What guests are told beside their address; by default AWS's own set."
    )
    internet_gateway: Name | None = Field(
        default=None, description="Its name, for routes: the VPC's door to the Internet. By default there is none."
    )
    gateway_route_table: Text | None = Field(
        default=None,
        description="What comes in over the internet gateway goes as this table says: to a middlebox before the "
        "subnet that it is for. By default there is none.",
    )
    main_route_table: Text | None = Field(
        default=None, description="The table of subnets that name none; by default main, which has local routes only."
    )
    egress_only_internet_gateway: Name | None = Field(
        default=None, description="Its name, for routes: lets IPv6 begin inside only. By default there is none."
    )
    subnets: Annotated[dict[Name, SubnetSpec], *NAMES_OR_MAP] = Field(default={}, description="By name.")
    route_tables: Annotated[dict[Name, RouteTableSpec], *NAMES_OR_MAP] = Field(
        default={}, description="By name; main is there anyway."
    )
    network_acls: Annotated[dict[Name, NetworkAclSpec], *NAMES_OR_MAP] = Field(
        default={}, description="By name; default is there anyway."
    )
    security_groups: Annotated[dict[Name, SecurityGroupSpec], *NAMES_OR_MAP] = Field(
        default={}, description="By name; default is there anyway."
    )
    nat_gateways: Annotated[dict[Name, NatGatewaySpec], *NAMES_OR_MAP] = Field(default={}, description="By name.")
    instances: Annotated[dict[Name, InstanceSpec], *NAMES_OR_MAP] = Field(
        default={}, description="Computers under test, by name."
    )
    flow_logs: Annotated[dict[Name, FlowLogSpec], *NAMES_OR_MAP] = Field(
        default={}, description="VPC Flow Logs by name, written into the run directory."
    )


class VpcPeeringConnectionSpec(Spec):
    noun: ClassVar[str] = "peering connection"
    vpc: Text = Field(description="The VPC that asks for it.")
    peer_vpc: Text = Field(description="The other VPC, which accepts at once. Both need routes through it.")


class PrefixListSpec(Spec):
    noun: ClassVar[str] = "prefix list"
    later: ClassVar[tuple[str, ...]] = ANYWHERE_LATER
    max_entries: Entries | None = Field(
        default=None, description="What quotas count, however many there are; by default as many as there are."
    )
    entries: Annotated[list[Block], *ONE_OR_MORE] = Field(default=[], description="Blocks.")


class OutsiderSpec(Spec):
    noun: ClassVar[str] = "internet instance"
    ip_address: PublicAddress | None = Field(
        default=None, description="A public one; by default one of the documentation's (RFC 5737)."
    )
    ipv6_address: OutsideIpv6 = Field(
        default=None, description="true for one of 3fff::/20 (RFC 9637), or the address. By default it has none."
    )
    image: Text | None = Field(
        default=None, description="What it boots: agent, or an ELF file beside this one; nothing idles, answers pings."
    )


class InternetSpec(Spec):
    noun: ClassVar[str] = "internet"
    delay: Duration = Field(
        default=INTERNET.delay_ns,
        description="One way, between the region's border and any instance outside; "
        + by_default(format_duration(INTERNET.delay_ns)),
    )
    instances: Annotated[dict[Name, OutsiderSpec], *NAMES_OR_MAP] = Field(
        default={}, description="Computers somewhere in the Internet, by name."
    )


class TopologyFile(Spec):
    """What exists at t = 0."""

    noun: ClassVar[str] = "topology"
    later: ClassVar[tuple[str, ...]] = REGION_LATER
    stand_ins: ClassVar[dict[str, str]] = {"region": "regions", "zones": "regions"}
    version: Version = Field(description="Of this file format.")
    region: Region = Field(description="Like eu-west-1.")
    zones: Annotated[list[Zone], *ONE_OR_MORE] = Field(description="What loses power together; a is eu-west-1a.")
    start: Start | None = Field(
        default=None, description="The moment t = 0 stands for; by default 2025-01-01T00:00:00Z."
    )
    plant: PlantSpec = Field(default=PlantSpec(), description="The physical fabric of every zone.")
    links: dict[str, ImpairmentSpec] = Field(default={}, description="`a <-> b` for both directions, `a -> b` for one.")
    quotas: QuotasSpec = Field(default=QuotasSpec(), description="What the account may have more of.")
    prefix_lists: dict[Name, PrefixListSpec] = Field(
        default={}, description="By name: blocks that rules and routes of any VPC can name together."
    )
    vpcs: Annotated[dict[Name, VpcSpec], *NAMES_OR_MAP] = Field(default={}, description="By name.")
    vpc_peering_connections: dict[Name, VpcPeeringConnectionSpec] = Field(
        default={}, description="By name: what joins two VPCs."
    )
    transit_gateways: dict[Name, TransitGatewaySpec] = Field(default={}, description="By name: routers between VPCs.")
    hosted_zones: dict[Domain, HostedZoneSpec] = Field(default={}, description="DNS zones, by domain name.")
    internet: InternetSpec = Field(default=InternetSpec(), description="The rest of the world.")
