"""Random changes of the rules between two who speak."""

from dataclasses import dataclass
from random import Random

from dcsim.request import (
    AssociateAddress,
    AssociateRouteTable,
    AuthorizeSecurityGroupIngress,
    CreateNetworkAclEntry,
    CreateRoute,
    ReplaceNetworkAclAssociation,
    Request,
    RevokeSecurityGroupEgress,
)
from netvirt.address import Cidr, Ip

from .packet import TCP, UDP
from .random_vpcs import MARK, SmallWorld, Somebody, cidr, sentence

ALL = Cidr(Ip(0), 0)
FIRST_RULE = 7
"""Before every rule that a random world begins with."""


@dataclass(frozen=True)
class Change:
    """Somebody asks for something else, `gap_s` after what was before. EC2 may refuse; then nothing changes."""

    gap_s: float
    request: Request

    def __str__(self) -> str:
        return f"+{self.gap_s} s: {sentence(self.request)}"


def a_change(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Change:
    """Of what decides about packets between these two, at the side of `one`."""
    kind = random.choice(KINDS)
    return Change(1, kind(random, world, one, other))


def _elastic(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Request:
    return AssociateAddress(one.vpc, one.name, None, mark=MARK)


def _way_out(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Request:
    return CreateRoute(one.vpc, world.table_of(one), ALL, "igw", "internet_gateway", mark=MARK)


def _revoke(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Request:
    return RevokeSecurityGroupEgress(one.vpc, random.choice(one.groups), mark=MARK)


def _authorize(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Request:
    group, protocol = random.choice(one.groups), random.choice((TCP, UDP))
    return AuthorizeSecurityGroupIngress(one.vpc, group, protocol, (0, 65534), -1, -1, ALL, "", mark=MARK)


def _deny(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Request:
    egress, protocol = random.random() < 0.5, random.choice((TCP, UDP, -1))
    acl = world.acl_of(one)
    return CreateNetworkAclEntry(one.vpc, acl, egress, FIRST_RULE, False, protocol, None, -1, -1, ALL, "", mark=MARK)


def _another_acl(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Request:
    return ReplaceNetworkAclAssociation(one.vpc, random.choice(world.acls(one.vpc)), one.subnet_name, mark=MARK)


def _another_table(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Request:
    return AssociateRouteTable(one.vpc, random.choice(world.tables(one.vpc)), one.subnet_name, mark=MARK)


def _detour(random: Random, world: SmallWorld, one: Somebody, other: Somebody) -> Request:
    """What was local goes to somebody, hopefully an appliance, from now on."""
    anybody = [each for each in world.instances if each.vpc == one.vpc]
    target = random.choice([each for each in anybody if not each.checked] or anybody)
    return CreateRoute(one.vpc, world.table_of(one), cidr(other.subnet), target.name, mark=MARK)


KINDS = (_revoke, _revoke, _revoke, _authorize, _deny, _another_acl, _another_table, _detour, _elastic, _way_out)
