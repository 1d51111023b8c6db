"""A plan as a topology file without short forms: every copy written out, every block dealt."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from dcsim.ipv6_request import CreateEgressOnlyInternetGateway
from dcsim.request import (
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
    ReplaceMainRouteTable,
    ReplaceNetworkAclAssociation,
    ReplaceRoute,
    Request,
    RequestServiceQuotaIncrease,
    RevokeSecurityGroupEgress,
    RunInstances,
)
from dcsim.topology.inline import Block
from dcsim.topology.inline import inline as _inline
from dcsim.topology.plan import Impairment, Internet, Outsider, Plan, Plant
from dcsim.topology.quantity import (
    format_duration,
    format_frequency,
    format_percent,
    format_rate,
    format_size,
)
from dcsim.topology.schema import UNIX_EPOCH
from dcsim.transit_request import (
    AssociateTransitGatewayRouteTable,
    CreateTransitGateway,
    CreateTransitGatewayRoute,
    CreateTransitGatewayRouteTable,
    CreateTransitGatewayVpcAttachment,
    EnableTransitGatewayRouteTablePropagation,
    TransitRequest,
)
from netvirt.address import format_ip

Regional = (
    RequestServiceQuotaIncrease
    | CreateManagedPrefixList
    | CreateVpcPeeringConnection
    | CreateHostedZone
    | ChangeResourceRecordSets
    | TransitRequest
)
"""What stands beside VPCs."""


SECTIONS = ("subnets", "route_tables", "network_acls", "security_groups", "nat_gateways", "instances", "flow_logs")


@dataclass(slots=True)
class _Vpc:
    """The parts of one VPC's section, by kind and name."""

    cidr_block: str
    secondary_cidr_blocks: list[str] = field(default_factory=list)
    internet_gateway: str | None = None
    gateway_route_table: str | None = None
    main_route_table: str | None = None
    settings: Block = field(default_factory=dict)
    """What is neither a list nor a map of resources."""
    nat_gateways: dict[str, Block] = field(default_factory=dict)
    subnets: dict[str, Block] = field(default_factory=dict)
    route_tables: dict[str, Block] = field(default_factory=dict)
    network_acls: dict[str, Block] = field(default_factory=dict)
    security_groups: dict[str, Block] = field(default_factory=dict)
    instances: dict[str, Block] = field(default_factory=dict)
    flow_logs: dict[str, Block] = field(default_factory=dict)


def expanded(plan: Plan) -> str:
    """YAML that loads to the same plan."""
    parts: list[str] = [
        "version: 1",
        f"region: {plan.region}",
        f"zones: {_inline(list(plan.zones))}",
        f"start: {_moment(plan.start_ns)}",
        f"plant: {_inline(_plant(plan.plant))}",
    ]
    if plan.links:
        parts.append("links:")
        parts += [f"  {setting.link}: {_inline(impairment_words(setting.impairment))}" for setting in plan.links]
    raised = [each for each in plan.requests if isinstance(each, RequestServiceQuotaIncrease)]
    if raised:
        parts += ["", "quotas:", *(f"  {each.quota_name}: {each.desired_value}" for each in raised)]
    parts += _prefix_lists(plan.requests)
    vpcs = _vpcs(plan.requests)
    if vpcs:
        parts += ["", "vpcs:"]
    for name, vpc in vpcs.items():
        parts += [f"  {name}:", f"    cidr_block: {vpc.cidr_block}"]
        if vpc.secondary_cidr_blocks:
            parts.append(f"    secondary_cidr_blocks: {_inline(vpc.secondary_cidr_blocks)}")
        parts += [f"    {word}: {_inline(value)}" for word, value in vpc.settings.items()]
        if vpc.internet_gateway is not None:
            parts.append(f"    internet_gateway: {vpc.internet_gateway}")
        if vpc.gateway_route_table is not None:
            parts.append(f"    gateway_route_table: {vpc.gateway_route_table}")
        if vpc.main_route_table is not None:
            parts.append(f"    main_route_table: {vpc.main_route_table}")
        for kind in SECTIONS:
            parts += _section(kind, getattr(vpc, kind))
    joints = [each for each in plan.requests if isinstance(each, CreateVpcPeeringConnection)]
    if joints:
        parts += ["", "vpc_peering_connections:"]
    for each in joints:
        parts.append(f"  {each.name}: {_inline({'vpc': each.vpc, 'peer_vpc': each.peer_vpc})}")
    parts += [*_transit_gateways(plan.requests), *_hosted_zones(plan.requests), *_internet(plan.internet)]
    return "\n".join(parts) + "\n"


