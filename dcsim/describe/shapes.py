"""What `aws ec2 describe-*` prints, as far as it is read here: Amazon EC2 API Reference, "Data Types".

Keys are AWS's in snake_case. What a resource can do without has a default; what is not listed is not looked at.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, model_validator
from pydantic.alias_generators import to_pascal

from netvirt.address import Cidr, Ip, parse_cidr, parse_cidr_ipv6, parse_ip, parse_ipv6

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/+@=-]{0,254}$")]
"""Nothing that could end a comment in a file."""


def _block(value: object) -> Cidr:
    return parse_cidr(str(value))


def _address(value: object) -> Ip:
    return parse_ip(str(value))


def _ipv6_block(value: object) -> Cidr:
    return parse_cidr_ipv6(str(value))


def _ipv6_address(value: object) -> Ip:
    return parse_ipv6(str(value))


def _protocol(value: object) -> str:
    """-1 is all; only the commonest have names."""
    text = str(value)
    if not re.fullmatch("-1|tcp|udp|icmp|icmpv6|[0-9]{1,3}", text) or (text.isdecimal() and int(text) > 255):
        raise ValueError("no protocol")
    return text


Block = Annotated[Cidr, PlainValidator(_block)]
Address = Annotated[Ip, PlainValidator(_address)]
BlockIpv6 = Annotated[Cidr, PlainValidator(_ipv6_block)]
AddressIpv6 = Annotated[Ip, PlainValidator(_ipv6_address)]
Protocol = Annotated[str, PlainValidator(_protocol)]
Port = Annotated[int, Field(ge=-1, le=65535)]
IcmpNumber = Annotated[int, Field(ge=-1, le=255)]
"""A type or a code; -1 is any."""


class Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, validate_by_name=True, extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        return {key: each for key, each in value.items() if each is not None} if isinstance(value, dict) else value


class Tag(Shape):
    key: str
    value: str = ""


class Resource(Shape):
    """Whatever has an id and tags."""

    tags: tuple[Tag, ...] = ()

    @property
    def tagged(self) -> str:
        """Its Name tag, empty when it has none."""
        return next((tag.value for tag in self.tags if tag.key == "Name"), "")


class State(Shape):
    """`State` of an association, or `Status` of a peering: words in a map."""

    state: str = ""
    code: str | int = ""
    name: str = ""


class DhcpValue(Shape):
    value: str


class DhcpConfiguration(Shape):
    key: str
    values: tuple[DhcpValue, ...] = ()


class DhcpOptions(Resource):
    dhcp_options_id: Id
    dhcp_configurations: tuple[DhcpConfiguration, ...] = ()


class Attribute(Shape):
    value: bool


class VpcAttribute(Shape):
    """`describe-vpc-attribute` prints one of the two, and no list."""

    vpc_id: Id
    enable_dns_support: Attribute | None = None
    enable_dns_hostnames: Attribute | None = None


class BlockAssociation(Shape):
    cidr_block: Block
    cidr_block_state: State = State()


class Ipv6BlockAssociation(Shape):
    ipv6_cidr_block: BlockIpv6
    ipv6_cidr_block_state: State = State()


class Vpc(Resource):
    vpc_id: Id
    cidr_block: Block
    is_default: bool = False
    owner_id: str = ""
    dhcp_options_id: str = ""
    cidr_block_association_set: tuple[BlockAssociation, ...] = ()
    ipv6_cidr_block_association_set: tuple[Ipv6BlockAssociation, ...] = ()

    @property
    def blocks(self) -> list[Cidr]:
        """The first one first."""
        there = (each for each in self.cidr_block_association_set if each.cidr_block_state.state in ("", "associated"))
        return [self.cidr_block, *sorted({each.cidr_block for each in there} - {self.cidr_block})]


class Subnet(Resource):
    """One for IPv6 only has no `cidr_block`."""

    subnet_id: Id
    vpc_id: Id
    cidr_block: Block | None = None
    availability_zone: Id
    availability_zone_id: str = ""
    map_public_ip_on_launch: bool = False
    assign_ipv6_address_on_creation: bool = False
    ipv6_cidr_block_association_set: tuple[Ipv6BlockAssociation, ...] = ()

    @property
    def block(self) -> Cidr:
        assert self.cidr_block is not None, "subnets without one are left out"
        return self.cidr_block


class RouteTableAssociation(Shape):
    main: bool = False
    subnet_id: Id | None = None
    gateway_id: Id | None = None
    association_state: State = State(state="associated")


class Route(Shape):
    """Exactly one destination and at most one target is there."""

    destination_cidr_block: Block | None = None
    destination_ipv6_cidr_block: BlockIpv6 | None = None
    destination_prefix_list_id: Id | None = None
    gateway_id: Id | None = None
    instance_id: Id | None = None
    network_interface_id: Id | None = None
    nat_gateway_id: Id | None = None
    transit_gateway_id: Id | None = None
    vpc_peering_connection_id: Id | None = None
    egress_only_internet_gateway_id: Id | None = None
    local_gateway_id: Id | None = None
    carrier_gateway_id: Id | None = None
    core_network_arn: Id | None = None
    origin: str = ""
    state: str = "active"


class RouteTable(Resource):
    route_table_id: Id
    vpc_id: Id
    associations: tuple[RouteTableAssociation, ...] = ()
    routes: tuple[Route, ...] = ()


class PortRange(Shape):
    from_: Port = Field(alias="From")
    to: Port

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.from_ > self.to:
            raise ValueError("backwards")
        return self


class IcmpTypeCode(Shape):
    type: IcmpNumber = -1
    code: IcmpNumber = -1


class AclEntry(Shape):
    rule_number: Annotated[int, Field(ge=1)]
    egress: bool
    protocol: Protocol
    rule_action: Literal["allow", "deny"]
    cidr_block: Block | None = None
    ipv6_cidr_block: BlockIpv6 | None = None
    port_range: PortRange | None = None
    icmp_type_code: IcmpTypeCode | None = None


class AclAssociation(Shape):
    subnet_id: Id


class NetworkAcl(Resource):
    network_acl_id: Id
    vpc_id: Id
    is_default: bool = False
    entries: tuple[AclEntry, ...] = ()
    associations: tuple[AclAssociation, ...] = ()


class IpRange(Shape):
    cidr_ip: Block


class Ipv6Range(Shape):
    cidr_ipv6: BlockIpv6


class PrefixListId(Shape):
    prefix_list_id: Id


class GroupPair(Shape):
    group_id: Id
    vpc_id: Id | None = None


class IpPermission(Shape):
    """`from_port` and `to_port` are absent for all ports, an ICMP type and code for ICMP."""

    ip_protocol: Protocol
    from_port: Port | None = None
    to_port: Port | None = None
    ip_ranges: tuple[IpRange, ...] = ()
    ipv6_ranges: tuple[Ipv6Range, ...] = ()
    prefix_list_ids: tuple[PrefixListId, ...] = ()
    user_id_group_pairs: tuple[GroupPair, ...] = ()

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        first, last = -1 if self.from_port is None else self.from_port, -1 if self.to_port is None else self.to_port
        if max(first, last) > 255 if self.ip_protocol in ("1", "icmp", "58", "icmpv6") else first > last:
            raise ValueError("no ports, and no ICMP type")
        return self


class SecurityGroup(Resource):
    group_id: Id
    group_name: str = ""
    vpc_id: Id
    ip_permissions: tuple[IpPermission, ...] = ()
    ip_permissions_egress: tuple[IpPermission, ...] = ()


class GroupId(Shape):
    group_id: Id


class Association(Shape):
    """A public address; `ip_owner_id` is amazon for one that AWS chose at launch."""

    public_ip: Address | None = None
    ip_owner_id: str = ""


class PrivateAddress(Shape):
    private_ip_address: Address
    primary: bool = False
    association: Association | None = None


class Ipv6Address(Shape):
    ipv6_address: AddressIpv6


class Attachment(Shape):
    instance_id: Id | None = None
    instance_owner_id: str = ""
    device_index: int = 0


class NetworkInterface(Shape):
    """Tags are called otherwise here; inside an instance there are fewer keys."""

    network_interface_id: Id
    vpc_id: Id | None = None
    subnet_id: Id | None = None
    description: str = ""
    groups: tuple[GroupId, ...] = ()
    interface_type: str = "interface"
    requester_id: str = ""
    requester_managed: bool = False
    source_dest_check: bool = True
    private_ip_address: Address | None = None
    private_ip_addresses: tuple[PrivateAddress, ...] = ()
    ipv6_addresses: tuple[Ipv6Address, ...] = ()
    association: Association | None = None
    attachment: Attachment | None = None
    status: str = "in-use"
    tag_set: tuple[Tag, ...] = ()

    @property
    def tagged(self) -> str:
        return next((tag.value for tag in self.tag_set if tag.key == "Name"), "")


class Instance(Resource):
    instance_id: Id
    instance_type: str = ""
    state: State = State(name="running")
    vpc_id: Id | None = None
    subnet_id: Id | None = None
    private_ip_address: Address | None = None
    public_ip_address: Address | None = None
    security_groups: tuple[GroupId, ...] = ()
    source_dest_check: bool = True
    network_interfaces: tuple[NetworkInterface, ...] = ()


class Reservation(Shape):
    instances: tuple[Instance, ...] = ()


class GatewayAttachment(Shape):
    vpc_id: Id
    state: str = "available"


class InternetGateway(Resource):
    internet_gateway_id: Id
    attachments: tuple[GatewayAttachment, ...] = ()


class EgressOnlyInternetGateway(Resource):
    egress_only_internet_gateway_id: Id
    attachments: tuple[GatewayAttachment, ...] = ()


class NatGatewayAddress(Shape):
    public_ip: Address | None = None
    private_ip: Address | None = None
    network_interface_id: Id | None = None
    is_primary: bool = False


class NatGateway(Resource):
    nat_gateway_id: Id
    vpc_id: Id
    subnet_id: Id | None = None
    state: str = "available"
    connectivity_type: str = "public"
    nat_gateway_addresses: tuple[NatGatewayAddress, ...] = ()


class ElasticIp(Resource):
    public_ip: Address
    instance_id: str = ""
    network_interface_id: str = ""


class PeeringEnd(Shape):
    vpc_id: Id
    region: str = ""


class Peering(Resource):
    vpc_peering_connection_id: Id
    requester_vpc_info: PeeringEnd
    accepter_vpc_info: PeeringEnd
    status: State = State(code="active")


class TransitGateway(Resource):
    transit_gateway_id: Id
    transit_gateway_arn: str = ""
    state: str = "available"


class AttachmentOptions(Shape):
    appliance_mode_support: str = "disable"


class TransitGatewayVpcAttachment(Resource):
    transit_gateway_attachment_id: Id
    transit_gateway_id: Id
    vpc_id: Id
    subnet_ids: tuple[Id, ...] = ()
    state: str = "available"
    options: AttachmentOptions = AttachmentOptions()


class TableAssociation(Shape):
    transit_gateway_route_table_id: Id
    state: str = "associated"


class TransitGatewayAttachment(Resource):
    """Of any kind; which table routes what comes from it is said here only."""

    transit_gateway_attachment_id: Id
    resource_type: str = "vpc"
    state: str = "available"
    association: TableAssociation | None = None


class TransitGatewayRouteTable(Resource):
    transit_gateway_route_table_id: Id


class RouteAttachment(Shape):
    transit_gateway_attachment_id: Id
    resource_type: str = "vpc"


class TransitGatewayRoute(Shape):
    destination_cidr_block: str
    transit_gateway_attachments: tuple[RouteAttachment, ...] = ()
    type: str = "static"
    state: str = "active"

    @property
    def block(self) -> Cidr:
        return parse_cidr(self.destination_cidr_block)


class PrefixList(Resource):
    prefix_list_id: Id
    prefix_list_name: str = ""
    max_entries: int = 0


class PrefixListEntry(Shape):
    cidr: str


class AvailabilityZone(Shape):
    zone_name: Id
    region_name: str = ""
