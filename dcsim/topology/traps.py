"""Rules that can never match, and routes that lead astray: what EC2 accepts, found in the requests of a whole file."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from dcsim.problem import Mark, Problem
from dcsim.request import (
    ALL_PROTOCOLS,
    ANY_ICMP,
    FORWARDING_IMAGES,
    AssociateAddress,
    AssociateGatewayRouteTable,
    AssociateRouteTable,
    AssociateVpcCidrBlock,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    ReplaceMainRouteTable,
    ReplaceNetworkAclAssociation,
    ReplaceRoute,
    Request,
    RunInstances,
)
from netvirt.address import EVERYWHERE, Cidr, parse_cidr

DOCKER = parse_cidr("172.17.0.0/16")
"""VPC User Guide, "VPC CIDR blocks": some of AWS's services use it for themselves."""
ANY_PORT = (0, 65535)
ICMP, ICMPV6 = 1, 58
MAIN_TABLE, DEFAULT_GROUP = "main", "default"

Authorize = AuthorizeSecurityGroupIngress | AuthorizeSecurityGroupEgress


def traps(requests: Sequence[Request]) -> Iterator[Problem]:
    yield from _taken_blocks(requests)
    yield from _hidden_entries([each for each in requests if isinstance(each, CreateNetworkAclEntry)])
    yield from _other_familys_icmp(requests)
    yield from _entries_inside(requests)
    yield from _groups_of_nobody(requests)
    yield from _peers_alike(requests)
    yield from _one_way_peerings(requests)
    yield from _astray(requests)
    yield from _before_subnets(requests)


def _taken_blocks(requests: Iterable[Request]) -> Iterator[Problem]:
    for each in requests:
        if isinstance(each, CreateVpc | AssociateVpcCidrBlock) and each.cidr_block.overlaps(DOCKER):
            message = f"{each.cidr_block} is of {DOCKER}, which some of AWS's services use for themselves"
            yield _warning(each.where("cidr_block"), message, "Use another block")


def _hidden_entries(entries: Sequence[CreateNetworkAclEntry]) -> Iterator[Problem]:
    """The lowest number that matches decides: what an entry before it covers, a later one never decides."""
    lists: dict[tuple[str, str, bool], list[CreateNetworkAclEntry]] = {}
    for entry in entries:
        lists.setdefault((entry.vpc, entry.network_acl, entry.egress), []).append(entry)
    for those in lists.values():
        ordered = sorted(those, key=lambda entry: entry.rule_number)
        for position, entry in enumerate(ordered):
            first = next((other for other in ordered[:position] if _covers(other, entry)), None)
            if first is not None and first.rule_number < entry.rule_number:
                message = f"rule {entry.rule_number} can never match: rule {first.rule_number} decides first"
                yield _warning(entry.mark, message, "Give it a lower number, or delete it")


def _covers(one: CreateNetworkAclEntry, other: CreateNetworkAclEntry) -> bool:
    if not one.cidr_block.covers(other.cidr_block):
        return False
    if one.protocol == ALL_PROTOCOLS:
        return True
    ports, inner = one.ports or ANY_PORT, other.ports or ANY_PORT
    return (
        one.protocol == other.protocol
        and ports[0] <= inner[0]
        and inner[1] <= ports[1]
        and one.icmp_type in (ANY_ICMP, other.icmp_type)
        and one.icmp_code in (ANY_ICMP, other.icmp_code)
    )


def _other_familys_icmp(requests: Iterable[Request]) -> Iterator[Problem]:
    """Each family has an ICMP of its own, under its own number."""
    for rule in requests:
        if isinstance(rule, CreateNetworkAclEntry):
            peer: object = rule.cidr_block
        elif isinstance(rule, Authorize):
            peer = rule.peer
        else:
            continue
        if isinstance(peer, Cidr) and rule.protocol == (ICMP if peer.is_ipv6 else ICMPV6):
            wrong, right = ("icmp", "icmpv6") if peer.is_ipv6 else ("icmpv6", "icmp")
            message = f"'{rule.text}' can never match: {wrong} is not what {peer} speaks"
            yield _warning(rule.mark, message, f"Write {right}")


