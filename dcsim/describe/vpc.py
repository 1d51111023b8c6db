"""One VPC: what of it can be simulated, and what each thing is called."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from dcsim.describe.guest import Guest, guests, with_ipv6
from dcsim.describe.inventory import Inventory
from dcsim.describe.ipv6 import egress_only_gateway, subnet_blocks, vpc_block
from dcsim.describe.names import Wanted, cleaned, distinct, without_region
from dcsim.describe.nat_gateway import nat_gateways
from dcsim.describe.notes import Notes
from dcsim.describe.region import Region
from dcsim.describe.rule import LAST_NUMBER
from dcsim.describe.shapes import (
    AclEntry,
    EgressOnlyInternetGateway,
    InternetGateway,
    NatGateway,
    NetworkAcl,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from dcsim.quota import BLOCKS
from dcsim.topology.vpc import DEFAULT_ACL, DEFAULT_GROUP, MAIN_TABLE
from netvirt.address import EVERYWHERE, EVERYWHERE_IPV6, Cidr


@dataclass(slots=True)
class Home:
    """A VPC and everything in it that goes into the file; the names are by AWS's ids."""

    vpc: Vpc
    name: str
    subnets: dict[str, Subnet]
    route_tables: dict[str, RouteTable]
    network_acls: dict[str, NetworkAcl]
    security_groups: dict[str, SecurityGroup]
    guests: list[Guest] = field(default_factory=list)
    secondary: tuple[Cidr, ...] = ()
    """Its blocks beside the first."""
    ipv6: Cidr | None = None
    ipv6_blocks: dict[str, Cidr] = field(default_factory=dict)
    """By subnet."""
    gateway: InternetGateway | None = None
    egress_only: EgressOnlyInternetGateway | None = None
    nat_gateways: list[NatGateway] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def main(self) -> RouteTable | None:
        """The table of subnets that are associated with none."""
        return next((table for table in self.route_tables.values() if is_main(table)), None)

    def table_of(self, subnet: str) -> str | None:
        """The route table's name, None for the main one."""
        explicit = (table for table in self.route_tables.values() if subnet in _associated(table))
        table = next(explicit, None)
        return None if table is None or is_main(table) else self.names.get(table.route_table_id)

    @property
    def edge(self) -> RouteTable | None:
        """The table of what comes in over the internet gateway."""
        if self.gateway is None:
            return None
        gateway = self.gateway.internet_gateway_id
        return next((table for table in self.route_tables.values() if gateway in _gateways(table)), None)

    def acl_of(self, subnet: str) -> str | None:
        """The network ACL's name, None for the default one as EC2 makes it."""
        for acl in self.network_acls.values():
            if any(each.subnet_id == subnet for each in acl.associations):
                return self.names.get(acl.network_acl_id)
        return None


def home_of(stock: Inventory, vpc: Vpc, name: str, notes: Notes) -> Home:
    """What belongs to a VPC; nothing in it is named yet."""
    blocks = _blocks(vpc, name, notes)
    mine = [each for each in stock.subnets.values() if each.vpc_id == vpc.vpc_id]
    own = [each for each in mine if _is_simulated(blocks, each, notes)]
    home = Home(
        vpc,
        name,
        {each.subnet_id: each for each in sorted(own, key=lambda subnet: (subnet.block, subnet.subnet_id))},
        {each.route_table_id: each for each in stock.route_tables.values() if each.vpc_id == vpc.vpc_id},
        {each.network_acl_id: each for each in stock.network_acls.values() if each.vpc_id == vpc.vpc_id},
        {each.group_id: each for each in stock.security_groups.values() if each.vpc_id == vpc.vpc_id},
    )
    home.ipv6 = vpc_block(vpc, name, notes)
    home.ipv6_blocks = subnet_blocks(home.ipv6, home.subnets.values(), notes)
    home.egress_only = egress_only_gateway(stock, vpc.vpc_id)
    found = guests(stock, home.subnets, notes)
    home.guests = [with_ipv6(guest, home.ipv6_blocks.get(guest.subnet.subnet_id), notes) for guest in found]
    for guest in home.guests:
        for group in guest.groups:
            if group not in home.security_groups:
                # It lets nothing in, so that nobody is told of a way that may not be there.
                home.security_groups[group] = SecurityGroup(group_id=group, vpc_id=vpc.vpc_id)
                notes.miss("aws ec2 describe-security-groups", group)
    attached = [each for each in stock.internet_gateways.values() if vpc.vpc_id in _attached(each)]
    home.gateway = attached[0] if attached else None
    home.secondary = blocks[1:]
    home.nat_gateways = nat_gateways(stock, home.subnets, home.guests, home.gateway is not None, notes)
    _miss(stock, home, notes)
    return home


