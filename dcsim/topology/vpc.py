"""VPCs to requests: copies made, names looked up, blocks dealt out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from dcsim.problem import Mark
from dcsim.request import (
    AssociateAddress,
    AssociateGatewayRouteTable,
    AssociateRouteTable,
    AssociateVpcCidrBlock,
    CreateInternetGateway,
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    ReplaceMainRouteTable,
    ReplaceNetworkAclAssociation,
    Request,
    RunInstances,
)
from dcsim.topology.context import Context, Vpc
from dcsim.topology.flow_log import flow_logs
from dcsim.topology.hosted_zone import dns_settings, hosted_zones
from dcsim.topology.ipv6 import egress_only_gateway, subnet_blocks, vpc_block
from dcsim.topology.names import Catalog, Copy, Named, zone_copies
from dcsim.topology.nat_gateway import expand_nat_gateways, nat_gateways
from dcsim.topology.peering import peerings
from dcsim.topology.plan import INTERNET
from dcsim.topology.region import prefix_lists, quotas
from dcsim.topology.route import routes
from dcsim.topology.rule import NumberedRule
from dcsim.topology.schema import InstanceFields, NatGatewayFields, RouteTableFields, SubnetFields, VpcSpec
from dcsim.topology.security_group import group_rules
from dcsim.topology.transit_gateway import transit_gateways
from dcsim.topology.tree import Path
from dcsim.topology.words import number, quoted
from netvirt.address import Cidr, Ip, format_ip, parse_ip

DEFAULT_GROUP = DEFAULT_ACL = "default"
MAIN_TABLE = "main"
DEFAULT_INSTANCE_TYPE = "m7i.large"
MOST_INSTANCES = 400_000


@dataclass(slots=True)
class _Expanded:
    """A VPC with all its copies."""

    names: Vpc
    spec: VpcSpec
    path: Path
    subnets: list[Copy[SubnetFields]] = field(default_factory=list)
    route_tables: list[Copy[RouteTableFields]] = field(default_factory=list)
    instances: list[Copy[InstanceFields]] = field(default_factory=list)
    nat_gateways: list[Copy[NatGatewayFields]] = field(default_factory=list)


def requests(context: Context) -> tuple[Request, ...]:
    """In an order in which each finds what it refers to."""
    if _too_many_instances(context):
        return ()
    vpcs = [_expand(context, name, spec) for name, spec in context.file.vpcs.items()]
    return (
        *quotas(context),
        *prefix_lists(context),
        *(each for vpc in vpcs for each in _networks(context, vpc)),
        *peerings(context),
        *(each for vpc in vpcs for each in group_rules(context, vpc.names, vpc.spec.security_groups, vpc.path)),
        *(each for vpc in vpcs for each in _instances(context, vpc)),
        *(each for vpc in vpcs for each in _elastic_ips(context, vpc)),
        *(each for vpc in vpcs for each in nat_gateways(context, vpc.names, vpc.nat_gateways)),
        *transit_gateways(context),
        *(each for vpc in vpcs for each in _gateway_route_table(context, vpc)),
        *(each for vpc in vpcs for each in routes(context, vpc.names, vpc.route_tables)),
        *hosted_zones(context),
        *(each for vpc in vpcs for each in flow_logs(context, vpc.names, vpc.spec)),
    )


def _too_many_instances(context: Context) -> bool:
    """Said before any is made: a short file can ask for more than fits in memory."""
    total = 0
    for vpc, spec in context.file.vpcs.items():
        for name, instance in spec.instances.items():
            zones = 1 if instance.per_zone is None else len(context.zones)
            total += zones * (instance.count or 1)
            if total > MOST_INSTANCES:
                mark = context.key(["vpcs", vpc, "instances", name])
                context.complain(mark, f"with {name}, there are more than {MOST_INSTANCES:,} instances")
                return True
    return False


def _expand(context: Context, name: str, spec: VpcSpec) -> _Expanded:
    names = Vpc(
        name,
        Catalog("subnet", name),
        Catalog("route table", name, MAIN_TABLE),
        Catalog("network ACL", name, DEFAULT_ACL),
        Catalog("security group", name, DEFAULT_GROUP),
        Catalog("instance", name),
        Catalog("NAT gateway", name),
        spec.internet_gateway,
        spec.egress_only_internet_gateway,
    )
    context.vpcs[name] = names
    vpc = _Expanded(names, spec, ["vpcs", name])
    if name == INTERNET:
        context.complain(context.key(vpc.path), f"no vpc can be called {name}", "Choose another name")
    _expand_subnets(context, vpc)
    _expand_route_tables(context, vpc)
    _expand_instances(context, vpc)
    vpc.nat_gateways += expand_nat_gateways(context, names, spec.nat_gateways, vpc.path)
    for kind, catalog in (("network_acls", names.network_acls), ("security_groups", names.security_groups)):
        for each in getattr(spec, kind):
            _register(context, catalog, Named(each, None, False), [], [*vpc.path, kind, each])
    return vpc


def _register(context: Context, catalog: Catalog, named: Named, groups: list[str], path: Path) -> None:
    problem = catalog.add(groups, named, context.key(path))
    if problem:
        context.problems.append(problem)


def _expand_subnets(context: Context, vpc: _Expanded) -> None:
    for name, spec in vpc.spec.subnets.items():
        path = [*vpc.path, "subnets", name]
        context.check_zones(spec.per_zone or (), path)
        for copy in zone_copies(name, spec, spec.per_zone, context.zones, path):
            zone = _subnet_zone(context, copy)
            vpc.subnets.append(copy)
            _register(context, vpc.names.subnets, Named(copy.name, zone, copy.zone is not None), [name], path)


def _subnet_zone(context: Context, copy: Copy[SubnetFields]) -> str:
    written = copy.fields.availability_zone
    if written is not None:
        mark = context.value(copy.where("availability_zone"))
        if copy.zone is not None and copy.zone != written:
            context.complain(mark, f"{copy.name} is in zone {copy.zone} already", "leave availability_zone out")
        context.knows_zone(written, mark)
    elif copy.zone is None and len(context.zones) > 1:
        advice = f"write availability_zone: {context.zones[0]}, or per_zone: true"
        context.complain(context.key(copy.path), f"subnet {copy.name} lacks availability_zone", advice)
    return copy.zone or written or (context.zones[0] if context.zones else "")


def _expand_route_tables(context: Context, vpc: _Expanded) -> None:
    for name, spec in vpc.spec.route_tables.items():
        path = [*vpc.path, "route_tables", name]
        context.check_zones(spec.per_zone or (), path)
        for copy in zone_copies(name, spec, spec.per_zone, context.zones, path):
            vpc.route_tables.append(copy)
            named = Named(copy.name, copy.zone, copy.zone is not None)
            _register(context, vpc.names.route_tables, named, [name], path)


def _expand_instances(context: Context, vpc: _Expanded) -> None:
    for name, spec in vpc.spec.instances.items():
        path = [*vpc.path, "instances", name]
        context.check_zones(spec.per_zone or (), path)
        copies = zone_copies(name, spec, spec.per_zone, context.zones, path)
        for copy in copies:
            for each in _numbered(copy, spec.count):
                vpc.instances.append(each)
                named = Named(each.name, each.zone, each.zone is not None)
                _register(context, vpc.names.instances, named, [name, copy.name], path)


def _numbered(copy: Copy[InstanceFields], count: int | None) -> list[Copy[InstanceFields]]:
    if count is None:
        return [copy]
    return [replace(copy, name=f"{copy.name}-{position}") for position in range(1, count + 1)]


def _networks(context: Context, vpc: _Expanded) -> Iterator[Request]:
    mark, name = context.key(vpc.path), vpc.names.name
    if vpc.spec.cidr_block is None:
        context.complain(mark, f"vpc {name} lacks cidr_block", "write it like cidr_block: 10.0.0.0/16")
        return
    marks = {"cidr_block": context.value([*vpc.path, "cidr_block"])}
    yield CreateVpc(name, vpc.spec.cidr_block, mark=mark, marks=marks)
    for position, block in enumerate(vpc.spec.secondary_cidr_blocks):
        mark = context.value([*vpc.path, "secondary_cidr_blocks", position])
        yield AssociateVpcCidrBlock(name, block, mark=mark)
    yield from vpc_block(context, name, vpc.spec)
    yield from dns_settings(context, name, vpc.spec)
    for table in vpc.route_tables:
        yield CreateRouteTable(name, table.name, mark=context.key(table.path))
    yield from _main_route_table(context, vpc)
    yield from _network_acls(context, vpc)
    yield from _subnets(context, vpc, (vpc.spec.cidr_block, *vpc.spec.secondary_cidr_blocks))
    if vpc.spec.internet_gateway is not None:
        mark = context.value([*vpc.path, "internet_gateway"])
        yield CreateInternetGateway(name, vpc.spec.internet_gateway, mark=mark)
    yield from egress_only_gateway(context, name, vpc.spec, vpc.path)
    for group in vpc.spec.security_groups:
        yield CreateSecurityGroup(name, group, mark=context.key([*vpc.path, "security_groups", group]))


def _main_route_table(context: Context, vpc: _Expanded) -> Iterator[Request]:
    text = vpc.spec.main_route_table
    if text is None:
        return
    mark = context.value([*vpc.path, "main_route_table"])
    table = context.accept(vpc.names.route_tables.one_for(text, None, vpc.names.name, mark))
    if table and table.name != MAIN_TABLE:
        yield ReplaceMainRouteTable(vpc.names.name, table.name, mark=mark)


def _gateway_route_table(context: Context, vpc: _Expanded) -> Iterator[Request]:
    """Before its routes, so that what it cannot hold is said where that is written."""
    text = vpc.spec.gateway_route_table
    if text is None:
        return
    mark = context.value([*vpc.path, "gateway_route_table"])
    table = context.accept(vpc.names.route_tables.one_for(text, None, vpc.names.name, mark))
    if table:
        yield AssociateGatewayRouteTable(vpc.names.name, table.name, mark=mark)


def _network_acls(context: Context, vpc: _Expanded) -> Iterator[Request]:
    for name, spec in vpc.spec.network_acls.items():
        path = [*vpc.path, "network_acls", name]
        yield CreateNetworkAcl(vpc.names.name, name, mark=context.key(path))
        for position, rule in enumerate(spec.ingress):
            mark = context.value([*path, "ingress", position])
            yield _acl_entry(vpc.names.name, name, rule, False, mark)
        for position, rule in enumerate(spec.egress):
            mark = context.value([*path, "egress", position])
            yield _acl_entry(vpc.names.name, name, rule, True, mark)


def _acl_entry(vpc: str, acl: str, rule: NumberedRule, egress: bool, mark: Mark) -> CreateNetworkAclEntry:
    return CreateNetworkAclEntry(
        vpc=vpc,
        network_acl=acl,
        egress=egress,
        rule_number=rule.number,
        allow=rule.allow,
        protocol=rule.traffic.protocol,
        ports=rule.traffic.ports,
        icmp_type=rule.traffic.icmp_type,
        icmp_code=rule.traffic.icmp_code,
        cidr_block=rule.cidr_block,
        text=rule.text,
        mark=mark,
    )


def _subnets(context: Context, vpc: _Expanded, blocks: Sequence[Cidr]) -> Iterator[Request]:
    name, overflowing = vpc.names.name, set[str]()
    of_ipv6 = subnet_blocks(context, name, vpc.subnets)
    for copy in vpc.subnets:
        base = str(copy.path[-1])
        block = None if base in overflowing else _block(context, vpc, copy, blocks)
        if block is None:
            # Every later zone's block is missing for the same reason; one complaint is enough.
            overflowing.add(base)
            continue
        zone = vpc.names.subnets.meanings[copy.name][0].zone or ""
        marks = _marks(context, copy)
        public = copy.fields.map_public_ip_on_launch is True
        ipv6 = of_ipv6.get(copy.name), copy.fields.assign_ipv6_address_on_creation is True
        yield CreateSubnet(name, copy.name, block, zone, public, *ipv6, mark=context.key(copy.path), marks=marks)
        yield from _associations(context, vpc, copy)


def _block(context: Context, vpc: _Expanded, copy: Copy[SubnetFields], blocks: Sequence[Cidr]) -> Cidr | None:
    """The zone at position n takes the nth block, unless the zone has a block of its own."""
    first = copy.fields.cidr_block
    if first is None:
        context.complain(context.key(copy.path), f"subnet {copy.name} lacks cidr_block")
        return None
    own = copy.own is not None and copy.own.cidr_block is not None
    if copy.zone is None or own:
        return first
    network = first.network + context.zones.index(copy.zone) * first.size
    block = Cidr(Ip(network), first.prefix)
    if any(whole.covers(block) for whole in blocks):
        return block
    got = f"{copy.name} would get {block}" if network < 1 << 32 else f"there is no block for {copy.name}"
    mark = context.value(copy.where("cidr_block"))
    context.complain(mark, f"{got}, outside {vpc.names.name}'s {' and '.join(map(str, blocks))}")
    return None


def _marks(context: Context, copy: Copy[SubnetFields] | Copy[InstanceFields]) -> dict[str, Mark]:
    """Where the fields that the file gives a copy stand."""
    return {name: context.value(copy.where(name)) for name in sorted(copy.fields.model_fields_set - {"per_zone"})}


def _associations(context: Context, vpc: _Expanded, copy: Copy[SubnetFields]) -> Iterator[Request]:
    """The main table and EC2's own ACL need no request: a new subnet has them."""
    names, main = vpc.names, vpc.spec.main_route_table
    table = _one(context, names.route_tables, copy.fields.route_table, copy, "route_table")
    if table and (table.name != MAIN_TABLE or main not in (None, MAIN_TABLE)):
        mark = context.value(copy.where("route_table"))
        yield AssociateRouteTable(names.name, table.name, copy.name, mark=mark)
    acl = _one(context, names.network_acls, copy.fields.network_acl, copy, "network_acl")
    if acl and acl.name != DEFAULT_ACL:
        mark = context.value(copy.where("network_acl"))
        yield ReplaceNetworkAclAssociation(names.name, acl.name, copy.name, mark=mark)


