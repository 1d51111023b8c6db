"""A VPC as its section of the file."""

from dcsim.describe.guest import Guest
from dcsim.describe.names_and_time import names_and_time
from dcsim.describe.nat_gateway import is_public, private, public
from dcsim.describe.notes import printable
from dcsim.describe.region import Region
from dcsim.describe.route_table import routes
from dcsim.describe.rule import Peers, acl_rules, group_rules
from dcsim.describe.shapes import Resource, Subnet
from dcsim.describe.vpc import Home, is_main, lets_all_out
from dcsim.describe.write import Map, Noted
from dcsim.topology.vpc import DEFAULT_GROUP
from netvirt.address import format_ip


def section(home: Home, region: Region, peers: Peers) -> Noted:
    block: Map = {"cidr_block": str(home.vpc.cidr_block)}
    if home.secondary:
        block["secondary_cidr_blocks"] = _one_or_more([str(each) for each in home.secondary])
    if home.ipv6:
        block["ipv6_cidr_block"] = str(home.ipv6)
    block |= names_and_time(peers.stock, region.name, home.vpc, peers.notes)
    if home.gateway:
        gateway = home.gateway.internet_gateway_id
        block["internet_gateway"] = _noted(home.names[gateway], gateway, home.gateway, home.names[gateway])
    if home.egress_only:
        gateway = home.egress_only.egress_only_internet_gateway_id
        block["egress_only_internet_gateway"] = _noted(
            home.names[gateway], gateway, home.egress_only, home.names[gateway]
        )
    tables = {"main_route_table": home.main, "gateway_route_table": home.edge}
    block |= {
        key: home.names[table.route_table_id]
        for key, table in tables.items()
        if table is not None and table.route_table_id in home.names
    }
    kinds = {
        "subnets": _subnets(home, region, peers),
        "route_tables": _route_tables(home, peers),
        "network_acls": _network_acls(home, peers),
        "security_groups": _security_groups(home, peers),
        "nat_gateways": _nat_gateways(home, peers),
        "instances": _instances(home, peers),
    }
    block |= {kind: entries for kind, entries in kinds.items() if entries}
    return _noted(block, home.vpc.vpc_id, home.vpc, home.name)


def _noted(value: Map | str, aws_id: str, resource: Resource, name: str) -> Noted:
    """Beside it, its id in AWS, and its tag when the name is not that."""
    return Noted(value, _beside(aws_id, resource.tagged, name))


def _beside(aws_id: str, tag: str, name: str) -> str:
    words = [aws_id] if aws_id != name else []
    return " ".join([*words, *([f"'{printable(tag)}'"] if tag not in ("", name) else [])])


def _one_or_more(items: list[str]) -> str | list[str]:
    """One item may stand for a list of one."""
    return items[0] if len(items) == 1 else items


def _by_name(entries: Map) -> Map:
    return dict(sorted(entries.items()))


def _subnets(home: Home, region: Region, peers: Peers) -> Map:
    """By block."""
    entries: Map = {}
    for subnet in home.subnets.values():
        block: Map = {"cidr_block": str(subnet.block), "availability_zone": region.zone(subnet)}
        ipv6 = home.ipv6_blocks.get(subnet.subnet_id)
        if ipv6:
            block["ipv6_cidr_block"] = str(ipv6)
            block |= {"assign_ipv6_address_on_creation": "true"} if subnet.assign_ipv6_address_on_creation else {}
        if _gives_public_addresses(home, subnet, peers):
            block["map_public_ip_on_launch"] = "true"
        table, acl = home.table_of(subnet.subnet_id), home.acl_of(subnet.subnet_id)
        block |= {"route_table": table} if table else {}
        block |= {"network_acl": acl} if acl else {}
        name = home.names[subnet.subnet_id]
        entries[name] = _noted(block, subnet.subnet_id, subnet, name)
    return entries


def _gives_public_addresses(home: Home, subnet: Subnet, peers: Peers) -> bool:
    """The subnet would give one to every guest: not so where AWS launched some without."""
    mine = [guest for guest in home.guests if guest.subnet is subnet]
    return subnet.map_public_ip_on_launch and all(guest.public in peers.public for guest in mine)