def _attached(gateway: InternetGateway) -> list[str]:
    return [each.vpc_id for each in gateway.attachments if each.state in ("available", "attached")]


def _blocks(vpc: Vpc, name: str, notes: Notes) -> tuple[Cidr, ...]:
    for block in vpc.blocks[BLOCKS.most :]:
        notes.leave_out("block", f"{name} {block}", f"beyond {BLOCKS.most}")
    return tuple(vpc.blocks[: BLOCKS.most])


def _is_simulated(blocks: tuple[Cidr, ...], subnet: Subnet, notes: Notes) -> bool:
    if subnet.cidr_block is None:
        notes.leave_out("subnet", subnet.tagged or subnet.subnet_id, "for IPv6 only")
    elif not any(block.covers(subnet.cidr_block) for block in blocks):
        notes.leave_out("subnet", subnet.tagged or subnet.subnet_id, "outside its VPC's blocks")
    else:
        return True
    return False


def _miss(stock: Inventory, home: Home, notes: Notes) -> None:
    """Every VPC has these: one without was not asked for."""
    for key, found, command in (
        ("Subnets", home.subnets or home.vpc, "describe-subnets"),
        ("RouteTables", home.route_tables, "describe-route-tables"),
        ("NetworkAcls", home.network_acls, "describe-network-acls"),
        ("SecurityGroups", home.security_groups, "describe-security-groups"),
    ):
        if key not in stock.calls or not found:
            notes.miss(f"aws ec2 {command}", home.vpc.vpc_id)


def name_everything(home: Home, region: Region, known: Collection[str]) -> None:
    """`known` are words that routes know already."""
    names = home.names
    names |= distinct(_wanted_subnets(home, region), ())
    names |= distinct(_wanted_tables(home, region))
    acls = (
        acl for acl in home.network_acls.values() if not (acl.is_default and is_plain_acl(acl, home.ipv6 is not None))
    )
    names |= distinct(
        Wanted(each.network_acl_id, _besides(DEFAULT_ACL, "acl", each.tagged, each.is_default)) for each in acls
    )
    names |= _group_names(home)
    doors = _name_gateways(home, known)
    wanted = (
        Wanted(each.id, without_region(each.tag or each.service, region.name), region.zone(each.subnet))
        for each in home.guests
    )
    nat = distinct(
        (Wanted(each.nat_gateway_id, each.tagged, _zone(home, region, each)) for each in home.nat_gateways), doors
    )
    doors |= set(nat.values())
    found = distinct(wanted, doors)
    names |= nat | found
    names |= {each.interface: found[each.id] for each in home.guests if each.interface}


def _name_gateways(home: Home, known: Collection[str]) -> set[str]:
    """All words that routes know then."""
    doors = set(known)
    for gateway, usual in (
        (home.gateway and (home.gateway.internet_gateway_id, home.gateway.tagged), "igw"),
        (home.egress_only and (home.egress_only.egress_only_internet_gateway_id, home.egress_only.tagged), "eigw"),
    ):
        if gateway:
            aws_id, tag = gateway
            home.names |= distinct([Wanted(aws_id, tag or usual)], doors)
            doors.add(home.names[aws_id])
    return doors


def _zone(home: Home, region: Region, gateway: NatGateway) -> str:
    return region.zone(home.subnets[gateway.subnet_id or ""])


def _wanted_subnets(home: Home, region: Region) -> Iterator[Wanted]:
    for subnet in home.subnets.values():
        yield Wanted(subnet.subnet_id, without_region(subnet.tagged, region.name), region.zone(subnet))