def _one(
    context: Context,
    catalog: Catalog,
    text: str | None,
    copy: Copy[SubnetFields] | Copy[InstanceFields],
    field_name: str,
) -> Named | None:
    if text is None:
        return None
    mark = context.value(copy.where(field_name))
    return context.accept(catalog.one_for(text, copy.zone, copy.name, mark))


def _instances(context: Context, vpc: _Expanded) -> Iterator[Request]:
    names = vpc.names
    marks: dict[tuple[str | int, str | None], dict[str, Mark]] = {}
    # Addresses that the file chooses are taken before any is given out: what is written below counts too.
    for copy in sorted(vpc.instances, key=_chooses_nothing):
        subnet = _instance_subnet(context, names, copy)
        groups = _instance_groups(context, names, copy)
        if copy.fields.private_ip_address is not None:
            _is_alone(context, vpc, copy, "private_ip_address")
        _secondary_addresses(context, vpc, copy)
        if copy.fields.ipv6_addresses:
            _is_alone(context, vpc, copy, "ipv6_addresses")
        if subnet is None:
            continue
        # Those that only a number tells apart are written in the same place.
        written = copy.path[-1], copy.zone
        if written not in marks:
            marks[written] = _marks(context, copy)
        yield _run(names.name, copy, subnet, groups, context.key(copy.path), marks[written])