def _transit_gateways(requests: Iterable[Request]) -> list[str]:
    gateways: dict[str, Block] = {}
    for request in requests:
        if isinstance(request, CreateTransitGateway):
            gateways[request.name] = {}
        elif isinstance(request, TransitRequest):
            _write_transit(gateways[request.transit_gateway], request)
    if not gateways:
        return []
    return ["", "transit_gateways:", *(f"  {name}: {_inline(block)}" for name, block in gateways.items())]


def _write_transit(gateway: Block, request: TransitRequest) -> None:
    match request:
        case CreateTransitGatewayVpcAttachment(name=name):
            block: Block = {"vpc": request.vpc, "subnets": list(request.subnets)}
            if request.appliance_mode_support:
                block["appliance_mode_support"] = "enable"
            _map(gateway, "attachments")[name] = block
        case CreateTransitGatewayRouteTable(name=name):
            _map(gateway, "route_tables")[name] = {}
        case AssociateTransitGatewayRouteTable(route_table=name, attachment=attachment):
            _list(_map(_map(gateway, "route_tables"), name), "associations").append(attachment)
        case EnableTransitGatewayRouteTablePropagation(route_table=name, attachment=attachment):
            _list(_map(_map(gateway, "route_tables"), name), "propagations").append(attachment)
        case CreateTransitGatewayRoute(route_table=name, destination=destination, attachment=target):
            routes = _map(_map(_map(gateway, "route_tables"), name), "routes")
            routes[str(destination)] = target or "blackhole"
        case CreateTransitGateway():
            raise AssertionError("it has been written")


def _prefix_lists(requests: Iterable[Request]) -> list[str]:
    lists: dict[str, Block] = {
        each.name: {"max_entries": str(each.max_entries), "entries": list(map(str, each.entries))}
        for each in requests
        if isinstance(each, CreateManagedPrefixList)
    }
    return ["", "prefix_lists:", *(f"  {name}: {_inline(each)}" for name, each in lists.items())] if lists else []


def _hosted_zones(requests: Iterable[Request]) -> list[str]:
    zones: dict[str, Block] = {}
    for request in requests:
        if isinstance(request, CreateHostedZone):
            zones[request.name] = {} if request.vpcs is None else {"vpcs": list(request.vpcs)}
        elif isinstance(request, ChangeResourceRecordSets):
            record: Block = {"type": request.type, "ttl": f"{request.ttl} s", "values": list(request.values)}
            _map(zones[request.hosted_zone], "records")[request.name] = record
    if not zones:
        return []
    return ["", "hosted_zones:", *(f"  {name}: {_inline(zone)}" for name, zone in zones.items())]


def _internet(internet: Internet) -> list[str]:
    if internet == Internet():
        return []
    parts = ["", "internet:", f"  delay: {format_duration(internet.delay_ns)}"]
    if internet.instances:
        parts.append("  instances:")
    return parts + [f"    {each.name}: {_inline(_outsider(each))}" for each in internet.instances]


def _outsider(outsider: Outsider) -> Block:
    block: Block = {}
    if outsider.ip_address is not None:
        block["ip_address"] = format_ip(outsider.ip_address)
    if outsider.ipv6_address is not None:
        block["ipv6_address"] = format_ip(outsider.ipv6_address)
    if outsider.image is not None:
        block["image"] = outsider.image
    return block


def _section(kind: str, blocks: dict[str, Block]) -> list[str]:
    if not blocks:
        return []
    return [f"    {kind}:", *(f"      {name}: {_inline(block)}" for name, block in blocks.items())]