def _route_tables(home: Home, peers: Peers) -> Map:
    entries: Map = {}
    for table in home.route_tables.values():
        name = home.names.get(table.route_table_id)
        if name is None:
            continue
        for each in table.associations:
            if each.gateway_id and table is not home.edge:
                peers.notes.leave_out("route table association", f"{name} {each.gateway_id}", "with a gateway")
        found = routes(home, table, peers)
        noted = _noted({"routes": found} if found else {}, table.route_table_id, table, name)
        entries[name] = Noted(noted.value, f"{noted.note}, main") if is_main(table) else noted
    return _by_name(entries)


def _network_acls(home: Home, peers: Peers) -> Map:
    entries: Map = {}
    for acl in home.network_acls.values():
        name = home.names.get(acl.network_acl_id)
        if name is None:
            continue
        sides = {"ingress": False, "egress": True}
        rules = {side: acl_rules(name, acl.entries, out, peers) for side, out in sides.items()}
        block: Map = {side: _one_or_more(found) for side, found in rules.items() if found}
        noted = _noted(block, acl.network_acl_id, acl, name)
        entries[name] = Noted(noted.value, f"{noted.note}, default") if acl.is_default else noted
    return _by_name(entries)


def _security_groups(home: Home, peers: Peers) -> Map:
    entries: Map = {}
    for group in home.security_groups.values():
        name = home.names[group.group_id]
        if name == DEFAULT_GROUP:
            continue
        block: Map = {}
        ingress = group_rules(name, group.ip_permissions, False, peers)
        egress = group_rules(name, group.ip_permissions_egress, True, peers)
        if ingress:
            block["ingress"] = _one_or_more(ingress)
        if not lets_all_out(group, home.ipv6 is not None):
            block["egress"] = _one_or_more(egress)
        entries[name] = _noted(block, group.group_id, group, name)
    return _by_name(entries)


def _nat_gateways(home: Home, peers: Peers) -> Map:
    entries: Map = {}
    for gateway in home.nat_gateways:
        name, address, theirs = home.names[gateway.nat_gateway_id], private(gateway), public(gateway)
        block: Map = {"subnet": home.names[gateway.subnet_id or ""]}
        block |= {} if is_public(gateway) else {"connectivity_type": "private"}
        block |= {} if address is None else {"private_ip_address": format_ip(address)}
        block |= {"elastic_ip": format_ip(peers.public[theirs])} if theirs in peers.public else {}
        words = [_beside(gateway.nat_gateway_id, gateway.tagged, name), "" if theirs is None else format_ip(theirs)]
        entries[name] = Noted(block, ", ".join(each for each in words if each))
    return _by_name(entries)


def _instances(home: Home, peers: Peers) -> Map:
    entries: Map = {}
    for guest in home.guests:
        entries[home.names[guest.id]] = Noted(_instance(home, guest, peers), _guest(guest, home.names[guest.id]))
    return _by_name(entries)


def _instance(home: Home, guest: Guest, peers: Peers) -> Map:
    block: Map = {
        "subnet": home.names[guest.subnet.subnet_id],
        "security_groups": _one_or_more([home.names[group] for group in dict.fromkeys(guest.groups)]),
        "private_ip_address": format_ip(guest.address),
    }
    if not block["security_groups"]:
        del block["security_groups"]
    if guest.instance_type:
        block["instance_type"] = guest.instance_type
    if guest.secondary:
        block["secondary_private_ip_addresses"] = _one_or_more([format_ip(each) for each, _ in guest.secondary])
    if guest.ipv6:
        block["ipv6_addresses"] = _one_or_more([format_ip(each) for each in guest.ipv6])
    elif guest.subnet.subnet_id in home.ipv6_blocks and guest.subnet.assign_ipv6_address_on_creation:
        block["ipv6_address_count"] = "0"
    if guest.public in peers.public:
        block["elastic_ip"] = format_ip(peers.public[guest.public])
    more: Map = {
        format_ip(each): format_ip(peers.public[theirs]) for each, theirs in guest.secondary if theirs in peers.public
    }
    block |= {"secondary_elastic_ips": more} if more else {}
    if not guest.source_dest_check:
        block["source_dest_check"] = "false"
    return block


def _guest(guest: Guest, name: str) -> str:
    words = [each for each in (_beside(guest.id, guest.tag, name), guest.what) if each]
    if guest.public is not None:
        words.append(format_ip(guest.public) + ("" if guest.kept else " auto-assigned"))
    return ", ".join(words)