def _chooses_nothing(copy: Copy[InstanceFields]) -> bool:
    return copy.fields.private_ip_address is None and not copy.fields.ipv6_addresses


def _secondary_addresses(context: Context, vpc: _Expanded, copy: Copy[InstanceFields]) -> None:
    """Who chooses them chooses the primary one too, as EC2 asks: then it is clear which that is."""
    chosen = copy.fields.secondary_private_ip_addresses
    if not chosen or not _is_alone(context, vpc, copy, "secondary_private_ip_addresses"):
        return
    path = copy.where("secondary_private_ip_addresses")
    if copy.fields.private_ip_address is None:
        message = f"{copy.name} chooses secondary addresses, and no primary one"
        context.complain(context.value(path), message, "write private_ip_address too")
    for position, address in enumerate(chosen):
        if address in chosen[:position]:
            context.complain(context.value([*path, position]), f"{format_ip(address)} is here twice")


def _run(
    vpc: str,
    copy: Copy[InstanceFields],
    subnet: str,
    groups: tuple[str, ...],
    mark: Mark,
    marks: dict[str, Mark],
) -> RunInstances:
    fields = copy.fields
    return RunInstances(
        vpc=vpc,
        name=copy.name,
        subnet=subnet,
        security_groups=groups,
        image=fields.image,
        private_ip_address=fields.private_ip_address,
        source_dest_check=fields.source_dest_check is not False,
        instance_type=fields.instance_type or DEFAULT_INSTANCE_TYPE,
        frequency_hz=fields.frequency,
        boot_ns=fields.boot,
        secondary_private_ip_addresses=tuple(fields.secondary_private_ip_addresses),
        secondary_private_ip_address_count=fields.secondary_private_ip_address_count or 0,
        ipv6_addresses=tuple(fields.ipv6_addresses),
        ipv6_address_count=fields.ipv6_address_count,
        mark=mark,
        marks=marks,
    )


