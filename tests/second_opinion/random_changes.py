"""Random changes of the rules between two who speak."""

from dataclasses import dataclass
from random import Random

from dcsim.instance_request import AssignPrivateIpAddresses, UnassignPrivateIpAddresses
from dcsim.request import (
    AssociateAddress,
    AssociateRouteTable,
    AuthorizeSecurityGroupIngress,
    CreateNetworkAclEntry,
    CreateRoute,
    DeleteNetworkAclEntry,
    DeleteRoute,
    DeleteVpcPeeringConnection,
    DisassociateAddress,
    DisassociateRouteTable,
    ModifyNetworkInterfaceAttribute,
    ReplaceNetworkAclAssociation,
    ReplaceNetworkAclEntry,
    ReplaceRoute,
    ReplaceRouteTableAssociation,
    RevokeSecurityGroupEgress,
    RevokeSecurityGroupIngress,
    Verb,
)
from netvirt.address import Cidr, Ip, parse_cidr

from .packet import TCP, UDP
from .random_vpcs import MARK, SmallWorld, Somebody, cidr, sentence

ALL = Cidr(Ip(0), 0)
FIRST_RULE = 7
"""Before every rule that a random world begins with."""


@dataclass(frozen=True)
class Change:
    """Somebody asks for something else, `gap_s` after what was before. EC2 may refuse; then nothing changes."""

    gap_s: float
    request: Verb

    def __str__(self) -> str:
        return f"+{self.gap_s} s: {sentence(self.request)}"


def a_change(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Change:
    """Of what decides about packets between these two, at the side of `one`."""
    kind = random.choice(KINDS)
    if other.vpc in [peer.name for peer in world.region.vpcs[one.vpc].peers.values()] and random.random() < 0.92:
        kind = _part
    return Change(1, kind(random, world, one, other))


def _elastic(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    return AssociateAddress(one.vpc, one.name, None, mark=MARK)


def _way_out(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    return CreateRoute(one.vpc, world.table_of(one), ALL, "igw", "internet_gateway", mark=MARK)


def _revoke(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    return RevokeSecurityGroupEgress(one.vpc, random.choice(one.groups), mark=MARK)


def _authorize(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    group, protocol = random.choice(one.groups), random.choice((TCP, UDP))
    return AuthorizeSecurityGroupIngress(one.vpc, group, protocol, (0, 65534), -1, -1, ALL, "", mark=MARK)


def _deny(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    egress, protocol = random.random() < 0.5, random.choice((TCP, UDP, -1))
    acl = world.acl_of(one)
    return CreateNetworkAclEntry(one.vpc, acl, egress, FIRST_RULE, False, protocol, None, -1, -1, ALL, "", mark=MARK)


def _another_acl(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    return ReplaceNetworkAclAssociation(one.vpc, random.choice(world.acls(one.vpc)), one.subnet_name, mark=MARK)


def _another_table(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    table = random.choice(world.tables(one.vpc))
    if world.follows_main(one):
        return AssociateRouteTable(one.vpc, table, one.subnet_name, mark=MARK)
    if random.random() < 0.2:
        return DisassociateRouteTable(one.vpc, one.subnet_name, mark=MARK)
    return ReplaceRouteTableAssociation(one.vpc, table, one.subnet_name, mark=MARK)


def _detour(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    """What was local goes to somebody, hopefully an appliance, from now on."""
    anybody = [each for each in world.instances if each.vpc == one.vpc]
    target = random.choice([each for each in anybody if not each.checked] or anybody)
    return CreateRoute(one.vpc, world.table_of(one), cidr(other.subnet), target.name, mark=MARK)


def _another_way(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    """A route of the sender's table leads elsewhere, or nowhere."""
    table = world.table_of(one)
    routes = world.region.vpcs[one.vpc].tables[table]
    blocks = [parse_cidr(str(block)) for block in routes] or [cidr(other.subnet)]
    block = random.choice([each for each in blocks if each.holds(int(other.address))] or blocks)
    if random.random() < 0.3:
        return DeleteRoute(one.vpc, table, block, mark=MARK)
    target = random.choice([each for each in world.instances if each.vpc == one.vpc])
    return ReplaceRoute(one.vpc, table, block, target.name, mark=MARK)


def _take_in(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    """A rule that lets in is gone."""
    asked = [each for each in world.requests if isinstance(each, AuthorizeSecurityGroupIngress)]
    rules = [each for each in asked if each.vpc == one.vpc and each.group in one.groups]
    if not rules:
        return _revoke(random, world, one, other)
    rule = random.choice(rules)
    words = (rule.group, rule.protocol, rule.ports, rule.icmp_type, rule.icmp_code, rule.peer, rule.text)
    return RevokeSecurityGroupIngress(one.vpc, *words, mark=MARK)


def _another_entry(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    """The opposite in the place of an entry, or nothing."""
    acl, egress = world.acl_of(one), random.random() < 0.5
    rules = world.region.vpcs[one.vpc].acls[acl]
    numbers = [rule.number for rule in (rules.egress if egress else rules.ingress)]
    number = random.choice(numbers or [FIRST_RULE])
    if random.random() < 0.5:
        return DeleteNetworkAclEntry(one.vpc, acl, egress, number, mark=MARK)
    allow = random.random() < 0.5
    return ReplaceNetworkAclEntry(one.vpc, acl, egress, number, allow, -1, None, -1, -1, ALL, "", mark=MARK)


def _interface(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    groups = list(world.region.vpcs[one.vpc].groups)
    some = tuple(random.sample(groups, random.randint(1, min(3, len(groups)))))
    check = random.choice((True, False))
    wanted = random.choice(((some, None), (some, None), (None, check), (some, check)))
    return ModifyNetworkInterfaceAttribute(one.vpc, one.name, *wanted, mark=MARK)


def _move_address(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    public = one.public or other.public
    if public is None or random.random() < 0.3:
        return _elastic(random, world, one, other)
    if random.random() < 0.3:
        return DisassociateAddress(Ip(int(public)), mark=MARK)
    anybody = random.choice(world.instances)
    return AssociateAddress(
        anybody.vpc, anybody.name, Ip(int(public)), allow_reassociation=random.random() < 0.8, mark=MARK
    )


def _part(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    """What joined their VPCs is gone."""
    names = [name for name, peer in world.region.vpcs[one.vpc].peers.items() if peer.name == other.vpc]
    if not names:
        return _move_address(random, world, one, other)
    return DeleteVpcPeeringConnection(names[0], mark=MARK)


def _float(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Verb:
    """An address of the subnet goes to somebody else there, a new one comes, or one is given up."""
    near = [run for run in world.runs if (run.vpc, run.subnet) == one.subnet_key]
    theirs = [address for run in near for address in run.secondary_private_ip_addresses]
    own = [address for run in near if run.name == one.name for address in run.secondary_private_ip_addresses]
    if own and random.random() < 0.3:
        return UnassignPrivateIpAddresses(one.vpc, one.name, (random.choice(own),), mark=MARK)
    address = random.choice([*theirs, Ip(int(one.subnet[-3]))])
    return AssignPrivateIpAddresses(
        one.vpc, random.choice(near).name, (address,), allow_reassignment=random.random() < 0.9, mark=MARK
    )


KINDS = (
    *(_revoke, _revoke, _revoke, _authorize, _deny, _another_acl, _another_table, _detour, _elastic, _way_out),
    *(
        _another_way,
        _another_way,
        _take_in,
        _another_entry,
        _interface,
        _interface,
        _move_address,
        _part,
        _float,
        _float,
    ),
)