def _entries_inside(requests: Sequence[Request]) -> Iterator[Problem]:
    """Inside a subnet, no network ACL is asked."""
    blocks = {(each.vpc, each.name): each.cidr_block for each in requests if isinstance(each, CreateSubnet)}
    users: dict[tuple[str, str], list[str]] = {}
    for each in requests:
        if isinstance(each, ReplaceNetworkAclAssociation):
            users.setdefault((each.vpc, each.network_acl), []).append(each.subnet)
    for entry in requests:
        if not isinstance(entry, CreateNetworkAclEntry):
            continue
        subnets = users.get((entry.vpc, entry.network_acl), [])
        if subnets and all(blocks[entry.vpc, subnet].covers(entry.cidr_block) for subnet in subnets):
            message = f"rule {entry.rule_number} can never match: inside {subnets[0]}, no network ACL is asked"
            yield _warning(entry.mark, message, "Security groups filter inside a subnet")


def _groups_of_nobody(requests: Sequence[Request]) -> Iterator[Problem]:
    """A group means those who carry it. EC2 calls rules stale that name a group that is gone."""
    carried = {
        (each.vpc, group)
        for each in requests
        if isinstance(each, RunInstances)
        for group in each.security_groups or (DEFAULT_GROUP,)
    }
    for rule in requests:
        if isinstance(rule, Authorize) and isinstance(rule.peer, str):
            vpc, _, group = rule.peer.rpartition("/")
            if (vpc or rule.vpc, group) not in carried and (rule.vpc, rule.group) in carried:
                message = f"'{rule.text}' matches nobody: no instance has the group {rule.peer}"
                yield _warning(rule.mark, message, "Give it to those who are meant")


def _peers_alike(requests: Sequence[Request]) -> Iterator[Problem]:
    """Two peers of a VPC may overlap; a route to what both have leads to one of them."""
    blocks: dict[str, list[Cidr]] = {}
    for each in requests:
        if isinstance(each, CreateVpc | AssociateVpcCidrBlock):
            blocks.setdefault(each.name if isinstance(each, CreateVpc) else each.vpc, []).append(each.cidr_block)
    peerings = [each for each in requests if isinstance(each, CreateVpcPeeringConnection)]
    for vpc in blocks:
        ours = [(each, each.peer_vpc if each.vpc == vpc else each.vpc) for each in peerings if vpc in _ends(each)]
        for (_, one), (later, other) in combinations(ours, 2):
            if any(mine.overlaps(its) for mine in blocks.get(one, ()) for its in blocks.get(other, ())):
                message = f"{vpc}'s peers {one} and {other} overlap: what both have, a route leads to one of"
                yield _warning(later.mark, message, "Route to subnets, or give one of them another block")


def _ends(peering: CreateVpcPeeringConnection) -> tuple[str, str]:
    return peering.vpc, peering.peer_vpc


def _one_way_peerings(requests: Sequence[Request]) -> Iterator[Problem]:
    """Each side needs a route: without one, no answer comes back."""
    routes = [each for each in requests if isinstance(each, CreateRoute) and each.through == "vpc_peering_connection"]
    for peering in requests:
        if not isinstance(peering, CreateVpcPeeringConnection):
            continue
        speaking = {each.vpc for each in routes if each.target == peering.name}
        mute = [vpc for vpc in _ends(peering) if vpc not in speaking]
        if len(mute) == 1:
            message = f"{mute[0]} has no route through {peering.name}: it never answers over it"
            yield _warning(peering.mark, message, f"Write one in a route table of {mute[0]}")