def _instance_subnet(context: Context, names: Vpc, copy: Copy[InstanceFields]) -> str | None:
    text = copy.fields.subnet
    if text is None:
        advice = f"{names.name} has {', '.join(names.subnets.every()) or 'none'}"
        context.complain(context.key(copy.path), f"instance {copy.name} lacks subnet", advice)
        return None
    found = _one(context, names.subnets, text, copy, "subnet")
    if found and copy.zone is not None and found.zone != copy.zone:
        mark = context.value(copy.where("subnet"))
        context.complain(mark, f"{copy.name} belongs in zone {copy.zone}; {text} is in zone {found.zone}")
    return found.name if found else None


def _instance_groups(context: Context, names: Vpc, copy: Copy[InstanceFields]) -> tuple[str, ...]:
    texts = copy.fields.security_groups
    if texts is None:
        return (DEFAULT_GROUP,)
    path = copy.where("security_groups")
    if not texts:
        context.complain(context.value(path), f"{copy.name} needs a security group", "leave it out for default")
    for position, text in enumerate(texts):
        mark = context.value([*path, position])
        if text in texts[:position]:
            context.complain(mark, f"{quoted(text)} is here twice")
        context.accept(names.security_groups.all_of(text, mark))
    return tuple(texts)


def _elastic_ips(context: Context, vpc: _Expanded) -> Iterator[Request]:
    for copy in vpc.instances:
        if copy.fields.elastic_ip is not None:
            yield _elastic_ip(context, vpc, copy, copy.fields.elastic_ip, None, copy.where("elastic_ip"))
        for text, wanted in copy.fields.secondary_elastic_ips.items():
            path = [*copy.where("secondary_elastic_ips"), text]
            private = _address(context, text, context.key(path))
            if private is not None and wanted is not None and _is_alone(context, vpc, copy, "secondary_elastic_ips"):
                yield _elastic_ip(context, vpc, copy, wanted, private, path)