def _moment(start_ns: int) -> str:
    moment = UNIX_EPOCH + timedelta(seconds=start_ns // 1_000_000_000)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _plant(plant: Plant) -> Block:
    return {
        "datacenters": str(plant.datacenters),
        "power_domains": str(plant.power_domains),
        "racks": str(plant.racks),
        "hosts": str(plant.hosts),
        "spines": str(plant.spines),
        "nic": format_rate(plant.nic_bps),
        "uplink": format_rate(plant.uplink_bps),
        "delay": format_duration(plant.delay_ns),
        "between_zones": format_duration(plant.between_zones_ns),
        "nic_limit": format_size(plant.nic_limit_bytes),
        "uplink_limit": format_size(plant.uplink_limit_bytes),
        "detection": format_duration(plant.detection_ns),
        "convergence": format_duration(plant.convergence_ns),
        "propagation": format_duration(plant.propagation_ns),
    }


def impairment_words(impairment: Impairment) -> Block:
    """netem's words for what is set."""
    ratios = {
        "loss": impairment.loss_ppb,
        "corrupt": impairment.corrupt_ppb,
        "duplicate": impairment.duplicate_ppb,
        "reorder": impairment.reorder_ppb,
    }
    words: Block = {}
    if impairment.rate_bps is not None:
        words["rate"] = format_rate(impairment.rate_bps)
    if impairment.delay_ns is not None:
        words["delay"] = format_duration(impairment.delay_ns)
    if impairment.jitter_ns is not None:
        words["jitter"] = format_duration(impairment.jitter_ns)
    words |= {word: format_percent(ppb) for word, ppb in ratios.items() if ppb is not None}
    if impairment.limit_bytes is not None:
        words["limit"] = format_size(impairment.limit_bytes)
    return words


def _vpcs(requests: Iterable[Request]) -> dict[str, _Vpc]:
    vpcs: dict[str, _Vpc] = {}
    for request in requests:
        if isinstance(request, CreateVpc):
            vpcs[request.name] = _Vpc(str(request.cidr_block))
        elif not isinstance(request, Regional):
            _write(vpcs[request.vpc], request)
    return vpcs


def _write(vpc: _Vpc, request: Request) -> None:
    assert not isinstance(request, CreateVpc | Regional), "these stand beside VPCs, not in them"
    match request:
        case AssociateVpcCidrBlock(cidr_block=block) if block.is_ipv6:
            vpc.settings["ipv6_cidr_block"] = str(block)
        case AssociateVpcCidrBlock(cidr_block=block):
            vpc.secondary_cidr_blocks.append(str(block))
        case CreateSubnet():
            vpc.subnets[request.name] = _subnet(request)
        case ModifyVpcAttribute():
            vpc.settings["enable_dns_support"] = _boolean(request.enable_dns_support)
            vpc.settings["enable_dns_hostnames"] = _boolean(request.enable_dns_hostnames)
        case AssociateDhcpOptions():
            vpc.settings["dhcp_options"] = _dhcp_options(request)
        case CreateInternetGateway(name=name):
            vpc.internet_gateway = name
        case CreateEgressOnlyInternetGateway(name=name):
            vpc.settings["egress_only_internet_gateway"] = name
        case CreateRouteTable(name=name):
            vpc.route_tables[name] = {}
        case (
            CreateRoute(route_table=name, destination=block, target=target)
            | ReplaceRoute(route_table=name, destination=block, target=target)
        ):
            _map(vpc.route_tables[name], "routes")[str(block)] = target
        case AssociateGatewayRouteTable(route_table=name):
            vpc.gateway_route_table = name
        case ReplaceMainRouteTable(route_table=name):
            vpc.main_route_table = name
        case AssociateRouteTable(subnet=name, route_table=table):
            vpc.subnets[name]["route_table"] = table
        case CreateNetworkAcl(name=name):
            vpc.network_acls[name] = {}
        case CreateNetworkAclEntry(network_acl=name, egress=egress, text=text):
            _list(vpc.network_acls[name], "egress" if egress else "ingress").append(text)
        case ReplaceNetworkAclAssociation(subnet=name, network_acl=acl):
            vpc.subnets[name]["network_acl"] = acl
        case CreateSecurityGroup(name=name):
            vpc.security_groups[name] = {}
        case AuthorizeSecurityGroupIngress(group=name, text=text):
            _list(vpc.security_groups[name], "ingress").append(text)
        case RevokeSecurityGroupEgress(group=name):
            _list(vpc.security_groups[name], "egress")
        case AuthorizeSecurityGroupEgress(group=name, text=text):
            _list(vpc.security_groups[name], "egress").append(text)
        case RunInstances():
            vpc.instances[request.name] = _instance(request)
        case AssociateAddress(instance=name, public_ip=address, private_ip_address=private):
            public = "true" if address is None else format_ip(address)
            if private is None:
                vpc.instances[name]["elastic_ip"] = public
            else:
                _map(vpc.instances[name], "secondary_elastic_ips")[format_ip(private)] = public
        case CreateNatGateway():
            vpc.nat_gateways[request.name] = _nat_gateway(request)
        case CreateFlowLogs(name=name):
            _flow_log(vpc.flow_logs.setdefault(name, {}), request)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _dhcp_options(request: AssociateDhcpOptions) -> Block:
    block: Block = {} if request.domain_name is None else {"domain_name": request.domain_name}
    if request.domain_name_servers:
        block["domain_name_servers"] = [format_ip(address) for address in request.domain_name_servers]
    if request.ntp_servers:
        block["ntp_servers"] = [format_ip(address) for address in request.ntp_servers]
    return block


def _list(block: Block, key: str) -> list[str]:
    found = block.setdefault(key, [])
    assert isinstance(found, list)
    return found


def _map(block: Block, key: str) -> Block:
    found = block.setdefault(key, {})
    assert isinstance(found, dict)
    return found


def _subnet(request: CreateSubnet) -> Block:
    block: Block = {"cidr_block": str(request.cidr_block), "availability_zone": request.availability_zone}
    if request.map_public_ip_on_launch:
        block["map_public_ip_on_launch"] = "true"
    if request.ipv6_cidr_block is not None:
        block["ipv6_cidr_block"] = str(request.ipv6_cidr_block)
    if request.assign_ipv6_address_on_creation:
        block["assign_ipv6_address_on_creation"] = "true"
    return block


def _nat_gateway(request: CreateNatGateway) -> Block:
    block: Block = {"subnet": request.subnet, "connectivity_type": request.connectivity_type}
    elastic_ips = ["true" if each is None else format_ip(each) for each in request.elastic_ips]
    if elastic_ips:
        block["elastic_ip"] = elastic_ips[0]
    if elastic_ips[1:]:
        block["secondary_elastic_ips"] = elastic_ips[1:]
    if request.private_ip_address is not None:
        block["private_ip_address"] = format_ip(request.private_ip_address)
    if request.secondary_private_ip_address_count:
        block["secondary_private_ip_address_count"] = str(request.secondary_private_ip_address_count)
    return block


def _flow_log(block: Block, request: CreateFlowLogs) -> None:
    """The requests of one flow log differ by resource only."""
    block["resource_type"] = request.resource_type
    if request.resource_type != "VPC":
        _list(block, "resources").append(request.resource)
    block["traffic_type"] = request.traffic_type
    block["max_aggregation_interval"] = format_duration(request.max_aggregation_interval_ns)
    block["log_format"] = list(request.log_format)


def _instance(request: RunInstances) -> Block:
    block: Block = {
        "subnet": request.subnet,
        "security_groups": list(request.security_groups),
        "instance_type": request.instance_type,
    }
    if request.image is not None:
        block["image"] = request.image
    if request.private_ip_address is not None:
        block["private_ip_address"] = format_ip(request.private_ip_address)
    if request.secondary_private_ip_addresses:
        block["secondary_private_ip_addresses"] = list(map(format_ip, request.secondary_private_ip_addresses))
    if request.secondary_private_ip_address_count:
        block["secondary_private_ip_address_count"] = str(request.secondary_private_ip_address_count)
    if request.ipv6_addresses:
        block["ipv6_addresses"] = list(map(format_ip, request.ipv6_addresses))
    if request.ipv6_address_count is not None:
        block["ipv6_address_count"] = str(request.ipv6_address_count)
    if not request.source_dest_check:
        block["source_dest_check"] = "false"
    if request.frequency_hz is not None:
        block["frequency"] = format_frequency(request.frequency_hz)
    if request.boot_ns is not None:
        block["boot"] = format_duration(request.boot_ns)
    return block