def _astray(requests: Sequence[Request]) -> Iterator[Problem]:
    """Routes to instances that cannot forward what they lead to them."""
    instances = {(each.vpc, each.name): each for each in requests if isinstance(each, RunInstances)}
    tables, onward = _tables(requests), _onward(requests)
    for route in requests:
        if not isinstance(route, CreateRoute | ReplaceRoute) or route.through != "instance":
            continue
        box = instances.get((route.vpc, route.target))
        if box is None:
            continue
        if box.source_dest_check and box.image not in FORWARDING_IMAGES:
            message = f"{box.name} drops what this route leads to it: its source/destination check is on"
            yield _warning(route.mark, message, f"Write source_dest_check: false in {box.name}")
        elif tables.get((route.vpc, box.subnet)) == route.route_table and route.destination in onward[route.vpc]:
            served = f"{box.name} is in {box.subnet}, which {route.route_table} serves"
            yield _warning(
                route.mark,
                f"{served}: what it forwards comes back to it",
                "Put it in a subnet with another route table",
            )


def _onward(requests: Sequence[Request]) -> dict[str, set[Cidr]]:
    """By VPC: everywhere, itself, its subnets. What leads elsewhere may end at an instance: a VPN's end, for one."""
    onward: dict[str, set[Cidr]] = {}
    for each in requests:
        if isinstance(each, CreateVpc):
            onward[each.name] = {EVERYWHERE, each.cidr_block}
        elif isinstance(each, CreateSubnet | AssociateVpcCidrBlock):
            onward[each.vpc].add(each.cidr_block)
    return onward


def _before_subnets(requests: Sequence[Request]) -> Iterator[Problem]:
    """Middleboxes that a gateway's route table names (VPC User Guide, "Middlebox routing considerations")."""
    edges = {(each.vpc, each.route_table) for each in requests if isinstance(each, AssociateGatewayRouteTable)}
    if not edges:
        return
    routes = [each for each in requests if isinstance(each, CreateRoute | ReplaceRoute)]
    instances = {(each.vpc, each.name): each for each in requests if isinstance(each, RunInstances)}
    subnets = [each for each in requests if isinstance(each, CreateSubnet)]
    public = {(each.vpc, each.instance) for each in requests if isinstance(each, AssociateAddress)}
    giving = {(each.vpc, each.name) for each in subnets if each.map_public_ip_on_launch}
    public |= {(each.vpc, each.name) for each in instances.values() if (each.vpc, each.subnet) in giving}
    tables = _tables(requests)
    for route in routes:
        box = instances.get((route.vpc, route.target))
        if (route.vpc, route.route_table) not in edges or box is None:
            continue
        if (box.vpc, box.name) not in public:
            message = f"{box.name} gets nothing from the internet gateway: it has no public address"
            yield _warning(route.mark, message, f"Write elastic_ip: true in {box.name}")
        for subnet in subnets:
            if subnet.vpc != route.vpc or subnet.cidr_block != route.destination:
                continue
            if subnet.name == box.subnet:
                message = f"{box.name} is in {subnet.name} itself, between whose computers nothing can stand"
                yield _warning(route.mark, message, "Put it in a subnet of its own")
                continue
            back = [each.target for each in routes if _is_default(each, subnet.vpc, tables[subnet.vpc, subnet.name])]
            if back != [box.name]:
                message = f"answers from {subnet.name} do not come back through {box.name}"
                advice = f"Write 0.0.0.0/0: {box.name} in {tables[subnet.vpc, subnet.name]}"
                yield _warning(route.mark, message, advice)


def _is_default(route: CreateRoute | ReplaceRoute, vpc: str, table: str) -> bool:
    return (route.vpc, route.route_table, route.destination) == (vpc, table, EVERYWHERE)


def _tables(requests: Sequence[Request]) -> dict[tuple[str, str], str]:
    """Which route table each subnet has."""
    main = {each.vpc: each.route_table for each in requests if isinstance(each, ReplaceMainRouteTable)}
    subnets = [each for each in requests if isinstance(each, CreateSubnet)]
    own = {(each.vpc, each.subnet): each.route_table for each in requests if isinstance(each, AssociateRouteTable)}
    return {(each.vpc, each.name): main.get(each.vpc, MAIN_TABLE) for each in subnets} | own


def _warning(mark: Mark, message: str, advice: str) -> Problem:
    return Problem(mark, None, message, advice, warning=True)