def _elastic_ip(
    context: Context,
    vpc: _Expanded,
    copy: Copy[InstanceFields],
    wanted: Ip | Literal["new"],
    private: Ip | None,
    path: Path,
) -> AssociateAddress:
    mark = context.value(path)
    address = None if wanted == "new" else wanted
    if address is not None and _is_alone(context, vpc, copy, "elastic_ip" if private is None else str(path[-2])):
        owner = f"{vpc.names.name}/{copy.name}" + ("" if private is None else f" {format_ip(private)}")
        context.give_address(address, owner, mark)
    return AssociateAddress(vpc.names.name, copy.name, address, private, mark=mark)


def _address(context: Context, text: str, mark: Mark) -> Ip | None:
    try:
        return parse_ip(text)
    except ValueError:
        context.complain(mark, f"{quoted(text)} is not an IPv4 address", "write one of the instance's own")
        return None


def _is_alone(context: Context, vpc: _Expanded, copy: Copy[InstanceFields], address: str) -> bool:
    """One address cannot serve several copies."""
    own = copy.own is not None and address in copy.own.model_fields_set
    group = f"{copy.path[-1]}-{copy.zone}" if own else str(copy.path[-1])
    sharing = vpc.names.instances.meanings.get(group, ())
    if len(sharing) > 1:
        mark = context.value(copy.where(address))
        context.complain(mark, f"one {address} for {number(len(sharing))} instances")
    return len(sharing) == 1