def _wanted_tables(home: Home, region: Region) -> Iterator[Wanted]:
    """A table of one zone's subnets is that zone's."""
    for table in home.route_tables.values():
        if is_main(table) and is_plain_table(table):
            continue
        tag = _besides(MAIN_TABLE, "table", without_region(table.tagged, region.name), is_main(table))
        mine = [home.subnets[subnet] for subnet in _associated(table) if subnet in home.subnets]
        zones = list(dict.fromkeys(region.zone(subnet) for subnet in mine))
        yield Wanted(table.route_table_id, tag, zones[0] if len(zones) == 1 else "")


def _group_names(home: Home) -> dict[str, str]:
    """A group's own name is unique in its VPC; the tag is what people see. None may begin with sg-."""
    plain = [each.group_id for each in home.security_groups.values() if is_plain_group(each, home.ipv6 is not None)]
    wanted = (
        Wanted(each.group_id, _besides(DEFAULT_GROUP, "group", _group_name(each), False))
        for each in home.security_groups.values()
        if each.group_id not in plain
    )
    return distinct(wanted) | dict.fromkeys(plain, DEFAULT_GROUP)


def _group_name(group: SecurityGroup) -> str:
    unnamed = f"group-{group.group_id.removeprefix('sg-')}"
    return (group.tagged or group.group_name or unnamed).removeprefix("sg-") or unnamed


def _besides(builtin: str, noun: str, tag: str, stands_for_it: bool) -> str:
    """dcsim's own `main` or `default` cannot be changed: what does its work in AWS, or is called so, is main-table."""
    return f"{builtin}-{noun}" if cleaned(tag) == builtin or (stands_for_it and not tag) else tag


def _associated(table: RouteTable) -> list[str]:
    associated = (each for each in table.associations if each.association_state.state == "associated")
    return [each.subnet_id for each in associated if each.subnet_id]


def _gateways(table: RouteTable) -> list[str]:
    associated = (each for each in table.associations if each.association_state.state == "associated")
    return [each.gateway_id for each in associated if each.gateway_id]


def is_main(table: RouteTable) -> bool:
    return any(each.main for each in table.associations)


def is_plain_table(table: RouteTable) -> bool:
    """Nothing but what every table has."""
    return all(route.gateway_id == "local" for route in table.routes)


def is_plain_acl(acl: NetworkAcl, ipv6: bool) -> bool:
    """As EC2 makes the default one; `ipv6`: in a VPC with an IPv6 block."""
    every = [each for each in acl.entries if each.rule_number <= LAST_NUMBER and (ipv6 or each.cidr_block is not None)]
    numbers = sorted((entry.egress, entry.rule_number) for entry in every)
    usual = [(egress, number) for egress in (False, True) for number in ((100, 101) if ipv6 else (100,))]
    return numbers == usual and all(map(_is_allow_all, every))


def _is_allow_all(entry: AclEntry) -> bool:
    peer = (EVERYWHERE, None) if entry.rule_number == 100 else (None, EVERYWHERE_IPV6)
    return (entry.rule_action, entry.protocol, entry.cidr_block, entry.ipv6_cidr_block) == ("allow", "-1", *peer)


def is_plain_group(group: SecurityGroup, ipv6: bool) -> bool:
    """The default one, as EC2 makes it."""
    if group.group_name != DEFAULT_GROUP or len(group.ip_permissions) != 1:
        return False
    rule = group.ip_permissions[0]
    pairs = [each.group_id for each in rule.user_id_group_pairs]
    ours = rule.ip_protocol == "-1" and pairs == [group.group_id]
    return ours and not (rule.ip_ranges or rule.prefix_list_ids or rule.ipv6_ranges) and lets_all_out(group, ipv6)


def lets_all_out(group: SecurityGroup, ipv6: bool) -> bool:
    """As every new group does; with an IPv6 block, to IPv6 too."""
    rules = group.ip_permissions_egress
    blocks = [each.cidr_ip for rule in rules for each in rule.ip_ranges]
    blocks_ipv6 = [each.cidr_ipv6 for rule in rules for each in rule.ipv6_ranges]
    plain = all(rule.ip_protocol == "-1" and not (rule.user_id_group_pairs or rule.prefix_list_ids) for rule in rules)
    return plain and blocks == [EVERYWHERE] and (blocks_ipv6 == [EVERYWHERE_IPV6] or (not ipv6 and not blocks_ipv6))
